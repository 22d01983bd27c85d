"""`lab prove run`: visitors write while faults are injected; then all is read back, and every write accounted for."""

import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from lab.faults import catalogue, injection
from lab.faults.base import Ground
from lab.faults.catalogue import Planned
from lab.flows import autoscaler, deployment, leases, readiness, workers
from lab.flows.deployment import Deployment
from lab.flows.leases import leased
from lab.flows.noted_fault import NotedFault
from lab.flows.read_all import read_all
from lab.host import children, paths
from lab.host.beside import meanwhile
from lab.ledger import records
from lab.ledger.plan import LONGEST_S, Plan
from lab.ledger.records import Header
from lab.ledger.writer import Journal
from lab.ledger.writes import What
from lab.model import labs
from lab.model.deadline import Deadline
from lab.model.errors import LabError, UsageError
from lab.model.node import NodeName, State
from lab.substrates import registry
from lab.substrates.base import Report
from lab.traffic.notes import Ended, Tally
from lab.traffic.run import Traffic

WORKERS_AT_LEAST = 2
"""Of a lab, for a run on it."""

_CALM_S = 1.0
"""Traffic without a fault, before the first, between two and after the last."""

_BEGIN_S = 60.0
"""For the first writes of each kind to be acknowledged, besides what the rate needs for `_BEGIN_REQUESTS` of them."""

_BEGIN_REQUESTS = 100
_WHOLE_S = 900.0
"""For a lab to be whole again after a fault; emulated machines take minutes."""

RATE, RATE_EMULATED = 30.0, 3.0
"""Requests a second that one worker answers alone, while the other's successor is made. At 6 an emulated one does not:
requests that gave up and their repeats then keep both workers busy for good, and a run shows nothing but that."""

_TELL_S = 0.1
_UNDISTURBED = "visitors write and read"
_BASE_S = 1800.0
_FAULT_S = 300.0
"""For one fault, until the lab is whole again: five times what the successor of an emulated machine takes."""


@dataclass(frozen=True)
class Asked:
    """What a run was asked for. Visitors write for `duration_s`, and in any case until the last fault is healed."""

    lab: str
    substrate: str
    kills: int
    faults: tuple[str, ...]
    rate: float
    duration_s: float
    seed: int


@dataclass(frozen=True)
class Progress:
    """How far a run is: `doing` in words, faults injected and planned, and the visitors' tally."""

    doing: str
    injected: int
    planned: int
    tally: Tally


Watch = Callable[[Progress], None]


def run(asked: Asked, watch: Watch, report: Report, by: Deadline) -> Path:
    """The path of the journal of a run that has ended. The verdict is computed from it, and from it alone.

    A run that cannot go on, since a node does not come back, is reported and ends early: its journal has no end.
    Raises UsageError, before anything is changed, for a fault that cannot be made here, a lab that is not whole, or an
    autoscaler or a refresh at work.
    """
    _check(asked)
    # The plan is as long as a run can be; visitors are stopped when the time is up and the last fault is healed.
    plan = Plan(new_run(), asked.seed, asked.rate, longest_s(asked))
    lab = deployment.load(asked.lab, asked.substrate)
    # What is refused leaves nothing behind, not even a lease. With one all is looked at again: it may have changed.
    if not leases.is_held(asked.lab, leases.PROVE):
        forecast(asked, by)
    with _striking(asked.lab, leases.proving(asked.substrate), by):
        _refuse_beside(asked)
        ground = ground_of(lab)
        check_whole(lab, by)
        schedule = _schedule(asked, ground, by)
        return _Run(lab, ground, plan, schedule, watch, report).go(asked.duration_s, by)


@contextmanager
def _striking(lab: str, holder: str, by: Deadline) -> Iterator[None]:
    """Holds the lease of runs. What a killed run had left at work is ended first: it may be about to strike."""
    folder = paths.lab(lab) / "children" / leases.PROVE
    with leased(lab, leases.PROVE, holder):
        children.end_orphans(folder, by)
        with children.kept_in(folder):
            yield


