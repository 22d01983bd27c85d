"""When a node is ready, as seen from this computer, and the waits for it."""

import re
import secrets
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from lab.flows.deployment import Deployment
from lab.host import http, network
from lab.host.beside import meanwhile
from lab.host.run import run
from lab.host.wait import await_until
from lab.loadbalancer.runtime import LoadBalancer
from lab.model.deadline import Deadline
from lab.model.errors import LabError, UnknownError
from lab.model.node import LOADBALANCER, STORE, Mode, NodeName, Role, State
from lab.model.plan import LOADBALANCER_OWN_PORT, WORKER_PORT
from lab.store import database
from lab.substrates.base import Report, Substrate

_SOURCE_PORT = 9418
_FAILED = 500  # from here on an answer is the server's failure
_PROBE_S = 0.5
# Who waits is more patient with one answer: a machine that is emulated and busy may take seconds for it.
_PATIENT_S = 5.0
_LOOK_EVERY_S = 1.0
_TELL_EVERY_S = 10.0
# A database that is starting writes a line into its log for each whom it refuses.
_EVERY_S = {Role.STORE: 0.25, Role.LOADBALANCER: 0.05, Role.WORKER: 0.05}


def seen(
    substrate: Substrate, role: Role, address: str, by: Deadline, *, patient: bool = False, with_source: bool = True
) -> str | None:
    """None for a node that is ready; otherwise what was seen instead, within 0.5 s or, if `patient`, 5 s.

    Without `with_source` a store's source service is left out, for who asks it for more: it starts a program for each
    connection, which takes an emulated machine a tenth of a second.
    """
    look = by.at_most(_PATIENT_S if patient else _PROBE_S, "one look")
    if role is Role.STORE:
        return _store_seen(substrate, address, look, with_source=with_source)
    port, path = (WORKER_PORT, "/readyz") if role is Role.WORKER else (LOADBALANCER_OWN_PORT, "/ready")
    return refusal(path, http.get(f"http://{address}:{port}{path}", look))


def _store_seen(substrate: Substrate, address: str, look: Deadline, *, with_source: bool) -> str | None:
    refused = [database.refusal(address, look)]
    if (drive := substrate.drive_port) is not None and not network.answers(address, drive, look):
        refused.append("no answer from its drive")
    # Last, and only where all else is well: the store starts a program for each who asks.
    if not any(refused) and with_source and not network.answers(address, _SOURCE_PORT, look):
        refused.append("no answer from its source service")
    return ", ".join(text for text in refused if text) or None


def refusal(asked: str, answer: http.Answer) -> str | None:
    """None for a good answer; otherwise in one line what came instead."""
    if answer.status == http.OK:
        return None
    text = " ".join(answer.text.split())[:200]
    return f"{asked} said {answer.status}: {text}" if answer.status else f"no answer from {asked}: {text}"


def commit(address: str, by: Deadline, *, patient: bool = False) -> str | None:
    """The commit of the app that a worker runs, None if it does not say within 0.5 s or, if `patient`, 5 s."""
    look = by.at_most(_PATIENT_S if patient else _PROBE_S, "one look")
    answer = http.get(f"http://{address}:{WORKER_PORT}/healthz", look)
    return answer.headers.get("X-Commit")


class UnreadyError(LabError):
    """A node that was started did not do in time what it is there for: it, or what it runs, is at fault."""


def mend_of(lab: Deployment, name: NodeName) -> str:
    """What to do about a node that does not do what it is there for."""
    again = f"read {lab.typed(f'logs @/{name}')}, then run {lab.typed('up @')} again"
    if name.role is Role.WORKER:
        loses = ", without what its users gave" if lab.plan.mode is Mode.STATEFUL else ""
        return f"{again}; {lab.typed(f'replace @/{name}')} makes it anew{loses}"
    return f"{again}; {lab.typed('provision @ --apply')} repairs what a hand changed in it"


@contextmanager
def mend_told(lab: Deployment, name: NodeName) -> Iterator[None]:
    """A failure in the block, of what was asked of a node, says what to do about the node."""
    try:
        yield
    except UnknownError:
        raise
    except LabError as error:
        raise type(error)(error.message, where=error.where, mend=mend_of(lab, name)) from error


