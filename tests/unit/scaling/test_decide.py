"""Each decision and its reason, as a table."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from lab.loadbalancer.gauge import Sample
from lab.scaling.capacity import Full
from lab.scaling.decide import decide
from lab.scaling.decisions import Decision, Finish, Grow, Hold, Lack, Memory, Replace, Shrink
from lab.scaling.places import Fleet
from tests.unit.scaling.queueing import sample, worker, workers
from tests.unit.scaling.situations import LIMITS, LONG_AGO, NOW, steadily, then

TWO = Fleet(serving=workers(1, 2))

ROWS: dict[str, tuple[Sequence[Sample], Fleet, Memory, Decision]] = {
    "a sudden breach": (
        then(steadily(2), 20, 40),
        Fleet(serving=workers(1)),
        LONG_AGO,
        Grow(4, "20.7 requests at a time in the last 3 s need 6 workers", 3),
    ),
    "a breach of one sample is chance": (
        then(steadily(0), 50),
        TWO,
        LONG_AGO,
        Hold(2, "up to 16.7 requests at a time in the last 60 s need 5 workers"),
    ),
    "a breach right after a change, seen by one sample": (
        steadily(50),
        TWO,
        Memory(NOW - 1),
        Hold(2, "looking at the load for another 59 s before a worker may go"),
    ),
    "a backlog that is worked off": (
        then(steadily(0), 60, 40, 20),
        TWO,
        LONG_AGO,
        Hold(2, "up to 40.0 requests at a time in the last 60 s need 10 workers"),
    ),
    "a breach that lasts": (
        steadily(9),
        TWO,
        LONG_AGO,
        Grow(3, "9.0 requests at a time throughout the last 60 s need 3 workers", 1),
    ),
    "a breach that does not last yet": (
        steadily(9),
        TWO,
        Memory(NOW - 30),
        Hold(2, "looking at the load for another 30 s before a worker may go"),
    ),
    "a breach with everybody there": (
        then(steadily(0), 90, 90),
        Fleet(serving=workers(1, 2, 3, 4)),
        LONG_AGO,
        Hold(4, "60.0 requests at a time in the last 3 s need 15 workers, and --max is 4"),
    ),
    "a breach for which enough workers are warming": (
        then(steadily(2), 14, 18),
        Fleet(serving=workers(1), warming=workers(2, 3)),
        replace(LONG_AGO, finished=frozenset(workers(2, 3))),
        Hold(3, "11.3 requests at a time in the last 3 s need 3 workers, of which 3 are there"),
    ),
    "a breach while workers are made": (
        then(steadily(2), 20, 40),
        Fleet(serving=workers(1)),
        replace(LONG_AGO, adding=True),
        Hold(1, "workers are on their way"),
    ),
    "a breach while the warm pool is filled": (
        then(steadily(2), 20, 40),
        Fleet(serving=workers(1)),
        replace(LONG_AGO, refilling=True),
        Grow(4, "20.7 requests at a time in the last 3 s need 6 workers", 3),
    ),
    "a breach while one drains": (
        then(steadily(2), 20, 40),
        Fleet(serving=workers(1), draining=workers(2)),
        replace(LONG_AGO, removing=worker(2)),
        Grow(4, "20.7 requests at a time in the last 3 s need 6 workers", 3),
    ),
    "no load": (
        steadily(0),
        TWO,
        LONG_AGO,
        Shrink(1, "0.0 requests at a time in the last 60 s fit 1 worker", worker(2), Lack(NOW, 1, 10.0)),
    ),
    "no load within the cooldown": (
        steadily(0),
        TWO,
        Memory(NOW - 10),
        Hold(2, "looking at the load for another 50 s before a worker may go"),
    ),
    "no load while workers are made": (
        steadily(0),
        TWO,
        replace(LONG_AGO, adding=True),
        Hold(2, "workers are on their way"),
    ),
    "no load while the warm pool is filled": (
        steadily(0),
        TWO,
        replace(LONG_AGO, refilling=True),
        Hold(2, "a worker is on its way to the warm pool"),
    ),
    "no load while one warms": (
        steadily(0),
        Fleet(serving=workers(1, 2), warming=workers(3)),
        replace(LONG_AGO, finished=frozenset(workers(3))),
        Hold(3, "worker-3 is not in service yet"),
    ),
    "no load while one sleeps that is to serve": (
        steadily(0),
        Fleet(serving=workers(1, 2), frozen=workers(3)),
        LONG_AGO,
        Hold(3, "worker-3 sleeps and is wanted in service"),
    ),
    "no load while one drains": (
        steadily(0),
        Fleet(serving=workers(1, 2), draining=workers(3)),
        replace(LONG_AGO, removing=worker(3)),
        Hold(2, "worker-3 is draining"),
    ),
    "no load at the minimum": (
        steadily(0),
        Fleet(serving=workers(1)),
        LONG_AGO,
        Hold(1, "1 worker, and --min is 1"),
    ),
    "a load that one would hardly bear": (
        steadily(1, rate=1),
        TWO,
        LONG_AGO,
        Hold(2, "1 worker would soon have 4.8 requests at a time each, too near to 4"),
    ),
    "a load that one could not bear": (
        steadily(2, rate=1),
        TWO,
        LONG_AGO,
        Hold(2, "1 worker would not keep up with 2.0 requests at a time"),
    ),
    "a load that one did not bear": (
        steadily(0, rate=10),
        TWO,
        replace(LONG_AGO, lacks=(Lack(NOW - 600, 1, 11.0),)),
        Hold(2, "11 requests a second were too many for 1 worker"),
    ),
    "a load that one did not bear an hour ago": (
        steadily(0, rate=10),
        TWO,
        replace(LONG_AGO, lacks=(Lack(NOW - 4000, 1, 11.0),)),
        Shrink(1, "0.0 requests at a time in the last 60 s fit 1 worker", worker(2), Lack(NOW, 1, 10.0)),
    ),
    "a smaller load than one did not bear": (
        steadily(0, rate=10),
        TWO,
        replace(LONG_AGO, lacks=(Lack(NOW - 600, 1, 30.0),)),
        Shrink(1, "0.0 requests at a time in the last 60 s fit 1 worker", worker(2), Lack(NOW, 1, 10.0)),
    ),
    "a load too near to what one was seen to do": (
        steadily(0, rate=10),
        TWO,
        replace(LONG_AGO, fulls=(Full(NOW - 600, 4, 45.0), Full(NOW - 599, 4, 40.0))),
        Hold(2, "10 requests a second are too near to the 12 that 1 worker can do"),
    ),
    "a load that is far from what one was seen to do": (
        steadily(0, rate=8),
        TWO,
        replace(LONG_AGO, fulls=(Full(NOW - 600, 4, 45.0), Full(NOW - 599, 4, 40.0))),
        Shrink(1, "0.0 requests at a time in the last 60 s fit 1 worker", worker(2), Lack(NOW, 1, 8.0)),
    ),
    "a load near to what one was seen to do an hour ago": (
        steadily(0, rate=10),
        TWO,
        replace(LONG_AGO, fulls=(Full(NOW - 4000, 4, 40.0),)),
        Shrink(1, "0.0 requests at a time in the last 60 s fit 1 worker", worker(2), Lack(NOW, 1, 10.0)),
    ),
    "a breach after a removal": (
        then(steadily(2, rate=30), 20, 40),
        Fleet(serving=workers(1)),
        replace(LONG_AGO, doubt=Lack(NOW - 200, 1, 28.0)),
        Grow(4, "20.7 requests at a time in the last 3 s need 6 workers", 3, Lack(NOW, 1, 28.0)),
    ),
    "a breach of another number of workers than a removal left": (
        then(steadily(2, rate=30), 20, 40),
        TWO,
        replace(LONG_AGO, doubt=Lack(NOW - 200, 1, 28.0)),
        Grow(4, "20.7 requests at a time in the last 3 s need 6 workers", 2),
    ),
    "a dead worker within the cooldown": (
        steadily(0),
        Fleet(serving=workers(1), dead=workers(2)),
        Memory(NOW),
        Replace(2, "worker-2 died", workers(2)),
    ),
    "the worker that is being removed is not dead": (
        steadily(0),
        Fleet(serving=workers(1), dead=workers(2)),
        replace(LONG_AGO, removing=worker(2)),
        Hold(1, "worker-2 is draining"),
    ),
    "a dead worker more than there may be": (
        steadily(0),
        Fleet(serving=workers(1, 2, 3, 4), dead=workers(5)),
        LONG_AGO,
        Shrink(4, "5 workers, and --max is 4", worker(5)),
    ),
    "one that nobody brings into service": (
        steadily(0),
        Fleet(serving=workers(1), warming=workers(2)),
        LONG_AGO,
        Finish(2, "worker-2 runs and is not in service", workers(2)),
    ),
    "a drain that nobody ends": (
        steadily(0),
        Fleet(serving=workers(1), draining=workers(2)),
        LONG_AGO,
        Shrink(1, "worker-2 was left draining", worker(2)),
    ),
    "fewer than there have to be": (
        [],
        Fleet(),
        Memory(NOW),
        Grow(1, "0 workers, and --min is 1", 1),
    ),
    "more than there may be, most of them not in service yet": (
        steadily(0),
        Fleet(serving=workers(1), warming=workers(2, 3, 4, 5)),
        replace(LONG_AGO, finished=frozenset(workers(2, 3, 4, 5))),
        Hold(5, "worker-2, worker-3, worker-4, worker-5 is not in service yet"),
    ),
    "more than there may be, one of them asleep": (
        steadily(0),
        Fleet(serving=workers(1, 2, 3, 4), frozen=workers(5)),
        LONG_AGO,
        Hold(5, "worker-5 sleeps and is wanted in service"),
    ),
    "a breach while one sleeps that is to serve": (
        then(steadily(2), 20, 40),
        Fleet(serving=workers(1), frozen=workers(2)),
        LONG_AGO,
        Grow(4, "20.7 requests at a time in the last 3 s need 6 workers", 2),
    ),
    "more than there may be, within the cooldown": (
        steadily(20),
        Fleet(serving=workers(1, 2, 3, 4, 5)),
        Memory(NOW),
        Shrink(4, "5 workers, and --max is 4", worker(5)),
    ),
    "a load balancer that is silent": (
        [replace(each, at_s=each.at_s - 60) for each in steadily(0)],
        TWO,
        LONG_AGO,
        Hold(2, "the load balancer does not tell its figures"),
    ),
    "no load, as a load balancer says that was silent until now": (
        [*steadily(0)[:50], sample(NOW, 0)],
        TWO,
        LONG_AGO,
        Hold(2, "looking at the load for another 60 s before a worker may go"),
    ),
    "no load, with a silence a while ago": (
        [*steadily(0)[:50], *steadily(0, seconds=20)],
        TWO,
        LONG_AGO,
        Hold(2, "looking at the load for another 40 s before a worker may go"),
    ),
    "no load, and one look without an answer": (
        [*steadily(0)[:70], *steadily(0, seconds=25)],
        TWO,
        LONG_AGO,
        Shrink(1, "0.0 requests at a time in the last 60 s fit 1 worker", worker(2), Lack(NOW, 1, 10.0)),
    ),
    "a breach that is said to last, with a silence in it": (
        [*steadily(9)[:50], *steadily(9, seconds=20)],
        TWO,
        LONG_AGO,
        Hold(2, "looking at the load for another 40 s before a worker may go"),
    ),
    "a breach after adding failed": (
        then(steadily(2), 20, 40),
        TWO,
        replace(LONG_AGO, retry_at_s=NOW + 1, retry_add_at_s=NOW + 1),
        Hold(2, "the last change failed; it is tried again in a moment"),
    ),
    "a breach after a drain failed": (
        then(steadily(2), 20, 40),
        Fleet(serving=workers(1), draining=workers(2)),
        replace(LONG_AGO, retry_at_s=NOW + 1),
        Grow(4, "20.7 requests at a time in the last 3 s need 6 workers", 3),
    ),
    "no load after a failure": (
        steadily(0),
        Fleet(serving=workers(1, 2), draining=workers(3)),
        replace(LONG_AGO, retry_at_s=NOW + 1),
        Hold(2, "the last change failed; it is tried again in a moment"),
    ),
    "a breach, and a drain that nobody ends": (
        then(steadily(2), 20, 40),
        Fleet(serving=workers(1), draining=workers(2)),
        LONG_AGO,
        Grow(4, "20.7 requests at a time in the last 3 s need 6 workers", 3),
    ),
    "a breach with everybody there, and a drain that nobody ends": (
        then(steadily(0), 90, 90),
        Fleet(serving=workers(1, 2, 3, 4), draining=workers(5)),
        LONG_AGO,
        Shrink(4, "worker-5 was left draining", worker(5)),
    ),
}


@pytest.mark.parametrize("case", ROWS)
def test_each_decision_has_its_reason(case: str) -> None:
    samples, fleet, memory, expected = ROWS[case]
    decision = decide(samples, fleet, LIMITS, NOW, memory)
    assert decision == expected


@pytest.mark.parametrize("turn_s", [1.5, 2.5])
def test_a_sudden_breach_is_decided_at_once_also_where_each_look_takes_seconds(turn_s: float) -> None:
    one = Fleet(serving=workers(1))
    looks = [sample(NOW - ago * turn_s, 2, 10) for ago in range(40, 1, -1)]
    breach = [*looks, sample(NOW - turn_s, 20, 40), sample(NOW, 40, 40)]
    decision = decide(breach, one, LIMITS, NOW, LONG_AGO)
    assert isinstance(decision, Grow)
    assert decision.why == f"20.7 requests at a time in the last {2 * turn_s:.0f} s need 6 workers"
    stale = [sample(NOW - 10, 20, 40), sample(NOW - 9, 40, 40), sample(NOW, 40, 40)]
    assert isinstance(decide(stale, one, LIMITS, NOW, LONG_AGO), Hold), "what was long ago is no sudden breach"
