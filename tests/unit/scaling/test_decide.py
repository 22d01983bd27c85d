"""Each decision and its reason, as a table; and what holds of every decision, whatever it is made from."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lab.loadbalancer.gauge import Sample, ServerSample
from lab.model.node import NodeName
from lab.scaling.capacity import Full
from lab.scaling.decide import decide
from lab.scaling.decisions import Decision, Finish, Grow, Hold, Lack, Memory, Refill, Replace, Shrink
from lab.scaling.limits import Limits, Victim
from tests.unit.scaling.queueing import Workers, check, sample, worker, workers

LIMITS = Limits(least=1, most=4, target=4.0, cooldown_s=60.0)
NOW = 1000.0
LONG_AGO = Memory(changed_at_s=0.0)
TWO = Workers(serving=workers(1, 2))


def steadily(concurrency: int, rate: int = 10, seconds: int = 100) -> list[Sample]:
    return [sample(NOW - ago, concurrency, rate) for ago in range(seconds, -1, -1)]


def then(samples: list[Sample], *concurrency: int) -> list[Sample]:
    """The samples, the latest of them with other figures."""
    kept = samples[: len(samples) - len(concurrency)]
    return [*kept, *(sample(NOW - len(concurrency) + 1 + n, each, 40) for n, each in enumerate(concurrency))]


ROWS: dict[str, tuple[Sequence[Sample], Workers, Memory, Decision]] = {
    "a sudden breach": (
        then(steadily(2), 20, 40),
        Workers(serving=workers(1)),
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
        Workers(serving=workers(1, 2, 3, 4)),
        LONG_AGO,
        Hold(4, "60.0 requests at a time in the last 3 s need 15 workers, and --max is 4"),
    ),
    "a breach for which enough workers are warming": (
        then(steadily(2), 14, 18),
        Workers(serving=workers(1), warming=workers(2, 3)),
        replace(LONG_AGO, finished=frozenset(workers(2, 3))),
        Hold(3, "11.3 requests at a time in the last 3 s need 3 workers, of which 3 are there"),
    ),
    "a breach while workers are made": (
        then(steadily(2), 20, 40),
        Workers(serving=workers(1)),
        replace(LONG_AGO, adding=True),
        Hold(1, "workers are on their way"),
    ),
    "a breach while the warm pool is filled": (
        then(steadily(2), 20, 40),
        Workers(serving=workers(1)),
        replace(LONG_AGO, refilling=True),
        Grow(4, "20.7 requests at a time in the last 3 s need 6 workers", 3),
    ),
    "a breach while one drains": (
        then(steadily(2), 20, 40),
        Workers(serving=workers(1), draining=workers(2)),
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
        Workers(serving=workers(1, 2), warming=workers(3)),
        replace(LONG_AGO, finished=frozenset(workers(3))),
        Hold(3, "worker-3 is not in service yet"),
    ),
    "no load while one drains": (
        steadily(0),
        Workers(serving=workers(1, 2), draining=workers(3)),
        replace(LONG_AGO, removing=worker(3)),
        Hold(2, "worker-3 is draining"),
    ),
    "no load at the minimum": (
        steadily(0),
        Workers(serving=workers(1)),
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
    "a breach by chance after a removal": (
        then(steadily(2, rate=30), 20, 40),
        Workers(serving=workers(1)),
        replace(LONG_AGO, doubt=Lack(NOW - 200, 1, 28.0)),
        Grow(4, "20.7 requests at a time in the last 3 s need 6 workers", 3, Lack(NOW, 1, 28.0)),
    ),
    "a breach by more load after a removal": (
        then(steadily(2, rate=10), 20, 40),
        Workers(serving=workers(1)),
        replace(LONG_AGO, doubt=Lack(NOW - 200, 1, 6.0)),
        Grow(4, "20.7 requests at a time in the last 3 s need 6 workers", 3),
    ),
    "a dead worker within the cooldown": (
        steadily(0),
        Workers(serving=workers(1), dead=workers(2)),
        Memory(NOW),
        Replace(2, "worker-2 died", workers(2)),
    ),
    "the worker that is being removed is not dead": (
        steadily(0),
        Workers(serving=workers(1), dead=workers(2)),
        replace(LONG_AGO, removing=worker(2)),
        Hold(1, "worker-2 is draining"),
    ),
    "a dead worker more than there may be": (
        steadily(0),
        Workers(serving=workers(1, 2, 3, 4), dead=workers(5)),
        LONG_AGO,
        Shrink(4, "5 workers, and --max is 4", worker(5)),
    ),
    "one that nobody brings into service": (
        steadily(0),
        Workers(serving=workers(1), warming=workers(2)),
        LONG_AGO,
        Finish(2, "worker-2 runs and is not in service", workers(2)),
    ),
    "a drain that nobody ends": (
        steadily(0),
        Workers(serving=workers(1), draining=workers(2)),
        LONG_AGO,
        Shrink(1, "worker-2 was left draining", worker(2)),
    ),
    "fewer than there have to be": (
        [],
        Workers(),
        Memory(NOW),
        Grow(1, "0 workers, and --min is 1", 1),
    ),
    "more than there may be, within the cooldown": (
        steadily(20),
        Workers(serving=workers(1, 2, 3, 4, 5)),
        Memory(NOW),
        Shrink(4, "5 workers, and --max is 4", worker(5)),
    ),
    "a load balancer that is silent": (
        [replace(each, at_s=each.at_s - 60) for each in steadily(0)],
        TWO,
        LONG_AGO,
        Hold(2, "the load balancer does not tell its figures"),
    ),
    "a breach after adding failed": (
        then(steadily(2), 20, 40),
        TWO,
        replace(LONG_AGO, retry_at_s=NOW + 1, retry_add_at_s=NOW + 1),
        Hold(2, "the last change failed; it is tried again in a moment"),
    ),
    "a breach after a drain failed": (
        then(steadily(2), 20, 40),
        Workers(serving=workers(1), draining=workers(2)),
        replace(LONG_AGO, retry_at_s=NOW + 1),
        Grow(4, "20.7 requests at a time in the last 3 s need 6 workers", 3),
    ),
    "no load after a failure": (
        steadily(0),
        Workers(serving=workers(1, 2), draining=workers(3)),
        replace(LONG_AGO, retry_at_s=NOW + 1),
        Hold(2, "the last change failed; it is tried again in a moment"),
    ),
    "a breach, and a drain that nobody ends": (
        then(steadily(2), 20, 40),
        Workers(serving=workers(1), draining=workers(2)),
        LONG_AGO,
        Grow(4, "20.7 requests at a time in the last 3 s need 6 workers", 3),
    ),
    "a breach with everybody there, and a drain that nobody ends": (
        then(steadily(0), 90, 90),
        Workers(serving=workers(1, 2, 3, 4), draining=workers(5)),
        LONG_AGO,
        Shrink(4, "worker-5 was left draining", worker(5)),
    ),
}


@pytest.mark.parametrize("case", ROWS)
def test_each_decision_has_its_reason(case: str) -> None:
    samples, fleet, memory, expected = ROWS[case]
    decision = decide(samples, fleet, LIMITS, NOW, memory)
    assert decision == expected


def test_a_pool_is_filled_one_by_one_while_nothing_else_is_to_be_done() -> None:
    limits = replace(LIMITS, pool=2)
    one = Workers(serving=workers(1), asleep=workers(7))
    assert decide(steadily(0), one, limits, NOW, LONG_AGO) == Refill(1, "1 of 2 workers sleep in the warm pool", 2)
    full = replace(one, asleep=workers(7, 8))
    assert isinstance(decide(steadily(0), full, limits, NOW, LONG_AGO), Hold)
    many = Workers(serving=workers(1, 2, 3), asleep=workers(7))
    assert isinstance(decide(steadily(11), many, limits, NOW, LONG_AGO), Hold), "more than one could never be needed"
    assert isinstance(decide(then(steadily(2), 20, 40), one, limits, NOW, LONG_AGO), Grow)
    for under_way in ({"adding": True}, {"refilling": True}, {"removing": worker(9)}):
        assert isinstance(decide(steadily(0), one, limits, NOW, replace(LONG_AGO, **under_way)), Hold), under_way


def test_a_pool_is_made_smaller_only_where_somebody_says_how_many_it_is_to_have() -> None:
    one, breach = Workers(serving=workers(1), asleep=workers(7, 8)), then(steadily(2), 20, 40)
    none = replace(LIMITS, pool=0)
    assert decide(steadily(0), one, none, NOW, LONG_AGO) == Refill(1, "2 in the warm pool, and --warm-pool is 0", 0)
    assert isinstance(decide(steadily(0), one, LIMITS, NOW, LONG_AGO), Hold)
    fewer = decide(steadily(0), one, replace(LIMITS, pool=1), NOW, LONG_AGO)
    assert fewer == Refill(1, "2 in the warm pool, and --warm-pool is 1", 1)
    assert isinstance(decide(steadily(0), one, replace(LIMITS, pool=2, most=2), NOW, LONG_AGO), Hold), "no to and fro"
    assert isinstance(decide(breach, one, none, NOW, LONG_AGO), Grow), "who waits has the first say"


@pytest.mark.parametrize("turn_s", [1.5, 2.5])
def test_a_sudden_breach_is_decided_at_once_also_where_each_look_takes_seconds(turn_s: float) -> None:
    one = Workers(serving=workers(1))
    looks = [sample(NOW - ago * turn_s, 2, 10) for ago in range(40, 1, -1)]
    breach = [*looks, sample(NOW - turn_s, 20, 40), sample(NOW, 40, 40)]
    decision = decide(breach, one, LIMITS, NOW, LONG_AGO)
    assert isinstance(decision, Grow)
    assert decision.why == f"20.7 requests at a time in the last {2 * turn_s:.0f} s need 6 workers"
    stale = [sample(NOW - 10, 20, 40), sample(NOW - 9, 40, 40), sample(NOW, 40, 40)]
    assert isinstance(decide(stale, one, LIMITS, NOW, LONG_AGO), Hold), "what was long ago is no sudden breach"


@pytest.mark.parametrize(("victim", "goes"), [(Victim.NEWEST, 3), (Victim.OLDEST, 1), (Victim.FEWEST, 2)])
def test_the_victim_is_chosen_as_the_setting_says(victim: Victim, goes: int) -> None:
    servers = {
        "worker-1": ServerSample("UP", sessions=2, queued=0, rate=0, since_s=900),
        "worker-2": ServerSample("UP", sessions=0, queued=0, rate=0, since_s=500),
        "worker-3": ServerSample("UP", sessions=1, queued=0, rate=0, since_s=20),
    }
    samples = [replace(each, per_server=servers) for each in steadily(0)]
    decision = decide(samples, Workers(serving=workers(1, 2, 3)), replace(LIMITS, victim=victim), NOW, LONG_AGO)
    assert isinstance(decision, Shrink)
    assert decision.victim == worker(goes)


@pytest.mark.parametrize("victim", Victim)
def test_where_it_is_a_draw_the_highest_number_goes(victim: Victim) -> None:
    decision = decide(steadily(0), Workers(serving=workers(1, 2, 3)), replace(LIMITS, victim=victim), NOW, LONG_AGO)
    assert isinstance(decision, Shrink)
    assert decision.victim == worker(3)


def test_what_is_remembered_follows_from_what_was_decided() -> None:
    lack = Lack(NOW, 1, 30.0)
    grow, shrink = Grow(2, "why", 1, lack), Shrink(1, "why", worker(2))
    growing = LONG_AGO.begun(grow)
    assert (growing.adding, growing.removing, growing.lacks) == (True, None, (lack,))
    assert growing.ended(grow, NOW) == Memory(NOW, lacks=(lack,))
    both = growing.begun(shrink)
    assert both.ended(grow, NOW).removing == worker(2)
    assert both.ended(shrink, NOW).adding
    doubt = replace(shrink, doubt=lack)
    assert LONG_AGO.begun(doubt).ended(doubt, NOW) == Memory(NOW, doubt=lack)
    replaced = Replace(1, "why", workers(1))
    assert LONG_AGO.begun(replaced).ended(replaced, NOW).changed_at_s == LONG_AGO.changed_at_s
    failed = LONG_AGO.begun(grow).failed(grow, NOW, 5.0)
    assert (failed.retry_at_s, failed.retry_add_at_s) == (NOW + 5, NOW + 5)
    failed = LONG_AGO.begun(shrink).failed(shrink, NOW, 5.0)
    assert (failed.retry_at_s, failed.retry_add_at_s) == (NOW + 5, 0.0)
    finish = Finish(1, "why", workers(3))
    assert LONG_AGO.begun(finish).ended(finish, NOW) == replace(LONG_AGO, finished=frozenset({worker(3)}))
    assert not LONG_AGO.begun(finish).adding, "who hangs keeps nobody from coming"
    assert growing.begun(finish).ended(finish, NOW).adding
    refill = Refill(1, "why", 1)
    assert growing.begun(refill) == replace(growing, refilling=True)
    assert growing.begun(refill).ended(refill, NOW) == growing


@st.composite
def fleets(draw: st.DrawFn) -> Workers:
    places = draw(st.lists(st.sampled_from(["serving", "warming", "draining", "asleep", "dead"]), max_size=9))
    found: dict[str, tuple[NodeName, ...]] = {}
    for number, place in enumerate(places, 1):
        found[place] = (*found.get(place, ()), worker(number))
    return Workers(**found)


@st.composite
def limits_of(draw: st.DrawFn) -> Limits:
    least, more = draw(st.integers(1, 5)), draw(st.integers(0, 5))
    target, cooldown_s = draw(st.floats(0.1, 50)), draw(st.floats(0, 300))
    return Limits(
        least, least + more, target, cooldown_s, draw(st.none() | st.integers(0, 3)), draw(st.sampled_from(Victim))
    )


@st.composite
def memories(draw: st.DrawFn) -> Memory:
    removing = draw(st.none() | st.integers(1, 9).map(worker))
    lacks = draw(st.lists(st.builds(Lack, st.floats(0, NOW), st.integers(0, 9), st.floats(0, 100)), max_size=3))
    changed_at_s, adding = draw(st.floats(0, NOW)), draw(st.booleans())
    finished, refilling = draw(st.frozensets(st.integers(1, 9).map(worker))), draw(st.booleans())
    return Memory(changed_at_s, tuple(lacks), finished, adding, removing, refilling=refilling)


@settings(max_examples=200)
@given(
    figures=st.lists(st.tuples(st.integers(0, 200), st.integers(0, 200)), max_size=80),
    fleet=fleets(),
    limits=limits_of(),
    memory=memories(),
)
def test_no_decision_breaks_a_bound_or_takes_away_while_it_adds(
    figures: list[tuple[int, int]], fleet: Workers, limits: Limits, memory: Memory
) -> None:
    samples = [sample(NOW - len(figures) + 1 + n, *each) for n, each in enumerate(figures)]
    check(decide(samples, fleet, limits, NOW, memory), fleet, limits, memory)
