"""The search for the highest rate, and what the page says of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.capacity import TRIALS_AT_MOST
from benchmarks.capacity_search import Session, Trial, next_rate, page, ratio, served


def tried(rate: float, capacity: float, errors: int = 0) -> Trial:
    p99_ms = 100.0 if rate <= capacity else 5000.0
    return Trial(rate=rate, seconds=20, requests=100, errors=errors, p50_ms=50, p99_ms=p99_ms, late_ms=1)


def search(first: float, capacity: float) -> list[Trial]:
    found: list[Trial] = []
    while (rate := next_rate(found, first, 500)) is not None and len(found) < 40:
        found.append(tried(rate, capacity))
    return found


@given(st.floats(1, 10), st.floats(1, 200))
def test_the_highest_rate_is_found_to_a_tenth(first: float, capacity: float) -> None:
    best = served(search(first, capacity), 500)
    assert best is not None
    assert capacity / 1.1 <= best["rate"] <= capacity


def test_nine_trials_are_enough_where_the_first_is_not_far_off() -> None:
    for capacity in (3, 6, 10, 13, 20):
        assert len(search(6, capacity)) <= TRIALS_AT_MOST


def test_a_rate_at_which_a_request_failed_is_not_served_nor_any_above_it() -> None:
    trials = [tried(5, 100), tried(10, 100, errors=1), tried(20, 100)]
    best = served(trials, 500)
    assert best is not None
    assert best["rate"] == 5
    assert served([tried(10, 1)], 500) is None


def session(few: float, many: float) -> Session:
    trials = {"1": search(6, few), "4": search(24, many)}
    return Session(circumstances={"system": "one"}, cpu_quota=0.4, work_ms=50, bound_ms=500, trials=trials)


@pytest.mark.parametrize(("many", "reached"), [(40, "yes"), (20, "**no**")])
def test_the_page_holds_four_workers_against_one(many: float, reached: str) -> None:
    found = session(10, many)
    told = page({"docker": found}, ["docker", "vagrant"])
    assert f"| docker | 3 | {ratio(found):.2f} | {reached} |" in told
    assert "| vagrant | 3 | not measured | not known |" in told
    assert "A worker may use 0.4 CPUs, 4 of them 1.6; work burns 50 ms; the bound is 500 ms." in told
    assert "| 6.0 | 20 | 100 | 0 | 50 | 100 | 1 | yes |" in told, "also how late the visitors themselves were"
