"""The workers of a lab as a fleet: who serves, who comes and who goes, and the changes of it.

Whatever changes it writes down first what is wanted, under the lab's lock, and looks there at what really is: so an
`up`, a `kill` and these may come between each other, and what a killed process left is picked up by the next one.
The waits for workers and for their users are outside the lock.
"""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from enum import StrEnum
from threading import Event

from lab.flows import deployment, drain, readiness, staff, unfinished, up
from lab.flows.changes import outdated
from lab.flows.deployment import Deployment
from lab.flows.freshen import freshen, restart
from lab.flows.readiness import UnreadyError
from lab.host.beside import side_by_side
from lab.model.deadline import Deadline
from lab.model.errors import LabError, UnknownError
from lab.model.node import READY, NodeName, Role, State
from lab.scaling.places import Fleet, joined
from lab.substrates.base import Report

_READY_S = 120.0
"""For a worker that was started to be ready: twice what an emulated machine takes from nothing. Who is later than that
is for `finish`, and keeps nobody else from coming."""

_AHEAD_S = 10.0
"""How long those that were woken have to come before others are made: as long as a visitor waits. Whoever makes workers
holds the lab's lock for as long as the engine takes, where they are machines for a boot; without it nobody is admitted.
"""

_Part = tuple[int, Sequence[NodeName]]
"""So many workers more, and one in the place of each of these that died."""


class ScaleIn(StrEnum):
    """What becomes of a worker that is not needed any more."""

    SLEEP = "sleep"
    DELETE = "delete"


def seen(lab: Deployment, by: Deadline) -> Fleet:
    """The fleet as engine and load balancer tell it now; raises UnknownError where one of them does not answer."""
    lab = staff.reloaded(lab)
    nodes = lab.substrate.nodes(lab.lab, by)
    servers = lab.loadbalancer().servers(by)
    if servers is None:
        where = f"lab {lab.lab} on {lab.plan.substrate}"
        raise UnknownError("the load balancer does not answer", where=where, mend=lab.typed("up @"))
    return joined(lab.plan, {node.name: node.state for node in nodes}, servers, outdated(lab.plan, nodes))


def pool(lab: Deployment, by: Deadline) -> tuple[NodeName, ...]:
    """The workers that sleep in the warm pool and can be woken: those made as the lab is wanted now."""
    return _asleep(staff.reloaded(lab), by)


def _asleep(lab: Deployment, by: Deadline) -> tuple[NodeName, ...]:
    nodes = lab.substrate.nodes(lab.lab, by)
    asleep = {node.name for node in nodes if node.state is State.SLEEPING}
    return tuple(sorted((asleep & set(lab.plan.pool)) - outdated(lab.plan, nodes)))


def launch(
    lab: Deployment, count: int, report: Report, by: Deadline, *, unchecked: bool = False
) -> tuple[Deployment, tuple[NodeName, ...]]:
    """`count` more workers, from the warm pool first; each runs the newest commit and is ready, and gets no traffic.

    `unchecked` notes that a refresh still has to check them, until `unfinished.settled` says that it has.
    """
    lab, woken, made = _begun(lab, count, (), report, by, unchecked=unchecked)
    for name in (*woken, *made):
        _await_ready(lab, name, name in woken, report, by)
    return lab, (*woken, *made)


def _begun(
    lab: Deployment,
    count: int,
    dead: Sequence[NodeName],
    report: Report,
    by: Deadline,
    to: int | None = None,
    *,
    unchecked: bool = False,
) -> tuple[Deployment, Sequence[NodeName], Sequence[NodeName]]:
    """`count` more workers on their way, or as many as are then still missing `to` so many, and one in the place of
    each of `dead` that really is: those are removed. Gives those that are woken, and those that are made."""
    with staff.change(lab, report, by) as lab:
        there = lab.states(by)
        gone = [name for name in dead if name in joined(lab.plan, there, ()).dead]
        wanted = lab.plan.worker_names - set(gone)
        if to is not None:
            awake = [name for name in wanted if there.get(name) is not State.SLEEPING]
            count = max(0, min(count, to - len(awake)))
        woken = _asleep(lab, by)[: count + len(gone)]
        made = _new(wanted, {*lab.plan.pool, *there} - set(gone), count + len(gone) - len(woken))
        note = unfinished.launched if unchecked else unfinished.settled
        note(lab.lab, lab.plan.substrate, [*woken, *made])
        lab = staff.wanted(lab, wanted | {*woken, *made}, set(lab.plan.pool) - set(woken))
        for name in gone:
            up.end(lab, name, report, by)
        if made:
            report(f"making {', '.join(map(str, made))}")
            lab.substrate.prepare(lab.plan, by)
            up.create(lab, made, report, by)
        _wake(lab, woken, report, by)
    return lab, woken, made