def follow(
    lab: Deployment,
    plan: Plan,
    hear: Callable[[Ended], None],
    watch: Watch,
    report: Report,
    by: Deadline,
    until: Callable[[], bool] = lambda: False,
) -> Path:
    """The path of the journal of visitors who follow this plan to its end, or `until` then; nothing is broken.

    `hear` is told of each request that ends. It holds no lease, for it changes no node. What cannot be read back, or
    ends it early, is for the verdict to say.
    """
    return _Run(lab, ground_of(lab), plan, [], watch, report, hear, until).go(plan.duration_s, by)


def forecast(asked: Asked, by: Deadline) -> list[Planned]:
    """The faults that a run would inject, in order; raises as `run` does."""
    _check(asked)
    lab = deployment.load(asked.lab, asked.substrate)
    _refuse_beside(asked)
    check_whole(lab, by)
    return _schedule(asked, ground_of(lab), by)


def _refuse_beside(asked: Asked) -> None:
    autoscaler.refuse_beside(asked.lab, asked.substrate)
    load = labs.typed(f"load {asked.substrate} --prove --peak 5", asked.lab)
    mend = f"wait for its end; or account for every write beside it: {load}"
    leases.refuse_beside(asked.lab, leases.REFRESH, leases.refreshing(asked.substrate), mend)


def _check(asked: Asked) -> None:
    for name in asked.faults:
        if name != catalogue.RANDOM:
            catalogue.named(name)
    Plan("check", asked.seed, asked.rate, asked.duration_s)
    longest_s(asked)


def usual_rate(substrate: str, by: Deadline) -> float:
    """Requests a second that a lab of this substrate answers also beside its faults, as this computer runs it."""
    return RATE_EMULATED if registry.get(substrate).accelerator(by) == "tcg" else RATE


def longest_s(asked: Asked) -> float:
    """How long a run may take at most, its visitors with it. Raises UsageError for more than a day."""
    seconds = _BASE_S + asked.duration_s + _FAULT_S * (asked.kills + len(asked.faults))
    if seconds > LONGEST_S:
        raise UsageError(
            f"{asked.kills + len(asked.faults):,} faults in {asked.duration_s:g} s or more may take "
            f"{seconds / 3600:.0f} h, and a run has {LONGEST_S / 3600:.0f} h",
            where="--kills, --fault, --duration",
            mend=f"ask for less: {_FAULT_S:g} s are reckoned for each fault, {_BASE_S:g} s for all else",
        )
    return seconds


def journals(lab: str) -> list[Path]:
    """The journals of a lab's runs, the oldest first."""
    return sorted(_folder(lab).glob("*.jsonl"))


def journal(lab: str, run: str | None) -> Path:
    """The journal of one run of a lab, of the latest for None; raises UsageError where there is none."""
    there = {path.stem: path for path in journals(lab)}
    name = run or next(reversed(there), "")
    if name not in there:
        raise UsageError(
            f"lab {lab} has no run {run!r}" if run else f"lab {lab} has no run yet",
            where=str(_folder(lab)),
            mend=f"{labs.typed('prove list', lab)} shows the runs, {labs.typed('prove run', lab)} makes one",
        )
    return there[name]


def heal(lab: Deployment, report: Report, by: Deadline) -> int:
    """Heals what an interrupted run left; gives how many faults that were. Holds the lease of runs."""
    with _striking(lab.lab, "heal", by):
        return injection.heal_all(ground_of(lab), open_faults(lab), report, by)


def unhealed(lab: Deployment) -> list[Planned]:
    """The faults that an interrupted run left, in the order in which they began."""
    return injection.read(open_faults(lab))


def open_faults(lab: Deployment) -> Path:
    """The file that tells which faults are not healed yet."""
    return deployment.open_faults(lab.lab, lab.substrate.name)


def check_whole(lab: Deployment, by: Deadline) -> None:
    """Raises UsageError unless the lab has two workers or more and all of its nodes are ready and serving."""
    mend = f"{lab.typed('heal @')}, then {lab.typed('up @')}"
    where = f"lab {lab.lab} on {lab.substrate.name}"
    names = [spec.name for spec in lab.plan.workers()]
    if len(names) < WORKERS_AT_LEAST:
        raise UsageError(
            f"a run needs {WORKERS_AT_LEAST} workers, and this lab has {len(names)}",
            where=where,
            mend=lab.typed(f"up @ --workers {WORKERS_AT_LEAST}"),
        )
    if left := unhealed(lab):
        raise UsageError(f"an earlier run left {len(left)} faults unhealed", where=where, mend=mend)
    for spec in lab.plan.awake():
        if (seen := readiness.seen(lab.substrate, spec.name.role, spec.address, by, patient=True)) is not None:
            raise UsageError(f"{spec.name} is not ready: {seen}", where=where, mend=mend)
    serving = {server.name for server in lab.loadbalancer().servers(by) or [] if server.is_serving}
    if missing := [str(name) for name in names if str(name) not in serving]:
        raise UsageError(f"the load balancer does not serve {', '.join(missing)}", where=where, mend=mend)


