"""Workers that slept, or booted while the source changed, get the newest before they get traffic."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from lab.flows import readiness
from lab.flows.deployment import Deployment
from lab.flows.readiness import UnreadyError
from lab.host.wait import await_until
from lab.model.deadline import Deadline
from lab.model.errors import LabError, LateError
from lab.model.node import STORE, NodeName
from lab.store import source
from lab.substrates.base import Report, UnstartedError

_LOOK_S = 5.0


def freshen(lab: Deployment, names: Sequence[NodeName], report: Report, by: Deadline) -> None:
    """Gives workers the newest source: those with another commit are started again, which fetches it."""
    if not names:
        return
    commit = _newest(lab, report, by)
    address = {name: lab.plan.node(name).address for name in names}
    stale = [name for name in names if readiness.commit(address[name], by, patient=True) != commit]
    if stale:
        report(f"the source changed before {', '.join(map(str, stale))} came: fetching it anew")
        with ThreadPoolExecutor(len(stale)) as beside:
            list(beside.map(lambda name: restart(lab, name, by), stale))
    for name in stale:
        readiness.await_node(lab, name, report, by)


def _newest(lab: Deployment, report: Report, by: Deadline) -> str:
    """The newest commit; a source service that is away is waited for."""
    url, found = source.url(lab.plan.node(STORE).address), list[str]()

    def probe() -> str | None:
        try:
            found.append(source.newest(url, by.at_most(_LOOK_S, "one look at the source service")))
        except LabError as error:
            return error.message.splitlines()[0]
        return None

    mend = f"read {lab.typed(f'logs @/{STORE}')}"
    await_until(probe, by, what="an answer of the source service", mend=mend, every_s=0.5, tell=report)
    return found[0]


def restart(lab: Deployment, name: NodeName, by: Deadline) -> None:
    """Starts the service of a worker again that no load balancer looks at: so we look, as its drain waits for that.

    Raises UnreadyError, with its last log lines, where the service does not come up, or not in time.
    """
    with ThreadPoolExecutor(1) as beside:
        restarting = beside.submit(lab.substrate.restart, lab.lab, name, by)

        def probe() -> str | None:
            if not restarting.done():
                readiness.seen(lab.substrate, name.role, lab.plan.node(name).address, by)
            return None if restarting.done() else "restarting"

        await_until(probe, by, what=f"the restart of {name}", mend=lab.typed("up @"), error=UnreadyError)
        try:
            restarting.result()
        except (UnstartedError, LateError) as error:
            message = f"{name} did not become ready: {error.message}\n{readiness.log_tail(lab, name)}"
            where = f"lab {lab.lab} on {lab.plan.substrate}"
            raise UnreadyError(message, where=where, mend=f"read {lab.typed(f'logs @/{name}')}") from error
