"""When requests are due under a rate that changes."""

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.ledger.pace import Knot, Pace

RATES = st.floats(0, 500)
PIECES = st.lists(st.tuples(st.floats(0.1, 10), RATES, RATES), min_size=1, max_size=5)


@st.composite
def paces(draw: st.DrawFn) -> Pace:
    """Lines one after the other, with a jump between two."""
    knots, at_s = [], 0.0
    for length_s, begin, end in draw(PIECES):
        knots += [Knot(at_s, begin), Knot(at_s + length_s, end)]
        at_s += length_s
    return Pace(tuple(knots))


def area(pace: Pace, until_s: float) -> float:
    """How many requests are due until then."""
    found = 0.0
    for begin, end in pairwise(pace.knots):
        length = min(end.at_s, until_s) - begin.at_s
        if length > 0:
            slope = (end.rate - begin.rate) / (end.at_s - begin.at_s)
            found += begin.rate * length + slope * length**2 / 2
    return found


def test_a_steady_pace_is_exact() -> None:
    assert list(Pace.steady(100, 10).due_s()) == [number / 100 for number in range(1000)]


def test_a_jump_changes_the_distance_at_once() -> None:
    pace = Pace((Knot(0, 1), Knot(2, 1), Knot(2, 4), Knot(3, 4), Knot(3, 1), Knot(5, 1)))
    assert list(pace.due_s()) == pytest.approx([0, 1, 2, 2.25, 2.5, 2.75, 3, 4])
    assert [pace.rate_at(at_s) for at_s in (-1, 0, 1.9, 2, 3, 5)] == [0, 1, 1, 4, 1, 0]


def test_a_ramp_from_nothing_is_due_by_its_area() -> None:
    pace = Pace((Knot(0, 0), Knot(4, 8)))
    assert pace.requests == 16
    assert list(pace.due_s()) == pytest.approx([number**0.5 for number in range(16)])
    assert pace.rate_at(1) == 2


@given(paces())
def test_each_request_is_due_once_the_area_says_so_and_none_is_missing(pace: Pace) -> None:
    due_s = list(pace.due_s())
    if pace.highest > 0 and area(pace, pace.duration_s) > 1:
        assert len(due_s) == pace.requests
    assert all(before <= after for before, after in pairwise(due_s))
    for number, at_s in enumerate(due_s):
        assert 0 <= at_s <= pace.duration_s
        assert math.isclose(area(pace, at_s), number, rel_tol=0, abs_tol=1e-3), (number, at_s)
