"""A lab as a small queueing model: requests that come at random, workers that take time to boot and to drain."""

import math
import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Self

from lab.loadbalancer.gauge import Sample
from lab.model.node import NodeName, Role
from lab.scaling import capacity, loads
from lab.scaling.decide import decide, history_s
from lab.scaling.decisions import Decision, Finish, Grow, Hold, Memory, Refill, Replace, Shrink
from lab.scaling.limits import Limits
from lab.scaling.places import Fleet


def worker(number: int) -> NodeName:
    return NodeName(Role.WORKER, number)


def workers(*numbers: int) -> tuple[NodeName, ...]:
    return tuple(worker(number) for number in numbers)


def sample(at_s: float, concurrency: int, rate: int = 0) -> Sample:
    return Sample(at_s, concurrency, 0, rate, 0, 0, 0, {})


@dataclass
class Lab:
    """`per_s` requests a second is what one worker can do; it takes `boot_s` to come and `drain_s` to go.

    Requests come at random and each is the same work: a turn is the time that a worker takes for one, and whichever is
    free takes the next one, as with `leastconn`. What was decided stands in `made`, what is wrong with
    any of it is asserted at once.
    """

    limits: Limits
    rate: Callable[[float], float]
    per_s: int = 10
    boot_s: float = 4.0
    drain_s: float = 2.0
    seed: int = 1
    count: int = 1
    now_s: float = 0.0
    waiting: int = 0
    made: list[tuple[float, Decision]] = field(default_factory=list)
    counts: list[int] = field(default_factory=list)
    backlog: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)
        self._fleet = Fleet(serving=workers(*range(1, self.count + 1)))
        self._samples: list[Sample] = []
        self._memory = Memory(changed_at_s=0.0)
        self._adding: tuple[float, Decision, tuple[NodeName, ...]] | None = None
        self._removing: tuple[float, Decision] | None = None

    @property
    def fleet(self) -> Fleet:
        return self._fleet

    def run(self, seconds: float) -> Self:
        for _ in range(round(seconds)):
            self._second()
        return self

    def die(self, number: int) -> None:
        """A worker ends without warning."""
        gone = worker(number)
        serving = tuple(name for name in self._fleet.serving if name != gone)
        self._fleet = replace(self._fleet, serving=serving, dead=(*self._fleet.dead, gone))

    def _second(self) -> None:
        arrived, there = self._serve()
        self.now_s += 1
        self._samples.append(sample(self.now_s, there, arrived))
        if self.now_s - self._samples[0].at_s > 1.2 * history_s(self.limits):
            self._samples = loads.since(self._samples, self.now_s - history_s(self.limits))
        self._advance()
        full = capacity.full(self._samples, len(self._fleet.serving), self.limits)
        self._memory = self._memory.seen(self._fleet, full, self._samples)
        self._decide()
        self.counts.append(len(self._fleet.serving))
        self.backlog.append(self.waiting)

    def _serve(self) -> tuple[int, int]:
        """How many requests came in this second, and how many are there at its end; who waits is kept in `waiting`."""
        arrived, there = 0, 0
        mean = self.rate(self.now_s) / self.per_s
        for _ in range(self.per_s):
            came = self._poisson(mean)
            there = self.waiting + came
            self.waiting = there - min(there, len(self._fleet.serving))
            arrived += came
        return arrived, there

    def _advance(self) -> None:
        if self._adding and self.now_s >= self._adding[0]:
            _, decision, names = self._adding
            warming = tuple(name for name in self._fleet.warming if name not in names)
            self._fleet = replace(self._fleet, warming=warming, serving=(*self._fleet.serving, *names))
            self._memory, self._adding = self._memory.ended(decision, self.now_s), None
        if self._removing and self.now_s >= self._removing[0]:
            _, decision = self._removing
            self._fleet = replace(self._fleet, draining=())
            self._memory, self._removing = self._memory.ended(decision, self.now_s), None

    def _decide(self) -> None:
        decision = decide(self._samples, self._fleet, self.limits, self.now_s, self._memory)
        check(decision, self._fleet, self.limits, self._memory)
        if isinstance(decision, Hold):
            return
        self.made.append((self.now_s, decision))
        self._memory = self._memory.begun(decision)
        match decision:
            case Grow(count=count):
                self._boot(decision, self._new(count))
            case Replace(names=names):
                self._fleet = replace(self._fleet, dead=tuple(set(self._fleet.dead) - {*names}))
                self._boot(decision, names)
            case Shrink(victim=victim):
                serving = tuple(name for name in self._fleet.serving if name != victim)
                self._fleet = replace(self._fleet, serving=serving, draining=(victim,))
                self._removing = self.now_s + self.drain_s, decision
            case Finish() | Refill():
                raise AssertionError(f"{decision} in a lab where nothing asks for it")

    def _boot(self, decision: Decision, names: tuple[NodeName, ...]) -> None:
        self._fleet = replace(self._fleet, warming=(*self._fleet.warming, *names))
        self._adding = self.now_s + self.boot_s, decision, names

    def _new(self, count: int) -> tuple[NodeName, ...]:
        there = {*self._fleet.serving, *self._fleet.warming, *self._fleet.draining, *self._fleet.dead}
        free = (number for number in range(1, 1000) if worker(number) not in there)
        return tuple(worker(next(free)) for _ in range(count))

    def _poisson(self, mean: float) -> int:
        """Knuth's way, which suits small means; a normal draw for large ones."""
        if mean > 30:
            return max(0, round(self._random.gauss(mean, math.sqrt(mean))))
        limit, product, count = math.exp(-mean), self._random.random(), 0
        while product > limit:
            product *= self._random.random()
            count += 1
        return count


