"""How the fifth exercise tells a drain that left an upload its time from others, and what it says to each."""

from types import ModuleType

import pytest

from lab.exercise import evidence
from lab.exercise.evidence import Failures
from lab.timeline.events import Event, Kind
from tests.conftest import REPO
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


@pytest.mark.parametrize(
    ("told", "requests"),
    [
        ("draining 1, absent", 1),
        ("draining 0, absent", 0),
        ("draining 2, draining 0, absent", 2),
        ("draining, absent", 0),
    ],
)
def test_a_drain_tells_what_the_worker_had_under_way_when_it_began(check: ModuleType, told: str, requests: int) -> None:
    nodes = []
    for at, words in enumerate(told.split(", ")):
        state, *under_way = words.split()
        fields = {"state": state, **({"requests": int(under_way[0])} if under_way else {})}
        nodes.append(Event(float(at), Kind.NODE, "worker-2", fields))
    assert [one.requests for one in check.drains(nodes)] == [requests]


def test_who_is_drained_without_anything_under_way_leaves_no_upload_its_time(check: ModuleType) -> None:
    # Small files go through the other worker all the time.
    idle, busy = check.Drain("worker-2", 10.0, 12.0, 0), check.Drain("worker-2", 50.0, 75.0, 1)
    assert check.saved([idle], [9.0, 10.5, 11.0, 11.5]) is None
    assert check.saved([busy, idle], [11.0, 74.0]) == busy
    message = REPO / "exercises" / "05-load-balancer" / "wrong" / "drained-beside" / "message"
    assert message.read_text().strip() in check._says(["worker-1"], [idle], [11.0])


def test_an_upload_was_left_its_time_that_ended_between_the_drain_and_the_end(check: ModuleType) -> None:
    early, late = check.Drain("worker-2", 10.0, 12.0, 1), check.Drain("worker-3", 50.0, 75.0, 1)
    assert check.saved([early, late], [5.0, 74.0]) == late
    assert check.saved([early, late], [11.0, 80.0]) == early
    assert check.saved([early, late], [9.0, 13.0, 76.0]) is None


# As HAProxy 3.0.11 counted each of these alone, behind the kit's own configuration: errors, unserved, broken.
FAILED = {
    "an upload whose worker was killed": (Failures(1, 0, 2), 1),
    "one that waited for a worker that said nothing any more": (Failures(1, 0, 1), 1),
    "a page, asked for with all workers killed a moment ago": (Failures(1, 1, 0), 0),
    "two requests with all workers known to be down": (Failures(2, 2, 0), 0),
    "an error that a worker answered with": (Failures(1, 0, 0), 0),
    "a page whose worker was killed, and that another one gave": (Failures(0, 0, 1), 0),
}


@pytest.mark.parametrize(("failed", "cut"), FAILED.values(), ids=FAILED)
def test_a_worker_took_with_it_what_it_had_and_nobody_may_send_again(failed: Failures, cut: int) -> None:
    assert failed.cut == cut


def test_what_failed_is_counted_from_the_beginning_also_past_a_restart() -> None:
    before = vars(Failures(5, 3, 4))
    assert Failures(6, 3, 6).since(before) == Failures(1, 0, 2)
    assert Failures(6, 3, 6).since({}) == Failures(6, 3, 6)
    # Started anew, it has counted fewer of something.
    assert Failures(7, 1, 2).since(before) == Failures(7, 1, 2)


def test_failures_are_those_of_all_workers_together() -> None:
    header = "# pxname,svname,econ,eresp,hrsp_5xx"
    rows = ["site,FRONTEND,,,9", "workers,worker-1,7,8,9", "workers,BACKEND,2,3,6", "own,BACKEND,1,1,1"]
    assert evidence.failures("\n".join([header, *rows])) == Failures(errors=6, unserved=2, broken=3)


@pytest.mark.parametrize(
    ("gone", "failed", "says"),
    [
        ([], Failures(1, 0, 1), "No worker was destroyed yet."),
        (["worker-1"], Failures(), "A worker was destroyed, and not one request failed"),
        (["worker-1"], Failures(1, 1, 0), "There were errors, but none of these requests was in the hands of"),
    ],
)
def test_errors_of_another_kind_are_told_from_none(
    check: ModuleType, gone: list[str], failed: Failures, says: str
) -> None:
    assert check._not_cut(gone, failed).startswith(says)


def test_each_way_of_going_gets_its_own_message(check: ModuleType) -> None:
    drain = check.Drain("worker-2", 10.0, 12.0, 0)
    assert check._says(["worker-1"], [drain], [9.0]).startswith("It was drained, but no file of yours")
    assert check._says(["worker-1"], [drain], [11.0]).startswith("It was drained, but had nothing under way")
    assert check._says(["worker-1"], [], [11.0]).startswith("Whoever left since you began was destroyed")
    assert check._says([], [], []).startswith("No worker was drained yet.")
    assert check._not_in_service(["worker-2"], ["worker-2"]).startswith("worker-2 is well, and gets no requests")
    assert "asking for worker-1" in check._not_in_service([], ["worker-1"])
    assert check._not_in_service([], []).startswith("One worker alone")