def _folder(lab: str) -> Path:
    return paths.lab(lab) / "runs"


def new_run() -> str:
    """A name that no other run has."""
    return f"{time.strftime('%y%m%d%H%M%S')}{secrets.token_hex(2)}"


def ground_of(lab: Deployment) -> Ground:
    """What faults of this lab are made on."""

    def revive(name: NodeName, by: Deadline) -> None:
        is_there = lab.states(by).get(name) is State.RUNNING
        # Somebody else may have given it a successor by now, whose users are not to lose it.
        if is_there and readiness.seen(lab.substrate, name.role, lab.plan.node(name).address, by, patient=True) is None:
            return
        workers.replace(lab, name, lambda _: None, by)

    return Ground(lab.lab, lab.plan, lab.substrate, lab.loadbalancer(), revive)


def _schedule(asked: Asked, ground: Ground, by: Deadline) -> list[Planned]:
    """The faults of the run; those that cannot be made here are an error, or are not drawn at random."""
    nodes = [spec.name for spec in ground.plan.awake()]
    wanted = set(asked.faults) - {catalogue.RANDOM}
    asking = catalogue.FAULTS if catalogue.RANDOM in asked.faults else wanted
    impossible = catalogue.impossible(ground, asking, by)
    for name in sorted(wanted & impossible.keys()):
        raise UsageError(f"{name}: {impossible[name]}", where="--fault", mend="choose another fault or substrate")
    possible = [name for name in catalogue.FAULTS if name not in impossible]
    return catalogue.schedule(asked.faults, asked.kills, possible, nodes, asked.seed)