FEW = 6.0
"""Below so many requests a second too little comes in a minute to tell from it what usually comes."""


def back_at_most(rate: float) -> int:
    """How often chance may bring back one and the same worker under a steady load of so many requests a second."""
    return 1 if rate >= FEW else 3


def taken_back(made: list[tuple[float, Decision]]) -> list[int]:
    """The numbers of workers that were gone down to, and then found too few before anything else was done."""
    decisions = [decision for _, decision in made]
    pairs = pairwise(decisions)
    return [before.wanted for before, after in pairs if isinstance(before, Shrink) and isinstance(after, Grow)]


def check(decision: Decision, fleet: Fleet, limits: Limits, memory: Memory) -> None:
    """What holds of each decision, whatever it was decided from."""
    left = [name for name in (*fleet.serving, *fleet.warming, *fleet.frozen, *fleet.dead) if name != memory.removing]
    assert decision.why
    match decision:
        case Grow(count=count):
            assert count > 0
            assert not memory.adding
            assert len(left) + count <= limits.most
        case Replace(names=names):
            assert names
            assert {*names} <= {*fleet.dead}
            assert len(left) - len(fleet.dead) + len(names) <= limits.most
        case Finish(names=names):
            assert names
            assert {*names} <= {*fleet.warming}
        case Refill(size=size):
            asleep, pool = len(fleet.asleep), limits.pool
            there = asleep + len(fleet.sleepy)
            is_asked_for = pool is not None and (asleep < size <= pool or size == pool < there)
            is_put_to_sleep = size == there if pool is None else asleep < size == min(there, pool)
            only_unfit_go = size == asleep and (fleet.outdated or fleet.lost)
            assert is_asked_for or is_put_to_sleep or only_unfit_go
            assert not any((memory.adding, memory.removing, memory.refilling)), "only while there is nothing else to do"
        case Shrink(victim=victim):
            assert memory.removing is None, "one at a time"
            assert not any((memory.adding, memory.refilling)), "nothing goes while something comes"
            assert victim in {*fleet.serving, *fleet.draining, *fleet.dead}
            assert victim in fleet.draining or len(left) - 1 >= limits.least
            if victim in fleet.serving:
                serving = [name for name in fleet.serving if name != memory.removing]
                assert len(serving) - 1 >= limits.least, "who warms is no capacity"
                assert not fleet.warming + fleet.frozen, "nothing goes while something comes"
