"""How the fourth exercise tells whether there was a moment without any worker, and what it says to what is missing."""

from types import ModuleType

import pytest

from lab.timeline.events import Event, Kind
from tests.unit.exercise.loaded import check_of


@pytest.fixture(scope="module")
def check() -> ModuleType:
    return check_of("04-where-state-lives")


def nodes(told: str) -> list[Event]:
    """Events from words such as `3 worker-1 absent`, its second first."""
    rows = [row.split() for row in told.split(", ")]
    return [Event(float(at), Kind.NODE, name, {"state": state}) for at, name, state in rows]


@pytest.mark.parametrize(
    ("told", "empty"),
    [
        ("1 worker-1 absent, 2 worker-2 absent, 3 worker-1 creating", [2.0]),
        ("1 worker-1 absent, 2 worker-1 creating, 3 worker-2 absent, 4 worker-2 creating", []),
        ("1 worker-1 absent, 2 worker-3 creating, 3 worker-2 absent", []),
        ("1 worker-3 creating, 2 worker-1 absent, 3 worker-2 absent, 4 worker-3 absent", [4.0]),
        ("1 worker-1 draining, 2 worker-1 absent, 3 worker-2 stopped, 4 worker-2 absent", [4.0]),
        # As `lab sleep` and `lab wake` tell it, and `lab up` after this computer was restarted.
        ("1 worker-1 sleeping, 2 worker-2 sleeping, 9 loadbalancer-1 waking, 9 worker-1 waking, 9 worker-2 waking", []),
        ("7 worker-1 starting, 7 worker-2 starting, 7 loadbalancer-1 starting, 7 store-1 starting", []),
        # As `lab destroy` tells it.
        ("7 loadbalancer-1 absent, 7 store-1 absent, 8 worker-1 absent, 8 worker-2 absent, 9 worker-1 creating", [8.0]),
        ("7 loadbalancer-1 absent, 8 loadbalancer-1 creating, 30 worker-1 creating", []),
    ],
)
def test_a_moment_without_any_worker_is_seen_in_the_timeline(check: ModuleType, told: str, empty: list[float]) -> None:
    assert check.emptied(nodes(told), ["worker-1", "worker-2"]) == empty


@pytest.mark.parametrize(
    ("missing", "is_new", "says"),
    [
        (["entry", "login", "file"], True, "Whoever destroys a lab with --volumes"),
        (["entry", "login", "file"], False, "write an entry and a login and a file with"),
        (["file"], True, "Nothing of yours is on the drive"),
        (["entry", "login"], True, "write an entry and a login with"),
    ],
)
def test_what_is_missing_is_told_and_why_where_that_is_known(
    check: ModuleType, missing: list[str], is_new: bool, says: str
) -> None:
    assert says in check._missing(missing, is_new=is_new)


def test_one_after_the_other_is_told_from_only_one(check: ModuleType) -> None:
    assert "handed your things on" in check._not_empty(["worker-1", "worker-2"])
    assert "handed your things on" not in check._not_empty(["worker-1", "worker-1"])