def _wake(lab: Deployment, names: Sequence[NodeName], report: Report, by: Deadline) -> None:
    """Wakes workers, and opens the way to the load balancer's node meanwhile: they need it as soon as they are ready,
    and it takes an emulated machine as long as they do."""
    if names:
        with ThreadPoolExecutor(1) as beside:
            # If that fails, whoever needs it tells.
            beside.submit(lab.loadbalancer().open, by)
            up.wake(lab, names, report, by)


def _await_ready(lab: Deployment, name: NodeName, slept: bool, report: Report, by: Deadline) -> None:
    """Returns once a launched worker is ready and runs the newest commit, also where that came while it booted. One
    that slept has to reach the store anew. It runs what it ran before, so whatever keeps it says nothing of the newest
    version: LabError, and not UnreadyError, is raised for that."""
    try:
        readiness.await_node(lab, name, report, by)
    except UnreadyError as error:
        if not slept:
            raise
        raise LabError(error.message, where=error.where, mend=error.mend) from error
    freshen(lab, [name], report, by)
    if slept:
        readiness.await_store_used(lab, name, report, by)


def _new(wanted: Iterable[NodeName], others: Iterable[NodeName], count: int) -> list[NodeName]:
    """The names of `count` workers more than are wanted: the lowest numbers that no other worker has, also not one that
    is on its way out."""
    before = [name.index for name in wanted]
    taken = [name.index for name in others if name.role is Role.WORKER]
    numbers = deployment.numbers(before, len(before) + count, taken=taken)
    return [NodeName(Role.WORKER, number) for number in numbers if number not in before]


def admit(lab: Deployment, names: Sequence[NodeName], report: Report, by: Deadline) -> Deployment:
    """Puts launched workers into the load balancer; returns once each serves.

    One that is not wanted any more, since somebody changed the lab meanwhile, is left out, as is one that a refresh
    still has to check. Those that a killed process launched are for `finish`.
    """
    with staff.change(lab, report, by) as lab:
        up.write_workers(lab, names, by)
        up.register(lab, names, by)
    admitted = _of(lab, names)
    readiness.await_serving(lab, admitted, report, by, asks_door=False)
    lab.note(READY, *admitted)
    return lab


def finish(lab: Deployment, names: Sequence[NodeName], report: Report, by: Deadline) -> Deployment:
    """Brings workers that run into service, whoever left them on the way there.

    One that the load balancer never had may have been left in the middle of its waking: it gets the right time and the
    newest source first, and has to reach the store, as with `launch`. One that a refresh which was cut off had
    launched, and not checked yet, goes: the next refresh makes another one, and checks that.
    """
    lab = staff.reloaded(lab)
    if _unchecked(lab, names):
        with staff.change(lab, report, by) as lab:
            unchecked = _unchecked(lab, names)
            lab = staff.wanted(lab, lab.plan.worker_names - unchecked, lab.plan.pool)
            unfinished.settled(lab.lab, lab.plan.substrate, unchecked)
            for name in sorted(unchecked):
                report(f"removing {name}: the refresh that made it was cut off before it checked it")
                up.end(lab, name, report, by)
    strangers = [name for name in _of(lab, names) if not up.is_known(lab, name, by)]

    def bring(name: NodeName) -> None:
        if name in strangers:
            readiness.await_node(lab, name, report, by)
            with staff.change(lab, report, by) as now:
                up.rest(now).wake(now.lab, _of(now, [name]), by)
            for left in _of(now, [name]):
                freshen(now, [left], report, by)
                readiness.await_store_used(now, left, report, by)
        admit(lab, [name], report, by)

    side_by_side(_of(lab, names), bring, report)
    return staff.reloaded(lab)


