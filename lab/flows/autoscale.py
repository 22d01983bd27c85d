"""`lab autoscale`: gather, decide, apply, once a second. It keeps no state of its own: killed at any point and started
again, it goes on from what the engine, the record and the load balancer tell."""

import math
import random
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from lab.flows import autoscaler, deployment, fleet, leases, unfinished
from lab.flows.deployment import Deployment
from lab.flows.fleet import ScaleIn
from lab.host import processes
from lab.loadbalancer import gauge
from lab.loadbalancer.gauge import Sample
from lab.model.deadline import Deadline
from lab.model.errors import LabError, UnknownError, UsageError
from lab.model.node import Mode
from lab.model.topology import WORKERS_AT_MOST
from lab.scaling import capacity, loads
from lab.scaling import limits as limiting
from lab.scaling.decide import decide, history_s
from lab.scaling.decisions import Decision, Finish, Grow, Hold, Memory, Refill, Replace, Shrink
from lab.scaling.limits import Limits, Victim
from lab.scaling.news import News
from lab.scaling.places import Fleet
from lab.substrates.base import Report
from lab.timeline.events import Event, Kind

PERIOD_S = 1.0
_LOOK_S = 5.0
"""For one look at engine and load balancer; what does not answer within it is asked again the next time."""

_CHANGE_S = 600.0
"""For one change besides the wait for users' sessions: five times what an emulated machine takes to come."""

_PAUSE_S = 5.0
"""After a change that failed, before the next one."""


@dataclass(frozen=True)
class Asked:
    """What an autoscaler is to do: which lab, within which limits, what becomes of a worker that goes, and how long its
    users' sessions are awaited where users stay with their worker."""

    lab: str
    substrate: str
    limits: Limits
    how: ScaleIn
    delay_s: float


@dataclass(frozen=True)
class Look:
    """What was seen and decided; `sample` is None where the load balancer did not answer, `errors` are a second."""

    sample: Sample | None
    errors: float
    fleet: Fleet
    decision: Decision


Watch = Callable[[Look], None]


def limits_of(lab: str, substrate: str, limits: Limits, target: float | None, delay_s: float) -> Limits:
    """The limits with the target asked for, or half of what a worker takes at a time; raises UsageError for limits that
    nobody can keep, and for a lab whose workers keep what users gave them."""
    if not 0 <= delay_s < math.inf:
        raise UsageError(f"nobody can wait {delay_s:g} s", where="--deregistration-delay", mend="say 0 or more seconds")
    limiting.checked(replace(limits, target=1.0 if target is None else target), WORKERS_AT_MOST)
    found = deployment.load(lab, substrate)
    if found.deployed.mode is Mode.STATEFUL:
        raise UsageError(
            f"the workers of lab {lab} on {substrate} keep what users gave them, so none of them may go",
            where=f"lab {lab}",
            mend="autoscale a lab that was brought up without --stateful",
        )
    share = found.deployed.topology.worker.max_connections * limiting.TARGET_SHARE
    return replace(limits, target=share if target is None else target)


def run(asked: Asked, watch: Watch, report: Report, until: Callable[[], bool] = lambda: False) -> None:
    """Keeps the lab within its limits until it is interrupted, or `until` says so, or the lab is gone.

    Raises UsageError, naming the holder, where another autoscaler or a run of the proof is at work on the lab.
    """
    with autoscaler.alone(asked.lab, asked.substrate):
        lab = deployment.load(asked.lab, asked.substrate)
        _disown_sleepers(lab, report)
        loop = _Autoscaler(asked, watch, report)
        _note(lab, Kind.CHANGE, autoscaler.LEASE, why=f"began: {asked.limits.in_words()}")
        try:
            while not until():
                begun = time.monotonic()
                loop.turn(deployment.load(asked.lab, asked.substrate))
                # Not evenly: visitors who come evenly would be looked at in the same moment of their step each time.
                pause_s = PERIOD_S * random.uniform(0.7, 1.3)
                time.sleep(max(0.0, begun + pause_s - time.monotonic()))
        finally:
            _note(lab, Kind.CHANGE, autoscaler.LEASE, why="ended")


