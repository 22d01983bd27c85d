"""What is clearly more than before, and what chance makes of the same traffic."""

import pytest

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