def _unchecked(lab: Deployment, names: Sequence[NodeName]) -> set[NodeName]:
    """Those of these workers that a refresh left which was cut off before it checked them."""
    left, wanted = unfinished.left(lab.lab, lab.plan.substrate), lab.plan.worker_names
    return set() if left.goes_on else {name for name in wanted.intersection(names) if name.index in left.unchecked}


def _of(lab: Deployment, names: Sequence[NodeName]) -> list[NodeName]:
    """Those of the names that are wanted in service, and wait for no check by a refresh."""
    unchecked = unfinished.unchecked_of(lab.lab, lab.plan.substrate)
    return [name for name in names if name in lab.plan.worker_names - unchecked]


def grow(lab: Deployment, count: int, report: Report, by: Deadline, *, to: int | None = None) -> Deployment:
    """The lab with `count` more workers, each serving; those of the warm pool come first and do not wait for others.

    Where it is to have `to` workers then, those that somebody else made meanwhile are not made once more. Raises for
    one that is not ready in time, after the others serve.
    """
    warm = min(count, len(pool(lab, by)))
    return _added(lab, (warm, ()), (count - warm, ()), report, by, to)


def replace_dead(lab: Deployment, names: Sequence[NodeName], report: Report, by: Deadline) -> Deployment:
    """The lab with a serving worker in the place of each of these that is dead; those of the warm pool come first.
    Raises as `grow` does."""
    warm = len(pool(lab, by))
    return _added(lab, (0, names[:warm]), (0, names[warm:]), report, by)


def _added(
    lab: Deployment, warm: _Part, cold: _Part, report: Report, by: Deadline, to: int | None = None
) -> Deployment:
    """The lab with those workers that the pool has and those that have to be made, awaited side by side. The second are
    begun once each of the first serves or failed, or is late."""
    if not (any(warm) and any(cold)):
        for part in filter(any, (warm, cold)):
            _bring(lab, part, report, by, to)
        return staff.reloaded(lab)
    begun, ended = Event(), Event()

    def first() -> None:
        try:
            _bring(lab, warm, report, by, to, begun.set)
        finally:
            begun.set()
            ended.set()

    def then() -> None:
        begun.wait(by.left())
        ended.wait(min(_AHEAD_S, by.left()))
        _bring(lab, cold, report, by, to)

    side_by_side((first, then), lambda do: do(), report)
    return staff.reloaded(lab)


def _bring(
    lab: Deployment, part: _Part, report: Report, by: Deadline, to: int | None, begun: Callable[[], None] = lambda: None
) -> None:
    """Brings the workers into service that `_begun` tells of, each as soon as it is ready; `begun` is called once they
    are on their way."""
    count, dead = part
    lab, woken, made = _begun(lab, count, dead, report, by, to)
    begun()
    soon = by.at_most(_READY_S, f"a new worker has {_READY_S:g} s to become ready")

    def bring(name: NodeName) -> None:
        _await_ready(lab, name, name in woken, report, soon)
        admit(lab, [name], report, by)

    side_by_side((*woken, *made), bring, report)