def _disown_sleepers(lab: Deployment, report: Report) -> None:
    """A worker that an interrupted autoscaler was about to wake is the warm pool's again, to be woken when needed. In a
    lab that sleeps as a whole nothing is changed."""
    by = Deadline.after(_CHANGE_S, "the lab's lock")
    holder = autoscaler.holding(lab.plan.substrate)
    with deployment.changing(lab.lab, holder, by, patience_s=by.left(), is_brief=True):
        lab = deployment.load(lab.lab, lab.plan.substrate)
        try:
            left = fleet.seen(lab, by).frozen
        except UnknownError:
            return
        if left:
            report(f"{', '.join(map(str, left))} sleeps though it was to be woken: back to the warm pool")
            pool = [name.index for name in {*lab.plan.pool, *left}]
            deployment.restaff(lab, [name.index for name in lab.plan.worker_names - {*left}], pool)


class _Work:
    """One change of the lab, in a thread of its own."""

    def __init__(self, decision: Decision, change: Callable[[], object]) -> None:
        self.decision = decision
        self.failed: BaseException | None = None
        self._change = change
        # An interrupted autoscaler does not wait for it: what is left half done, the next one picks up.
        self._thread = threading.Thread(target=self._work, name="change", daemon=True)
        self._thread.start()

    @property
    def is_done(self) -> bool:
        return not self._thread.is_alive()

    def _work(self) -> None:
        try:
            self._change()
        except BaseException as failed:  # noqa: BLE001 - the loop raises what is a bug of ours
            self.failed = failed


