"""Medians, ratios and their intervals."""

import pytest

from lab.comparison import figures
from lab.comparison.figures import Figure


def test_a_median_lies_in_its_interval_and_the_interval_in_the_samples() -> None:
    samples = [1.0, 1.1, 0.9, 1.05, 0.95, 3.0, 1.02]
    found = figures.median(samples)
    assert (found.n, found.value) == (7, 1.02)
    assert found.low is not None
    assert found.high is not None
    assert min(samples) <= found.low < found.value < found.high <= max(samples)


def test_more_samples_make_the_interval_narrower() -> None:
    few, many = figures.median([1.0, 2.0, 3.0]), figures.median([1.0, 2.0, 3.0] * 30)
    assert few.low is not None
    assert few.high is not None
    assert many.low is not None
    assert many.high is not None
    assert many.high - many.low < few.high - few.low


def test_too_few_samples_have_no_interval() -> None:
    assert figures.median([4.0, 2.0]) == Figure(2, 3.0, None, None)


def test_the_same_samples_give_the_same_interval() -> None:
    assert figures.median([3.0, 1.0, 2.0]) == figures.median([3.0, 1.0, 2.0])


def test_a_ratio_is_that_of_the_medians() -> None:
    found = figures.ratio([2.0, 2.1, 1.9], [4.0, 4.2, 3.8])
    assert found.value == pytest.approx(0.5)
    assert found.low is not None
    assert found.low < 0.5


def test_a_ratio_of_one_sample_has_no_interval() -> None:
    assert figures.ratio([2.0, 2.0, 2.0], [4.0]) == Figure(1, 0.5, None, None)
