"""How the fifth exercise tells a drain that left an upload its time from others, and what it says to each."""

from types import ModuleType

import pytest

from lab.timeline.events import Event, Kind
from tests.unit.exercise.loaded import check_of


@pytest.fixture(scope="module")
def check() -> ModuleType:
    return check_of("05-load-balancer")


@pytest.mark.parametrize(
    ("told", "found"),
    [
        ("draining, absent", [(0.0, 1.0)]),
        ("absent, creating, draining, absent", [(2.0, 3.0)]),
        ("draining, ready, absent", []),
        ("draining, draining, absent", [(0.0, 2.0)]),
        ("absent", []),
        ("draining", []),
    ],
)
def test_a_drain_ends_with_the_worker_and_not_with_its_return(
    check: ModuleType, told: str, found: list[tuple[float, float]]
) -> None:
    states = told.split(", ")
    nodes = [Event(float(at), Kind.NODE, "worker-2", {"state": state}) for at, state in enumerate(states)]
    assert [(one.began, one.ended) for one in check.drains(nodes)] == found


def test_an_upload_was_left_its_time_that_ended_between_the_drain_and_the_end(check: ModuleType) -> None:
    early, late = check.Drain("worker-2", 10.0, 12.0), check.Drain("worker-3", 50.0, 75.0)
    assert check.saved([early, late], [5.0, 74.0]) == late
    assert check.saved([early, late], [11.0, 80.0]) == early
    assert check.saved([early, late], [9.0, 13.0, 76.0]) is None


@pytest.mark.parametrize(("now", "before", "failed"), [(3, 1, 2), (3, 3, 0), (2, 3, 2)])
def test_what_failed_is_counted_from_the_beginning_also_past_a_restart(
    check: ModuleType, now: int, before: int, failed: int
) -> None:
    assert check.more(now, before) == failed


def test_each_way_of_going_gets_its_own_message(check: ModuleType) -> None:
    drain = check.Drain("worker-2", 10.0, 12.0)
    assert check._says(["worker-1"], [drain]).startswith("It was drained, but no file of yours")
    assert check._says(["worker-1"], []).startswith("Whoever left since you began was destroyed")
    assert check._says([], []).startswith("No worker was drained yet.")
    assert check._not_in_service(["worker-2"], ["worker-2"]).startswith("worker-2 is well, and gets no requests")
    assert "asking for worker-1" in check._not_in_service([], ["worker-1"])
    assert check._not_in_service([], []).startswith("One worker alone")
