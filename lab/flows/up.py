"""`lab up`: brings a lab on one substrate to what is wanted, whatever it was before."""

from collections.abc import Collection, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from lab.flows import artefacts, autoscaler, build, clocks, deployment, password, place, readiness, stuck, unfinished
from lab.flows.changes import Changes, decide
from lab.flows.deployment import Deployment
from lab.flows.freshen import freshen
from lab.flows.unfinished import Left
from lab.host import paths
from lab.host.wait import await_until
from lab.loadbalancer.config import Server, difference
from lab.model import labs
from lab.model.deadline import Deadline
from lab.model.errors import LabError, UsageError
from lab.model.node import LOADBALANCER, READY, STARTING, STORE, WAKING, Mode, NodeName, Role, State
from lab.model.topology import Topology
from lab.store import database, source
from lab.substrates import registry
from lab.substrates.base import CanSleep, Report

# Who is needed first wakes first; nodes fall asleep in the reverse order.
WAKE_ORDER = (Role.STORE, Role.LOADBALANCER, Role.WORKER)

_END_S = 120.0
"""Twice what a node's services have on a machine, where each login may take seconds more."""


@dataclass(frozen=True)
class Wanted:
    """What `up` was asked for; None leaves a value as it is, or as the topology says for a new lab.

    A lab stays with the file that its topology came from, which is read again: what was edited there is taken.
    """

    lab: str
    substrate: str
    workers: int | None = None
    mode: Mode | None = None
    topology: Path | None = None
    sticky: bool | None = None


def up(wanted: Wanted, report: Report, by: Deadline) -> Deployment:
    """The lab, with all its nodes ready and serving through the load balancer. Converges; raises LabError."""
    substrate = registry.get(wanted.substrate)
    before = deployment.deployed(wanted.lab).get(wanted.substrate)
    file = _topology_file(wanted, before)
    topology = deployment.read_topology(file)
    mode = _mode(wanted, before)
    # Before a build, which takes minutes; and, since others may come in between, once more before anything starts.
    place.check_room(wanted.lab, substrate, topology, file, by)
    build.build([substrate], topology.versions, report, by)
    with deployment.changing(wanted.lab, "up", by, tell=report) as orphans:
        for line in orphans:
            report(f"ended what an interrupted run had left: {line}")
        # Also by how many workers it has by now: an autoscaler or a refresh may have changed that since.
        before = deployment.deployed(wanted.lab).get(wanted.substrate)
        if before is not None:
            place.check_kept(wanted.lab, wanted.substrate, before, topology, file)
        place.check_room(wanted.lab, substrate, topology, file, by)
        left = unfinished.left(wanted.lab, wanted.substrate)
        lab = deployment.intend(
            wanted.lab,
            wanted.substrate,
            mode=mode,
            workers=_count(wanted, before, left, topology),
            topology=topology,
            file=file,
            keys=artefacts.keys(substrate, topology.versions),
            sticky=_sticky(wanted, before),
            # A hand may have removed the secret alone.
            has_data=not password.path(wanted.lab, substrate.name).exists() and bool(substrate.data(wanted.lab, by)),
            unchecked=left.unchecked,
            spared=left.spared(before.workers if before else ()),
        )
        if not left.goes_on:
            unfinished.end(wanted.lab, wanted.substrate)
        elif wanted.workers:
            unfinished.begin(wanted.lab, wanted.substrate, wanted.workers)
        _settle(left.beside(lab), report, by)
    return lab


def forecast(wanted: Wanted, by: Deadline) -> list[str]:
    """What `up` would do, in words; changes nothing."""
    substrate = registry.get(wanted.substrate)
    before = deployment.deployed(wanted.lab).get(wanted.substrate)
    topology = deployment.read_topology(_topology_file(wanted, before))
    lines = [f"would build {role}" for role in artefacts.missing(substrate, topology.versions)]
    _mode(wanted, before)
    left = unfinished.left(wanted.lab, wanted.substrate)
    count = _count(wanted, before, left, topology)
    if before is None:
        place.check_name(wanted.lab, substrate, by)
        return [*lines, f"would make a load balancer, a store and {count} workers"]
    kept = deployment.numbers(left.others(before.workers), count, taken=[*before.pool, *left.unchecked])
    pool = (*before.pool, *left.spared(before.workers))
    found = replace(before, workers=tuple(kept), pool=pool, sticky=_sticky(wanted, before))
    plan = artefacts.plan_now(wanted.lab, substrate, found, topology)
    return lines + [f"would {change}" for change in decide(plan, substrate.nodes(wanted.lab, by)).in_words()]


