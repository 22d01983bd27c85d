"""Medians, ratios and their intervals."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.comparison import figures
from lab.comparison.figures import Figure, Spread


def test_a_median_lies_in_its_interval_and_the_interval_in_the_samples() -> None:
    samples = [1.0, 1.1, 0.9, 1.05, 0.95, 3.0, 1.02]
    found = figures.median(samples)
    assert (found.n, found.value) == (7, 1.02)
    assert found.low is not None
    assert found.high is not None
    assert min(samples) <= found.low < found.value < found.high <= max(samples)


def test_more_samples_make_the_interval_narrower() -> None:
    few, many = figures.median([1.0, 2.0, 3.0] * 2), figures.median([1.0, 2.0, 3.0] * 30)
    assert few.low is not None
    assert few.high is not None
    assert many.low is not None
    assert many.high is not None
    assert many.high - many.low < few.high - few.low


def test_too_few_samples_have_no_interval() -> None:
    # 1 - 2 x 0.5^5: not even their whole span would be one of 95 %.
    assert figures.median([5.0, 1.0, 3.0, 2.0, 4.0]) == Figure(5, 3.0, None, None)
    assert figures.median([5.0, 1.0, 3.0, 2.0, 4.0, 6.0]).low is not None


def test_the_same_samples_give_the_same_interval() -> None:
    samples = [3.0, 1.0, 2.0, 5.0, 4.0, 6.0]
    assert figures.median(samples) == figures.median(samples)


def test_a_ratio_is_that_of_the_medians() -> None:
    found = figures.ratio([2.0, 2.1, 1.9] * 2, [4.0, 4.2, 3.8] * 2)
    assert found.value == pytest.approx(0.5)
    assert found.low is not None
    assert found.low < 0.5


def test_a_ratio_to_too_few_samples_has_no_interval() -> None:
    assert figures.ratio([2.0] * 6, [4.0] * 5) == Figure(5, 0.5, None, None)


def test_samples_that_are_all_alike_have_an_interval_of_no_width() -> None:
    assert figures.median([2.0] * 6) == Figure(6, 2.0, 2.0, 2.0)


def test_a_ratio_to_what_may_be_nothing_has_no_upper_end() -> None:
    found = figures.ratio([1.0] * 6, [0.0, 1.0, 1.0] * 2)
    assert (found.value, found.high) == (1.0, math.inf)


@given(st.lists(st.floats(0, 1e9), min_size=6, max_size=30))
def test_an_interval_holds_its_median_and_lies_in_the_samples(samples: list[float]) -> None:
    found = figures.median(samples)
    assert found.low is not None
    assert found.high is not None
    # Between two samples lies what numpy makes of them, to the last digit but one.
    low, high = pytest.approx(found.low), pytest.approx(found.high)
    assert min(samples) <= found.low or min(samples) == low
    assert found.high <= max(samples) or max(samples) == high
    assert found.low <= found.value <= found.high or found.value in (low, high)


def test_where_samples_lie() -> None:
    assert figures.spread([3.0, 1.0, 2.0]) == Spread(1.0, 3.0, None)
    twenty = figures.spread([float(number) for number in range(1, 21)])
    assert (twenty.lowest, twenty.highest) == (1.0, 20.0)
    assert twenty.p95 == pytest.approx(19.05)
