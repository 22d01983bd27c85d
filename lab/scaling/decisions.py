"""What can be decided about a fleet, each with its reason; what it is decided from besides figures."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from lab.loadbalancer.gauge import Sample
from lab.model.node import NodeName
from lab.scaling import loads
from lab.scaling.capacity import Full
from lab.scaling.limits import STABLE_S
from lab.scaling.places import Fleet

_LACKS = 50
_FULLS = 20
"""Only the latest seconds: what a request costs may change."""


@dataclass(frozen=True)
class Decision:
    """`wanted` workers in all, and why."""

    wanted: int
    why: str


@dataclass(frozen=True)
class Hold(Decision):
    """Nothing is to be done now."""


@dataclass(frozen=True)
class Lack:
    """`workers` were too few for `rate` requests a second, or for more."""

    at_s: float
    workers: int
    rate: float

    def is_refuted(self, samples: Sequence[Sample]) -> bool:
        """Whether it was no chance: until a minute after it was learnt, clearly more came within a minute."""
        if not samples or (now_s := samples[-1].at_s) - self.at_s > STABLE_S:
            return False
        return loads.has_risen(loads.since(samples, now_s - STABLE_S), self.rate)


@dataclass(frozen=True)
class Grow(Decision):
    """`count` workers more; `lack` is what was learnt of those there are, where one was taken away too early."""

    count: int
    lack: Lack | None = None


@dataclass(frozen=True)
class Replace(Decision):
    """Successors for workers that died."""

    names: tuple[NodeName, ...]


@dataclass(frozen=True)
class Finish(Decision):
    """Workers that run, and that nobody brings into service, are to be brought there."""

    names: tuple[NodeName, ...]


@dataclass(frozen=True)
class Refill(Decision):
    """The warm pool is to have `size` workers: those that are there, one more, or as few as it is to have."""

    size: int


@dataclass(frozen=True)
class Shrink(Decision):
    """This worker is to be drained, and then to go. `doubt` is what has been learnt if the others turn out too few,
    where little load was the reason."""

    victim: NodeName
    doubt: Lack | None = None


@dataclass(frozen=True)
class Memory:
    """What a decision has to know of earlier ones: when the last change ended (or the watch began), which workers were
    found too few, which were to be brought into service already, and what is under way now: workers that are added,
    one that is removed, one that is made for the pool. After a failed change nothing is removed or made for the pool
    before `retry_at_s`; after one that was to add workers, none is added either before `retry_add_at_s`. Besides, who
    served at the last look, what workers that were full served, and the doubt about the last removal."""

    changed_at_s: float
    lacks: tuple[Lack, ...] = ()
    finished: frozenset[NodeName] = frozenset()
    adding: bool = False
    removing: NodeName | None = None
    retry_at_s: float = 0.0
    refilling: bool = False
    retry_add_at_s: float = 0.0
    serving: tuple[NodeName, ...] = ()
    fulls: tuple[Full, ...] = ()
    doubt: Lack | None = None

    def begun(self, decision: Decision) -> "Memory":
        """After the work on a decision began."""
        match decision:
            case Grow(lack=lack):
                return replace(self, adding=True, lacks=(*self.lacks[-_LACKS:], *([lack] if lack else [])))
            case Finish(names=names):
                # Who hangs, or boots for minutes, keeps nobody else from coming.
                return replace(self, finished=self.finished | {*names})
            case Replace():
                return replace(self, adding=True)
            case Refill():
                return replace(self, refilling=True)
            case Shrink(victim=victim, doubt=doubt):
                return replace(self, removing=victim, doubt=doubt)
        return self

    def seen(self, fleet: Fleet, full: Full | None, samples: Sequence[Sample]) -> "Memory":
        """After a look: what workers that were full served counts where the same ones served at the look before. Should
        one that came into service leave it later, it is brought back once more, as is the successor of one that went.
        What a crowd made one believe is unlearnt where it goes on."""
        is_same = fleet.serving == self.serving and not fleet.draining
        fulls = (*self.fulls, full)[-_FULLS:] if full and is_same else self.fulls
        lacks = tuple(lack for lack in self.lacks if not lack.is_refuted(samples))
        return replace(self, finished=self.finished & {*fleet.warming}, fulls=fulls, serving=fleet.serving, lacks=lacks)

    def ended(self, decision: Decision, now_s: float) -> "Memory":
        """After a decision was carried out. A worker more in the pool, or a dead one's successor, is no new number."""
        match decision:
            case Grow():
                return replace(self, adding=False, changed_at_s=now_s)
            case Replace():
                return replace(self, adding=False)
            case Refill():
                return replace(self, refilling=False)
            case Shrink():
                return replace(self, removing=None, changed_at_s=now_s)
        return self

    def failed(self, decision: Decision, now_s: float, pause_s: float) -> "Memory":
        """After a decision could not be carried out."""
        ended = replace(self.ended(decision, now_s), retry_at_s=now_s + pause_s)
        if isinstance(decision, Finish):
            return replace(ended, finished=ended.finished - {*decision.names})
        # A drain that failed keeps nobody from coming.
        return replace(ended, retry_add_at_s=ended.retry_at_s) if isinstance(decision, Grow | Replace) else ended