def await_node(lab: Deployment, name: NodeName, report: Report, by: Deadline) -> None:
    """Returns once the node is ready; raises UnreadyError, with the node's last log lines, where it does not become
    that."""
    spec = lab.plan.node(name)
    report(f"waiting for {name}")
    mend = mend_of(lab, name)
    next_look = 0.0  # asking the engine costs more than asking the node, so it is done once a second

    def probe() -> str | None:
        nonlocal next_look
        found = seen(lab.substrate, name.role, spec.address, by, patient=True)
        if found is None:
            return None
        if is_due := time.monotonic() >= next_look:
            next_look = time.monotonic() + _LOOK_EVERY_S
        if by.is_over() or (is_due and _has_ended(lab, name, by)):
            message = f"{name} did not become ready: {found}\n{log_tail(lab, name)}"
            raise UnreadyError(message, where=f"lab {lab.lab} on {lab.plan.substrate}", mend=mend)
        return found

    tell = because(report, str(name))
    what = f"{name} becoming ready"
    await_until(probe, by, what=what, mend=mend, every_s=_EVERY_S[name.role], tell=tell, error=UnreadyError)


def _has_ended(lab: Deployment, name: NodeName, by: Deadline) -> bool:
    """Whether waiting any longer is in vain: the node was started, and is not running."""
    return lab.states(by).get(name, State.ABSENT) in (State.ABSENT, State.STOPPED, State.FAILED)


def log_tail(lab: Deployment, name: NodeName, lines: int = 20) -> str:
    """The node's last log lines, indented."""
    try:
        result = run(lab.substrate.log(lab.lab, name, follow=False), by=Deadline.after(10, "reading a log"))
    except LabError as error:
        return f"    (its log cannot be read: {error.message.splitlines()[0]})"
    text = [line for line in (result.out + result.err).splitlines() if line.strip()]
    return "\n".join(f"    {line}" for line in text[-lines:])


@contextmanager
def logs_told(lab: Deployment, names: Sequence[NodeName]) -> Iterator[None]:
    """A failure in the block carries the last log lines of those of the nodes that are not ready; where all are, of the
    first. An engine that does not answer would not tell them either."""
    try:
        yield
    except UnknownError:
        raise
    except LabError as error:
        look = Deadline.after(_PATIENT_S, "one look at each")
        silent = [
            name for name in names if seen(lab.substrate, name.role, lab.plan.node(name).address, look) is not None
        ]
        logs = [f"last log lines of {name}:\n{log_tail(lab, name)}" for name in silent or names[:1]]
        raise type(error)("\n".join([error.message, *logs]), where=error.where, mend=error.mend) from error


@contextmanager
def waits_told(lab: Deployment, names: Sequence[NodeName], report: Report) -> Iterator[None]:
    """While the block starts these nodes, `report` hears now and then who is the first that is not ready, and why, if
    that changed: an engine may return only when all of them have booted."""
    told: list[tuple[NodeName, str]] = []

    def tell(is_over: Callable[[], bool]) -> None:
        first = _first_unready(lab, names)
        if first is not None and first not in told[-1:] and not is_over():
            report(f"{first[0]} is not ready yet: {first[1]}")
            told.append(first)

    with meanwhile(tell, _TELL_EVERY_S):
        yield


def _first_unready(lab: Deployment, names: Sequence[NodeName]) -> tuple[NodeName, str] | None:
    look = Deadline.after(_PATIENT_S, "one look at each")
    for name in names:
        found = seen(lab.substrate, name.role, lab.plan.node(name).address, look)
        if found is not None:
            return name, found
    return None


def await_store_reached(lab: Deployment, name: NodeName, by: Deadline) -> None:
    """Returns once this worker does not tell that the store is away, which by itself makes no worker unready."""
    url = f"http://{lab.plan.node(name).address}:{WORKER_PORT}/readyz"

    def probe() -> str | None:
        answer = http.get(url, by.at_most(_PATIENT_S, "one look"))
        is_away = re.search(r'"store":\s*"away"', answer.text)
        return refusal("/readyz", answer) or ("it says that the store is away" if is_away else None)

    mend = f"read {lab.typed(f'logs @/{name}')} and {lab.typed(f'logs @/{STORE}')}"
    await_until(probe, by, what=f"{name} reaching the store", mend=mend, error=UnreadyError)


def await_store_used(lab: Deployment, name: NodeName, report: Report, by: Deadline) -> None:
    """Returns once this worker reads from its database and from its drive: whoever slept says that it is ready by what
    it knew before."""
    url = f"http://{lab.plan.node(name).address}:{WORKER_PORT}"

    def probe() -> str | None:
        return store_refusal(url, by)

    mend = f"read {lab.typed(f'logs @/{name}')} and {lab.typed(f'logs @/{STORE}')}"
    what, tell = f"{name} reading from the store", because(report, str(name))
    await_until(probe, by, what=what, mend=mend, every_s=0.5, tell=tell)