class _Run:
    """One run, from its first write to its journal's end."""

    def __init__(
        self,
        lab: Deployment,
        ground: Ground,
        plan: Plan,
        schedule: Sequence[Planned],
        watch: Watch,
        report: Report,
        hear: Callable[[Ended], None] = lambda _: None,
        until: Callable[[], bool] = lambda: False,
    ) -> None:
        self._lab, self._ground, self._plan, self._schedule = lab, ground, plan, schedule
        self._watch, self._report, self._hear, self._until = watch, report, hear, until
        self._injected = 0
        self._doing = _UNDISTURBED

    def go(self, duration_s: float, by: Deadline) -> Path:
        path = _folder(self._lab.lab) / f"{self._plan.run}.jsonl"
        url = self._lab.substrate.url(self._lab.plan)
        self._report(f"run {self._plan.run}: {self._plan.rate:g} requests a second, seed {self._plan.seed}")
        with Journal(path, self._header(duration_s, by)) as journal:
            try:
                with Traffic(url, self._plan, journal, hear=self._hear, sticky=self._lab.is_sticky) as traffic:
                    self._ground = replace(self._ground, unanswered=traffic.unanswered, in_doubt=traffic.notes.in_doubt)
                    # Also where the run itself waits for a node.
                    with meanwhile(lambda _: self._show(traffic), _TELL_S):
                        self._have_visited(journal, traffic, duration_s, by)
                read_all(self._lab, traffic.sessions, journal, self._report)
                journal.end()
            except LabError as problem:
                # The verdict is the journal's to give: what has no end record is unknown.
                self._report(f"the run ends here: {problem}")
        return path

    def _have_visited(self, journal: Journal, traffic: Traffic, duration_s: float, by: Deadline) -> None:
        for spec in self._lab.plan.awake():
            self._note_node(journal, spec.name, records.READY)
        # A plan that is no longer than the run is followed to its end.
        if self._plan.duration_s > duration_s:
            self._inject_all(journal, traffic, by)
            self._keep_calm(traffic, until=lambda: journal.now_s() > duration_s)
            traffic.stop()
        while traffic.is_going():
            if self._until():
                traffic.stop()
            time.sleep(_TELL_S)
        traffic.join()

    def _header(self, duration_s: float, by: Deadline) -> Header:
        plan = self._plan
        return Header(
            run=plan.run,
            lab=self._lab.lab,
            substrate=self._lab.substrate.name,
            mode=str(self._lab.plan.mode),
            accelerator=self._lab.substrate.accelerator(by),
            seed=plan.seed,
            rate=plan.rate,
            duration_s=duration_s,
            began_at=time.time(),
            planned=tuple(planned.fault for planned in self._schedule),
            targets=tuple(str(planned.target) for planned in self._schedule),
            worker_connections=self._lab.deployed.topology.worker.max_connections,
        )

    def _inject_all(self, journal: Journal, traffic: Traffic, by: Deadline) -> None:
        if self._schedule:
            self._await_writes(traffic)
        for number, planned in enumerate(self._schedule):
            self._keep_calm(traffic, until=Deadline.after(_CALM_S, "calm").is_over)
            fault = catalogue.of(self._ground, planned)
            self._inject(NotedFault(number, fault, journal, self._report), traffic, by)
        self._keep_calm(traffic, until=Deadline.after(_CALM_S, "calm").is_over)

    def _inject(self, noted: NotedFault, traffic: Traffic, by: Deadline) -> None:
        self._doing = noted.title
        with noted.noted():
            self._make_and_heal(noted, traffic, by)
            self._doing = "waiting for all nodes"
            self._await_whole(by.at_most(_WHOLE_S, f"{_WHOLE_S:g} s for the lab to be whole again"))
        self._note_node(noted.journal, noted.fault.target, records.READY)
        self._injected, self._doing = self._injected + 1, _UNDISTURBED

    def _make_and_heal(self, noted: NotedFault, traffic: Traffic, by: Deadline) -> None:
        fault, planned = noted.fault, Planned(noted.fault.name, noted.fault.target)
        with injection.injected(self._ground, planned, open_faults(self._lab), self._report, by) as injected:
            if not fault.shows_late:
                noted.see(injected)
            self._note_node(noted.journal, fault.target, str(self._ground.state(fault.target, by)))
            self._keep_calm(traffic, until=Deadline.after(fault.hold_s, "fault held").is_over)
            if fault.shows_late:
                noted.see(injected.confirmed(by))

    def _await_writes(self, traffic: Traffic) -> None:
        """A fault that strikes before each kind of write was acknowledged could not lose what was not there."""
        wait_s = _BEGIN_S + _BEGIN_REQUESTS / self._plan.rate
        late = Deadline.after(wait_s, f"{wait_s:.0f} s")
        self._keep_calm(traffic, until=lambda: traffic.tally().kinds == set(What) or late.is_over())
        if missing := set(What) - traffic.tally().kinds:
            raise LabError(
                f"no {' and no '.join(sorted(missing))} was acknowledged within {late.label}, so no fault was made",
                where=f"lab {self._lab.lab} on {self._lab.substrate.name}",
                mend="read the logs of its workers",
            )

    def _note_node(self, journal: Journal, name: NodeName, state: str) -> None:
        # A node that runs is drawn as ready: what else may be wrong with it, the fault's own mark tells.
        journal.append(records.node(journal.now_s(), str(name), records.READY if state == State.RUNNING else state))

    def _await_whole(self, by: Deadline) -> None:
        serving = [spec.name for spec in self._lab.plan.workers()]
        for spec in self._lab.plan.awake():
            readiness.await_node(self._lab, spec.name, lambda _: None, by)
        for name in serving:
            readiness.await_store_reached(self._lab, name, by)
        readiness.await_serving(self._lab, serving, lambda _: None, by)

    def _keep_calm(self, traffic: Traffic, *, until: Callable[[], bool]) -> None:
        while not until():
            if not traffic.is_going():
                traffic.join()
                raise LabError("the visitors are gone", where=f"run {self._plan.run}", mend="run it again")
            time.sleep(_TELL_S)

    def _show(self, traffic: Traffic) -> None:
        self._watch(Progress(self._doing, self._injected, len(self._schedule), traffic.tally()))
