"""The warm pool: filled while nothing else is to be done, made smaller where somebody says so."""

from dataclasses import replace

from lab.scaling.decide import decide
from lab.scaling.decisions import Grow, Hold, Refill
from lab.scaling.places import Fleet
from tests.unit.scaling.queueing import worker, workers
from tests.unit.scaling.situations import LIMITS, LONG_AGO, NOW, steadily, then


def test_a_pool_is_filled_one_by_one_while_nothing_else_is_to_be_done() -> None:
    limits = replace(LIMITS, pool=2)
    one = Fleet(serving=workers(1), asleep=workers(7))
    assert decide(steadily(0), one, limits, NOW, LONG_AGO) == Refill(1, "1 of 2 workers sleep in the warm pool", 2)
    full = replace(one, asleep=workers(7, 8))
    assert isinstance(decide(steadily(0), full, limits, NOW, LONG_AGO), Hold)
    many = Fleet(serving=workers(1, 2, 3), asleep=workers(7))
    assert isinstance(decide(steadily(11), many, limits, NOW, LONG_AGO), Hold), "more than one could never be needed"
    assert isinstance(decide(then(steadily(2), 20, 40), one, limits, NOW, LONG_AGO), Grow)
    for under_way in ({"adding": True}, {"refilling": True}, {"removing": worker(9)}):
        assert isinstance(decide(steadily(0), one, limits, NOW, replace(LONG_AGO, **under_way)), Hold), under_way


def test_a_pool_is_made_smaller_only_where_somebody_says_how_many_it_is_to_have() -> None:
    one, breach = Fleet(serving=workers(1), asleep=workers(7, 8)), then(steadily(2), 20, 40)
    none = replace(LIMITS, pool=0)
    assert decide(steadily(0), one, none, NOW, LONG_AGO) == Refill(1, "2 in the warm pool, and --warm-pool is 0", 0)
    assert isinstance(decide(steadily(0), one, LIMITS, NOW, LONG_AGO), Hold)
    fewer = decide(steadily(0), one, replace(LIMITS, pool=1), NOW, LONG_AGO)
    assert fewer == Refill(1, "2 in the warm pool, and --warm-pool is 1", 1)
    assert isinstance(decide(steadily(0), one, replace(LIMITS, pool=2, most=2), NOW, LONG_AGO), Hold), "no to and fro"
    assert isinstance(decide(breach, one, none, NOW, LONG_AGO), Grow), "who waits has the first say"


def test_who_cannot_be_woken_is_no_part_of_the_pool_and_goes_or_is_made_anew() -> None:
    old = Fleet(serving=workers(1), asleep=workers(7), outdated=workers(8, 9))
    filled = decide(steadily(0), old, replace(LIMITS, pool=2), NOW, LONG_AGO)
    assert filled == Refill(1, "1 of 2 workers sleep in the warm pool", 2)
    why = "worker-8, worker-9 in the warm pool was made otherwise than is wanted by now"
    for pool in (None, 1):
        assert decide(steadily(0), old, replace(LIMITS, pool=pool), NOW, LONG_AGO) == Refill(1, why, 1)
    emptied = decide(steadily(0), replace(old, asleep=()), replace(LIMITS, pool=0), NOW, LONG_AGO)
    assert emptied == Refill(1, why, 0)
    assert isinstance(decide(then(steadily(2), 20, 40), old, LIMITS, NOW, LONG_AGO), Grow), "who waits comes first"
    assert isinstance(decide(steadily(0), old, LIMITS, NOW, replace(LONG_AGO, refilling=True)), Hold)


def test_one_that_sleeps_and_is_wanted_in_service_is_no_part_of_the_pool() -> None:
    """Somebody put it to sleep by hand, so nobody can take it from there."""
    fleet = Fleet(serving=workers(1, 2), frozen=workers(3))
    for pool in (None, 0):
        assert isinstance(decide(steadily(0), fleet, replace(LIMITS, pool=pool), NOW, LONG_AGO), Hold), pool
    filled = decide(steadily(0), fleet, replace(LIMITS, pool=1), NOW, LONG_AGO)
    assert filled == Refill(3, "0 of 1 worker sleep in the warm pool", 1)
    full = replace(fleet, asleep=workers(7))
    assert isinstance(decide(steadily(0), full, replace(LIMITS, pool=1), NOW, LONG_AGO), Hold)


def test_who_runs_in_the_pool_is_put_to_sleep_or_goes_where_the_pool_has_no_room() -> None:
    left = Fleet(serving=workers(1), asleep=workers(7), sleepy=workers(8), lost=workers(9))
    why = "worker-8 does not sleep yet"
    for pool, size in ((None, 2), (0, 0), (1, 1), (2, 2), (3, 2)):
        assert decide(steadily(0), left, replace(LIMITS, pool=pool), NOW, LONG_AGO) == Refill(1, why, size), pool
    assert isinstance(decide(then(steadily(2), 20, 40), left, LIMITS, NOW, LONG_AGO), Grow), "who waits comes first"
    for under_way in ({"adding": True}, {"refilling": True}, {"retry_at_s": NOW + 1}):
        assert isinstance(decide(steadily(0), left, LIMITS, NOW, replace(LONG_AGO, **under_way)), Hold), under_way


def test_who_is_gone_from_the_pool_has_a_successor_only_as_far_as_somebody_says_how_many_it_is_to_have() -> None:
    gone = Fleet(serving=workers(1), asleep=workers(7), lost=workers(8, 9))
    why = "worker-8, worker-9 was in the warm pool, and is gone"
    for pool in (None, 1):
        assert decide(steadily(0), gone, replace(LIMITS, pool=pool), NOW, LONG_AGO) == Refill(1, why, 1)
    filled = decide(steadily(0), gone, replace(LIMITS, pool=3), NOW, LONG_AGO)
    assert filled == Refill(1, "1 of 3 workers sleep in the warm pool", 2)
    crowded = replace(gone, serving=workers(1, 2, 3))
    none_missing = decide(steadily(11), crowded, replace(LIMITS, pool=3), NOW, LONG_AGO)
    assert none_missing == Refill(3, why, 1), "no more than are missing to --max"