class _Autoscaler:
    """The loop's turns. One change that adds and one that removes can be under way: who waits for the last sessions on
    a worker must not keep others from coming."""

    def __init__(self, asked: Asked, watch: Watch, report: Report) -> None:
        self._asked, self._watch, self._report = asked, watch, report
        self._samples: list[Sample] = []
        self._memory = Memory(changed_at_s=processes.now_s())
        self._under_way: list[_Work] = []
        self._news = News()
        self._problem = ""

    def turn(self, lab: Deployment) -> None:
        """Looks once, decides, and begins what was decided."""
        self._take_in_results()
        try:
            sample, seen = self._gather(lab)
        except LabError as problem:
            self._tell_problem(lab, problem)
            return
        self._problem = ""
        full = capacity.full(self._samples, len(seen.serving), self._asked.limits) if sample else None
        self._memory = self._memory.seen(seen, full, self._samples)
        decision = self._decide(lab, seen)
        look = Look(sample, self._errors(), seen, decision)
        self._note(lab, look)
        self._watch(look)
        self._apply(lab, seen, decision)

    def _take_in_results(self) -> None:
        for work in [work for work in self._under_way if work.is_done]:
            self._under_way.remove(work)
            if work.failed is None:
                self._memory = self._memory.ended(work.decision, processes.now_s())
            elif not isinstance(work.failed, LabError):
                raise work.failed
            else:
                self._report(f"that failed: {work.failed}")
                self._memory = self._memory.failed(work.decision, processes.now_s(), _PAUSE_S)

    def _gather(self, lab: Deployment) -> tuple[Sample | None, Fleet]:
        look = Deadline.after(_LOOK_S, f"one look: {_LOOK_S:g} s")
        # Asked for only where something is decided by it: it takes a command in the load balancer's node.
        whose = lab.is_sticky and self._asked.limits.victim is Victim.FEWEST
        # Side by side: each takes its time where machines are emulated, and the next turn waits for both.
        with ThreadPoolExecutor(1) as beside:
            reading = beside.submit(gauge.read, lab.loadbalancer(), look, whose=whose)
            try:
                seen = fleet.seen(lab, look)
            finally:
                self._keep(sample := reading.result())
        return sample, seen

    def _keep(self, sample: Sample | None) -> None:
        if sample is not None:
            oldest = sample.at_s - history_s(self._asked.limits)
            self._samples = [*loads.since(self._samples, oldest), sample]

    def _decide(self, lab: Deployment, seen: Fleet) -> Decision:
        decision = decide(self._samples, seen, self._asked.limits, processes.now_s(), self._memory)
        return decision if isinstance(decision, Hold) else self._beside_others(lab, seen, decision)

    def _beside_others(self, lab: Deployment, seen: Fleet, decision: Decision) -> Decision:
        """The decision, or that it waits for what another process does to the lab."""
        # Whoever is to be there is written down first: until they are made, they look like who died. And who is to be
        # made anew looks like one whose drain was left.
        is_theirs = decision.victim not in seen.serving if isinstance(decision, Shrink) else False
        other = leases.changed_by(lab.lab) if is_theirs or isinstance(decision, Replace) else None
        if leases.is_refreshing(lab.lab, self._asked.substrate):
            other = leases.REFRESH
        if other is None:
            return decision
        why = "who is missing may be about to come" if isinstance(decision, Replace) else f"after it: {decision.why}"
        return Hold(decision.wanted, f"`lab {other}` is at work; {why}")

    def _apply(self, lab: Deployment, seen: Fleet, decision: Decision) -> None:
        report, how, delay_s = self._report, self._asked.how, self._asked.delay_s
        by = Deadline.after(_CHANGE_S, f"one change: {_CHANGE_S:g} s")
        match decision:
            case Grow(count=count, wanted=wanted):
                self._begin(decision, lambda: self._add(lab, lambda: fleet.grow(lab, count, report, by, to=wanted)))
            case Replace(names=names):
                self._begin(decision, lambda: self._add(lab, lambda: fleet.replace_dead(lab, names, report, by)))
            case Finish(names=names):
                self._begin(decision, lambda: fleet.finish(lab, names, report, by))
            case Refill(size=size):
                self._begin(decision, lambda: fleet.fill_pool(lab, size, report, by))
            case Shrink(victim=victim):
                long = Deadline.after(_CHANGE_S + delay_s, f"one change: {_CHANGE_S + delay_s:g} s")
                was, least = seen.place_of(victim), self._asked.limits.least
                self._begin(
                    decision, lambda: fleet.shrink(lab, victim, how, delay_s, report, long, was=was, least=least)
                )

    def _add(self, lab: Deployment, add: Callable[[], object]) -> None:
        try:
            add()
        except LabError:
            # Who could not be woken is wanted in service by now, and would be left asleep for good.
            _disown_sleepers(lab, self._report)
            raise

    def _begin(self, decision: Decision, change: Callable[[], object]) -> None:
        if isinstance(decision, Grow | Shrink):
            # What a refresh that was cut off had found says no more how many workers there are to be.
            unfinished.count_anew(self._asked.lab, self._asked.substrate)
        self._report(f"{words(decision)}: {decision.why}")
        self._memory = self._memory.begun(decision)
        self._under_way.append(_Work(decision, change))

    def _errors(self) -> float:
        """Errors a second between the last two samples; a load balancer that was started anew counts from zero."""
        if len(self._samples) < 2:
            return 0.0
        before, now = self._samples[-2:]
        return max(0, now.errors - before.errors) / (now.at_s - before.at_s)

    def _span_s(self) -> float:
        """The seconds that the last sample stands for: those since the one before. What nobody looked at for longer
        than one look may take is not told of."""
        if len(self._samples) < 2:
            return PERIOD_S
        before, now = self._samples[-2:]
        return round(min(now.at_s - before.at_s, _LOOK_S), 2)

    def _note(self, lab: Deployment, look: Look) -> None:
        decision, now_s = look.decision, processes.now_s()
        if (sample := look.sample) is not None:
            figures = {"users": sample.users, "requests": sample.rate, "errors": round(look.errors, 2)}
            state = {"workers": len(look.fleet.serving), "queue": sample.queued, "sessions": sample.sessions}
            times = {"response_ms": sample.response_ms, "span_s": self._span_s()}
            decided = {"decision": words(decision), "why": decision.why}
            at = time.time() - (now_s - sample.at_s)
            lab.timeline().note(Event(at, Kind.SAMPLE, autoscaler.LEASE, figures | state | times | decided))
        if self._news.is_news(decision, now_s):
            _note(lab, Kind.DECISION, words(decision), why=decision.why, wanted=decision.wanted)
            self._news = self._news.after(decision, now_s)

    def _tell_problem(self, lab: Deployment, problem: LabError) -> None:
        if problem.message != self._problem:
            what, why = "nothing can be decided", problem.message.splitlines()[0]
            self._report(f"{what}: {why}")
            _note(lab, Kind.DECISION, what, why=why)
            self._news = News()  # what is decided next is news, also where it is what was decided before
        self._problem = problem.message


def words(decision: Decision) -> str:
    """What was decided, in a few words."""
    match decision:
        case Grow(count=count, wanted=wanted):
            return f"add {count}, to {wanted}"
        case Replace(names=names):
            return f"replace {', '.join(map(str, names))}"
        case Finish(names=names):
            return f"bring {', '.join(map(str, names))} into service"
        case Refill(size=size):
            return f"fill the warm pool to {size}" if size else "empty the warm pool"
        case Shrink(victim=victim, wanted=wanted):
            return f"remove {victim}, to {wanted}"
    return f"keep {decision.wanted}"


def _note(lab: Deployment, kind: Kind, what: str, **fields: object) -> None:
    lab.timeline().note(Event(time.time(), kind, what, fields))