def store_refusal(url: str, by: Deadline) -> str | None:
    """None for a worker that reads from its database and from its drive; otherwise what it said. It leaves nothing."""
    # No file is called so, which nobody can know without asking the drive.
    for path in ("/entries?limit=1", f"/files/awake-{secrets.token_hex(8)}"):
        answer = http.get(f"{url}{path}", by.at_most(_PATIENT_S, "one look"))
        # All else is an answer, also that there is no such file, or no such path in a learner's own app.
        if not answer.status or answer.status >= _FAILED:
            return refusal(path, answer)
    return None


def await_serving(
    lab: Deployment,
    workers: Iterable[NodeName],
    report: Report,
    by: Deadline,
    *,
    but_held_back: bool = False,
    asks_door: bool = True,
) -> None:
    """Returns once the load balancer has these workers in service and answers through its front door; raises
    UnreadyError, with the last log lines of who is not ready, where that does not come about. `but_held_back`: those
    are not waited for that somebody took out of service there, which is told only of one that is up. Not `asks_door`:
    the door is known to answer, and whoever asks would wait in the queue behind those who made more workers needed."""
    names = sorted(workers)
    wanted = {str(name) for name in names}
    report(f"waiting for the load balancer to serve {', '.join(sorted(wanted))}")
    balancer, url = lab.loadbalancer(), lab.substrate.url(lab.plan)

    def probe() -> str | None:
        servers = balancer.servers(by) or []
        serving = {server.name for server in servers if server.is_serving}
        held_back = {server.name for server in servers if server.is_held_back and but_held_back}
        if missing := wanted - serving - held_back:
            return f"not in service: {', '.join(sorted(missing))}"
        is_nobody_there = but_held_back and not wanted & serving
        if is_nobody_there or not asks_door:
            return None
        answer = http.get(f"{url}/readyz", by.at_most(5, "one request"))
        return refusal(f"{url}/readyz", answer)

    mend = f"read {lab.typed('status')} and the logs of its nodes"
    tell = because(report, "the load balancer")
    with logs_told(lab, [LOADBALANCER, *names]):
        what = "traffic through the load balancer"
        await_until(probe, by, what=what, mend=mend, tell=tell, error=UnreadyError)


def await_left(
    balancer: LoadBalancer, name: str, delay: Deadline, report: Report, by: Deadline, *, unless: Callable[[], bool]
) -> None:
    """Returns once no user with a live session is left on the worker, `delay` is over, or `unless` says so."""

    def probe() -> str | None:
        users = 0 if delay.is_over() or unless() else balancer.users_of(name, by)
        return f"{users} users with a live session" if users else None

    what, mend = f"the end of the sessions on {name}", "run `lab up` for this lab"
    await_until(probe, by, what=what, mend=mend, every_s=0.5, tell=because(report, name))


def await_drained(
    balancer: LoadBalancer, name: str, report: Report, by: Deadline, *, unless: Callable[[], bool] = lambda: False
) -> None:
    """Returns once no request is in flight on the worker, it is gone from the load balancer, or `unless` says so."""

    def probe() -> str | None:
        if unless():
            return None
        servers = balancer.servers(by)
        if servers is None:
            return "no answer from the load balancer"
        busy = [s for s in servers if s.name == name and s.sessions + s.queued]
        return f"{busy[0].sessions} requests in flight" if busy else None

    tell = because(report, name)
    await_until(probe, by, what=f"the end of the requests on {name}", mend="run `lab up` for this lab", tell=tell)


def because(report: Report, name: str) -> Report:
    """Reports who is waited for, and why."""
    return lambda why: report(f"waiting for {name}: {why}")


def probe_all(
    substrate: Substrate, nodes: list[tuple[NodeName, State, str]], by: Deadline
) -> dict[NodeName, tuple[bool, str | None]]:
    """Readiness and commit of each running node, all asked at once; a store's but for its source service."""

    def one(entry: tuple[NodeName, State, str]) -> tuple[bool, str | None]:
        name, state, address = entry
        if state not in (State.RUNNING, State.DRAINING):
            return False, None
        with ThreadPoolExecutor(2) as both:
            ready = both.submit(seen, substrate, name.role, address, by, with_source=False)
            version = both.submit(commit, address, by) if name.role is Role.WORKER else None
            return ready.result() is None, version.result() if version else None

    with ThreadPoolExecutor(max(len(nodes), 1)) as pool:
        return dict(zip((name for name, _, _ in nodes), pool.map(one, nodes), strict=True))