def _count(wanted: Wanted, before: deployment.Deployed | None, left: Left, topology: Topology) -> int:
    """How many workers the lab is to have that may have traffic, never none. A refresh that was cut off may have left
    one more than that; one that goes on knows itself what it does with it."""
    if wanted.workers or before is None:
        return wanted.workers or topology.worker.count
    return left.wanted or len(left.others(before.workers)) or topology.worker.count


def _topology_file(wanted: Wanted, before: deployment.Deployed | None) -> Path:
    return wanted.topology.resolve() if wanted.topology else deployment.topology_file(before)


def _sticky(wanted: Wanted, before: deployment.Deployed | None) -> bool:
    return wanted.sticky if wanted.sticky is not None else before is not None and before.sticky


def _mode(wanted: Wanted, before: deployment.Deployed | None) -> Mode:
    if before is not None and wanted.mode is not None and wanted.mode is not before.mode:
        raise UsageError(
            f"lab {wanted.lab} on {wanted.substrate} is {before.mode}, so it cannot become {wanted.mode}",
            where="--stateful",
            mend=f"use another lab: --name NAME, or first {labs.typed(f'destroy {wanted.substrate}', wanted.lab)}",
        )
    return wanted.mode or (before.mode if before else Mode.STATELESS)


def _settle(lab: Deployment, report: Report, by: Deadline) -> None:
    """Applies the plan; once more where a node that was there ended meanwhile: it had been asked to, by somebody who
    was interrupted then, and engines go on with that."""
    changes = _changes(lab, by)
    try:
        _apply(lab, changes, report, by)
    except readiness.UnreadyError:
        again = _changes(lab, by)
        ended = {*again.create} - {*changes.create, *changes.renew, *changes.wake}
        if not ended:
            raise
        report(f"{', '.join(map(str, sorted(ended)))} ended meanwhile")
        _apply(lab, again, report, by)


def _changes(lab: Deployment, by: Deadline) -> Changes:
    lab.substrate.accelerator(by)  # else nodes that were made for another one, before the last boot, would do
    nodes = lab.substrate.nodes(lab.lab, by)
    lab.note_gone([node.name for node in nodes])
    return decide(lab.plan, nodes)


def _apply(lab: Deployment, changes: Changes, report: Report, by: Deadline) -> None:
    substrate = lab.substrate
    substrate.prepare(lab.plan, by)
    for name in changes.leave:
        report(f"leaving {name} as it is, though outdated: its users' data is on it")
    wake(lab, changes.wake, report, by)
    _remove_first(lab, changes, report, by)
    _create_and_seed(lab, changes, report, by)
    stuck.await_node(lab, LOADBALANCER, changes.coming, report, by)
    # One that was just made came with a file that has them all; one that was only started has the file of before.
    is_new = LOADBALANCER in changes.create and LOADBALANCER not in changes.start
    if not is_new or unfinished.unchecked_of(lab.lab, substrate.name):
        write_workers(lab, lab.plan.worker_names, by)
    hopeless = stuck.await_workers(lab, changes.coming, report, by)
    _make_anew(lab, hopeless, report, by)
    clocks.mend(lab, report, by)
    _finish_waking(lab, changes, report, by)
    if not is_new:
        register(lab, lab.plan.worker_names, by)
    for name in _unattended(lab, changes.retire, report, by):
        report(f"draining and removing {name}")
        retire(lab, name, report, by)
    for name in (name for name in changes.renew if name not in hopeless):
        report(f"draining {name}, which is outdated")
        retire(lab, name, report, by)
        make_worker(lab, name, report, by)
    readiness.await_serving(lab, lab.plan.worker_names, report, by)
    lab.note(READY, *changes.create, *changes.wake, *hopeless)


def _finish_waking(lab: Deployment, changes: Changes, report: Report, by: Deadline) -> None:
    """Gives workers the right time and the newest source that the load balancer never had: who was about to wake them
    may have been killed in the middle."""
    known = known_names(lab, by)
    others = lab.plan.worker_names - {*changes.create, *changes.renew}
    if (left := sorted(name for name in others if str(name) not in known)) and isinstance(lab.substrate, CanSleep):
        lab.substrate.wake(lab.lab, left, by)
        freshen(lab, left, report, by)


def _remove_first(lab: Deployment, changes: Changes, report: Report, by: Deadline) -> None:
    for name in changes.clear:
        report(f"removing {name}, which failed or is there only in part")
        lab.destroy(name, report, by)
    states = lab.states(by)
    for name in changes.remake:
        report(f"removing {name}, which is outdated")
        if states.get(name) is State.RUNNING:
            _ask_to_end(lab, name, report, by)
        lab.destroy(name, report, by)