def shrink(
    lab: Deployment,
    victim: NodeName,
    how: ScaleIn,
    delay_s: float,
    report: Report,
    by: Deadline,
    *,
    was: str | None = None,
    least: int = 0,
) -> Deployment:
    """The lab without this worker in service: it was drained, nobody needed it any more, and it was asked to end.

    Where users stay with their worker, their sessions are awaited for `delay_s` at most. One whose shrinking was
    interrupted can be shrunk again, and one that somebody wants in service again meanwhile stays. So does one that is
    not any more what it `was` when this was decided, in the words of `Fleet`: who waits for the lock may find a
    successor that serves in the place of one that died. And so does one that can serve, where until it has gone fewer
    than `least` others do, since some of them died.
    """
    with staff.change(lab, report, by) as lab:
        servers = up.known(lab, by)
        now = joined(lab.plan, lab.states(by), servers)
        found = now.place_of(victim)
        if was not in (None, found):
            report(f"leaving {victim} as it is: it was {was}, and is {found or 'gone'} by now")
            return lab
        least = 0 if found == "dead" else least  # it serves nobody, whoever else does
        if len({*now.serving} - {victim}) < least:
            return drain.call_off(lab, victim, report, by)
        others = lab.plan.worker_names - {victim}
        lab = staff.wanted(lab, others, {*lab.plan.pool} - {victim} | ({victim} if how is ScaleIn.SLEEP else set()))
        unfinished.settled(lab.lab, lab.plan.substrate, [victim])
        up.write_workers(lab, (), by)
        if str(victim) in {server.name for server in servers}:
            report(f"draining {victim}")
            up.begin_drain(lab, victim, by)
    is_unneeded = drain.await_unneeded(lab, victim, delay_s, report, by, least)
    with staff.change(lab, report, by) as lab:
        if not is_unneeded:
            return drain.call_off(lab, victim, report, by)
        if victim not in lab.plan.worker_names.union(lab.plan.pool):
            up.end(lab, victim, report, by)
    if victim in lab.plan.pool and victim in _awake(lab, by):
        restart(lab, victim, by)
        lab = _put_to_sleep(lab, [victim], report, by)
    if victim not in lab.plan.worker_names:
        report(f"{victim} {'sleeps' if how is ScaleIn.SLEEP else 'is gone'}")
    return lab


def fill_pool(lab: Deployment, size: int, report: Report, by: Deadline) -> Deployment:
    """The lab with a warm pool of `size` workers, each booted once by itself, ready, and put to sleep.

    Of a pool that is to be smaller, those stay that can be woken, then those that run. Those that are dead, or made
    otherwise than is wanted by now, are made anew; one whose shrinking was interrupted is put to sleep after its last
    request.
    """
    with staff.change(lab, report, by) as lab:
        before, asleep, unfit = set(lab.plan.pool), _asleep(lab, by), _unfit(lab, by)
        wanted = lab.plan.worker_names
        kept = sorted(before, key=lambda name: (name not in asleep, name in unfit, name))[:size]
        lab = staff.wanted(lab, wanted, {*kept, *_new(kept, {*wanted, *lab.states(by)}, size - len(kept))})
        for name in sorted(before - set(lab.plan.pool)):
            why = "it cannot be woken" if name in unfit else "the warm pool has one too many"
            report(f"removing {name}: {why}")
            up.end(lab, name, report, by)
        made = sorted(set(lab.plan.pool) - (before - unfit))
        for name in sorted(lab.states(by).keys() & set(made)):
            up.end(lab, name, report, by)
        if made:
            report(f"making {', '.join(map(str, made))} for the warm pool")
            lab.substrate.prepare(lab.plan, by)
            up.create(lab, made, report, by)
    awake = _awake(lab, by)
    for name in awake:
        if up.is_known(lab, name, by):
            drain.await_unneeded(lab, name, 0, report, by)
    return _put_to_sleep(lab, awake, report, by)


def _unfit(lab: Deployment, by: Deadline) -> set[NodeName]:
    """The workers of the pool that cannot be kept: not there, there in part, failed, stopped, or outdated."""
    nodes = lab.substrate.nodes(lab.lab, by)
    usable = {node.name for node in nodes if node.state in (State.RUNNING, State.SLEEPING)}
    return set(lab.plan.pool) - (usable - outdated(lab.plan, nodes))


def _awake(lab: Deployment, by: Deadline) -> list[NodeName]:
    """The workers of the pool that run."""
    states = lab.states(by)
    # In this order: one that somebody wakes for service leaves the pool before it runs.
    return [name for name in staff.reloaded(lab).plan.pool if states.get(name) is State.RUNNING]


def _put_to_sleep(lab: Deployment, names: Sequence[NodeName], report: Report, by: Deadline) -> Deployment:
    """Puts workers of the pool to sleep that nobody needs, each ready to serve when it is woken; those that somebody
    wants in service meanwhile stay."""
    for name in names:
        readiness.await_node(lab, name, report, by)
    with staff.change(lab, report, by) as lab:
        if sleepy := [name for name in _awake(lab, by) if name in names]:
            for name in sleepy:
                up.forget(lab, name, by)
            report(f"putting {', '.join(map(str, sleepy))} to sleep")
            up.rest(lab).sleep(lab.lab, sleepy, by)
            lab.note(State.SLEEPING, *sleepy)
    return lab
