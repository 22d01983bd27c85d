"""What is clearly more than before, and what chance makes of the same traffic; and when too little was looked at."""

from itertools import accumulate, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.scaling import loads
from tests.unit.scaling.queueing import sample


@pytest.mark.parametrize(
    ("rate", "rates", "has_risen"),
    [
        (1.0, [1] * 60, False),
        (1.0, [1] * 57 + [3, 4, 4], False),
        (1.0, [1] * 57 + [4, 6, 9], True),
        (1.0, [1] * 40 + [3] * 20, True),
        (1.0, [3] * 20 + [1] * 40, False),
        (1.0, [2] * 30, False),
        (1.0, [2] * 60, True),
        (0.0, [0] * 54 + [1] * 6, False),
        (0.0, [0] * 53 + [1] * 7, True),
        (50.0, [53] * 60, False),
        (50.0, [55] * 60, True),
        (1.0, [], False),
    ],
)
def test_more_has_come_where_chance_does_not_make_it_of_the_same_traffic(
    rate: float, rates: list[int], has_risen: bool
) -> None:
    samples = [sample(number, 0, came) for number, came in enumerate(rates)]
    assert loads.has_risen(samples, rate) is has_risen


@pytest.mark.parametrize(
    ("window_s", "at_s", "is_covered"),
    [
        (60, range(101), True),
        (60, range(42, 101), True),
        (60, range(43, 101), False),
        (60, [*range(70), 76, *range(78, 101)], True),
        (60, [41, 50, 60, 70, 80, 90, 100], True),
        (60, [*range(70), *range(81, 101)], False),
        (60, [*range(50), 100], False),
        (60, range(89), False),
        (20, [82, 91, 100], True),
        (10, [*range(95), 99, 100], True),
        (10, [*range(94), 100], False),
        (6, range(0, 101, 3), True),
        (6, [*range(96), 100], False),
        (60, [], False),
    ],
    ids=[
        *("each second", "from two seconds later on", "from three seconds later on", "one did not come"),
        *("slow looks", "a silence", "an answer after it", "a silence that goes on", "slow looks, a short window"),
        *("one did not come, a shorter one", "half of a shorter one", "slow looks, the shortest one"),
        *("half of the shortest one", "nothing"),
    ],
)
def test_a_window_is_covered_where_nobody_was_silent_for_long_in_it(
    window_s: float, at_s: list[int], is_covered: bool
) -> None:
    samples = loads.since([sample(at, 0) for at in at_s], 100 - window_s)
    assert loads.covers(samples, 100, window_s) is is_covered


@given(
    gaps_s=st.lists(st.floats(0.5, 15), min_size=1, max_size=40), late_s=st.floats(0, 15), window_s=st.floats(6, 120)
)
def test_no_window_is_covered_with_a_silence_in_it_wherever_that_is(
    gaps_s: list[float], late_s: float, window_s: float
) -> None:
    moments = [*accumulate(gaps_s)]
    now_s = moments[-1] + late_s
    samples = [sample(at_s, 0) for at_s in moments]
    silent_s = max(later - at for at, later in pairwise([*moments, now_s]))
    is_covered = now_s - moments[0] >= window_s - 2.5 and silent_s <= min(10, window_s / 2)
    if is_covered:
        assert loads.covers(samples, now_s, window_s)
    watched = loads.unbroken(samples, now_s, window_s)
    assert [*watched] == samples[len(samples) - len(watched) :]
    assert loads.covers(samples, now_s, window_s) is loads.covers(watched, now_s, window_s)
    for at, later in pairwise([*(each.at_s for each in watched), now_s]):
        assert later - at <= min(10, window_s / 2)