def _make_anew(lab: Deployment, names: Sequence[NodeName], report: Report, by: Deadline) -> None:
    """Replaces workers that run and do not become ready, all at once: nobody has been led to them for long."""
    for name in names:
        report(f"removing {name}, which runs and does not become ready")
        lab.destroy(name, report, by)
        lab.note(State.ABSENT, name)
    if names:
        report(f"making {', '.join(map(str, names))}")
        create(lab, names, report, by)
    for name in names:
        readiness.await_node(lab, name, report, by)


def make_worker(lab: Deployment, name: NodeName, report: Report, by: Deadline) -> None:
    """Makes a worker that is not there, and returns once it serves through the load balancer."""
    with ThreadPoolExecutor(1) as beside:
        # A login takes an emulated load balancer a second or more, which would otherwise come after the boot.
        written = beside.submit(write_workers, lab, [name], by)
        create(lab, [name], report, by)
        written.result()
    readiness.await_node(lab, name, report, by)
    register(lab, [name], by)
    readiness.await_serving(lab, [name], report, by)
    lab.note(READY, name)


def wake(lab: Deployment, names: Sequence[NodeName], report: Report, by: Deadline) -> None:
    """Wakes nodes, the store first, for all others need it; they are not ready yet."""
    if names:
        report(f"waking {', '.join(map(str, names))}")
        lab.note(WAKING, *names)
        rest(lab).wake(lab.lab, sorted(names, key=lambda name: WAKE_ORDER.index(name.role)), by)


def rest(lab: Deployment) -> CanSleep:
    """The lab's engine, with the power to put nodes to sleep; raises LabError where it has not."""
    if not isinstance(lab.substrate, CanSleep):
        mend = "choose another substrate, or remove what is not needed"
        raise LabError("its nodes cannot be put to sleep", where=lab.plan.substrate, mend=mend)
    return lab.substrate


def create(
    lab: Deployment, names: Sequence[NodeName], report: Report, by: Deadline, *, stopped: Collection[NodeName] = ()
) -> None:
    """Makes nodes, or starts the `stopped` of them; a failure carries the last log lines of those not ready."""
    if not password.path(lab.lab, lab.plan.substrate).exists():
        raise LabError(
            "the secret that opens the store's data is gone, and no new node could open it",
            where=str(password.path(lab.lab, lab.plan.substrate)),
            mend=f"{lab.typed('up @')} makes a new one, which opens it",
        )
    lab.note(State.CREATING, *(name for name in names if name not in stopped))
    lab.note(STARTING, *stopped)
    with readiness.logs_told(lab, names), readiness.waits_told(lab, names, report):
        lab.substrate.create(lab.plan, names, report, by)


def _create_and_seed(lab: Deployment, changes: Changes, report: Report, by: Deadline) -> None:
    """Makes the nodes, and gives the store the app as soon as it is ready: workers wait for that."""
    if names := changes.create:
        report(f"making {', '.join(str(name) for name in names)}")
        create(lab, names, report, by, stopped=changes.start)
    stuck.await_node(lab, STORE, changes.coming, report, by)
    with readiness.mend_told(lab, STORE):
        _tell_password(lab, report, by)
        _seed(lab, by)
    report("the source service has the app")


def _seed(lab: Deployment, by: Deadline) -> None:
    url = source.url(lab.plan.node(STORE).address)
    # One that has a commit is only asked for it: a login takes an emulated machine seconds.
    commit = source.newest(url, by) or source.seed(lab.reach(STORE), paths.REPO / "app", by)
    # `status`, which has no time for it, then only has to ask whether this is still the newest.
    source.bring(commit, url, lab.copy_of_source, by)


def _tell_password(lab: Deployment, report: Report, by: Deadline) -> None:
    untold = password.untold(lab.lab, lab.plan.substrate)
    if untold.exists():
        database.set_password(lab.reach(STORE), password.read(lab.lab, lab.plan.substrate), by)
        untold.unlink()
        report("the secret that opened the store's data was gone; a new one opens it now")


def write_workers(lab: Deployment, names: Iterable[NodeName], by: Deadline) -> None:
    """Puts those of the wanted workers into the file that the load balancer starts from that it knows, and these, which
    may still boot, since it checks each. Others may be on their way, and say that they are ready with an old source."""
    there = known_names(lab, by).union(map(str, names))
    lab.loadbalancer().write([(name, address) for name, address in _addresses(lab) if name in there], by)


