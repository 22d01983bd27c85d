"""What workers can do is learnt only while they have too much to do, and says little after a few seconds."""

import math

import pytest

from lab.scaling import capacity
from lab.scaling.capacity import Full
from lab.scaling.decisions import Memory
from lab.scaling.limits import Limits
from lab.scaling.places import Fleet
from tests.unit.scaling.queueing import sample, workers

LIMITS = Limits(least=1, most=4, target=4.0, cooldown_s=60.0)


def test_who_came_and_is_not_there_any_more_was_served() -> None:
    assert capacity.full([sample(0, 5), sample(9, 10, 30), sample(11, 20, 16)], 2, LIMITS) == Full(11, 2, 11)
    assert capacity.full([sample(9, 20, 30), sample(10, 10, 16)], 2, LIMITS) == Full(10, 2, 26)


@pytest.mark.parametrize(("before", "now"), [(8, 20), (20, 8), (1, 1)])
def test_workers_that_have_no_more_to_do_than_they_are_meant_to_tell_nothing(before: int, now: int) -> None:
    assert capacity.full([sample(9, before, 30), sample(10, now, 30)], 2, LIMITS) is None
    assert capacity.full([sample(10, 50, 30)], 2, LIMITS) is None
    assert capacity.full([sample(9, 50, 30), sample(10, 50, 30)], 0, LIMITS) is None


def test_one_worker_can_do_its_share_and_the_more_was_seen_the_better_it_is_known() -> None:
    second = Full(10, 4, 36)
    assert capacity.each([], 20) == math.inf
    assert capacity.each([second], 20) == pytest.approx(9 + 6 / 4)
    assert capacity.each([second] * 16, 20) == pytest.approx(9 + 6 / 16)
    assert capacity.each([Full(10, 1, -3)], 20) == 0
    assert capacity.each([second], 20_000) == math.inf


def test_a_second_in_which_a_worker_came_or_went_tells_nothing() -> None:
    full, two = Full(10, 2, 20), Fleet(serving=workers(1, 2))
    began = Memory(0.0).seen(two, full, [])
    assert began.fulls == ()
    assert began.seen(two, full, []).fulls == (full,)
    assert began.seen(two, None, []).fulls == ()
    assert began.seen(Fleet(serving=workers(1, 2, 3)), full, []).fulls == ()
    assert began.seen(Fleet(serving=workers(1, 2), draining=workers(3)), full, []).fulls == ()