def _addresses(lab: Deployment) -> list[tuple[str, str]]:
    unchecked = unfinished.unchecked_of(lab.lab, lab.plan.substrate)
    return [(str(spec.name), spec.address) for spec in lab.plan.workers() if spec.name not in unchecked]


def register(lab: Deployment, names: Iterable[NodeName], by: Deadline) -> None:
    """Brings these of the workers that are wanted into the running load balancer, and out of it who is gone; others may
    still boot, or run an older source, or have to be checked by a refresh. `write_workers` goes before it."""
    balancer, ready = lab.loadbalancer(), {str(name) for name in names}
    changes = difference(known(lab, by), _addresses(lab))
    for name, address in changes.add:
        if name in ready:
            balancer.add(name, address, by)
    if back := ready.intersection(changes.resume):
        balancer.resume(sorted(back), by)
    there = {str(node.name) for node in lab.substrate.nodes(lab.lab, by)}
    for name in set(changes.remove) - there:
        balancer.remove(name, by)


def known(lab: Deployment, by: Deadline) -> list[Server]:
    """The workers that the load balancer knows; an answer that does not come is awaited, not taken for none."""
    balancer, found = lab.loadbalancer(), list[Server]()

    def probe() -> str | None:
        answer = balancer.servers(by)
        found[:] = answer or []
        return "no answer" if answer is None else None

    await_until(probe, by, what="the load balancer telling its workers", mend="read the log of loadbalancer-1")
    return found


def _unattended(lab: Deployment, names: Sequence[NodeName], report: Report, by: Deadline) -> list[NodeName]:
    """Those of the workers too many that nobody else takes out of service. Where users stay with their worker, an
    autoscaler or a refresh at work awaits the end of their sessions on one that it drains."""
    at = (lab.lab, lab.plan.substrate)
    if not names or not lab.is_sticky or not (autoscaler.running(*at) or unfinished.left(*at).goes_on):
        return list(names)
    drained = {server.name for server in known(lab, by) if server.is_held_back}
    for name in names:
        if str(name) in drained:
            report(f"leaving {name} to the autoscaler or refresh at work, which drains it and awaits its users")
    return [name for name in names if str(name) not in drained]


def retire(lab: Deployment, name: NodeName, report: Report, by: Deadline) -> None:
    """Takes a worker out of service without a scratch: no new users, no request in flight, then its end."""
    balancer = lab.loadbalancer()
    if is_known(lab, name, by):
        begin_drain(lab, name, by)
        readiness.await_drained(balancer, str(name), report, by)
    end(lab, name, report, by)


def begin_drain(lab: Deployment, name: NodeName, by: Deadline) -> None:
    """Gives a worker no new users, and notes so, with how many requests it has under way: some are waited for."""
    under_way = sum(one.sessions + one.queued for one in known(lab, by) if one.name == str(name))
    lab.note(State.DRAINING, name, requests=under_way)
    lab.loadbalancer().drain(str(name), by)


def end(lab: Deployment, name: NodeName, report: Report, by: Deadline) -> None:
    """Asks a worker that nobody needs any more to end, if it runs, and removes it. One that cannot be asked, since it
    hangs, is removed all the same where workers keep nothing."""
    if lab.states(by).get(name) is State.RUNNING:
        _ask_to_end(lab, name, report, by)
    forget(lab, name, by)
    lab.destroy(name, report, by)
    lab.note(State.ABSENT, name)


def _ask_to_end(lab: Deployment, name: NodeName, report: Report, by: Deadline) -> None:
    if lab.plan.mode is Mode.STATEFUL and name.role is Role.WORKER:
        lab.substrate.stop(lab.lab, name, by)
        return
    try:
        lab.substrate.stop(lab.lab, name, by.at_most(_END_S, f"it had {_END_S:g} s to end"))
    except LabError as error:
        report(f"{name} could not be asked to end, and goes without: {error.message.splitlines()[0]}")


def forget(lab: Deployment, name: NodeName, by: Deadline) -> None:
    """Takes a worker out of the load balancer, if it is in there."""
    if is_known(lab, name, by):
        lab.loadbalancer().remove(str(name), by)


def is_known(lab: Deployment, name: NodeName, by: Deadline) -> bool:
    """Whether the load balancer knows this worker, in service or not."""
    return str(name) in known_names(lab, by)


def known_names(lab: Deployment, by: Deadline) -> set[str]:
    """The names of the workers that the load balancer knows, in service or not."""
    return {server.name for server in known(lab, by)}
