"""How the fourth exercise tells whether there was a moment without any worker, and what it says to what is missing."""

from collections.abc import Mapping
from types import ModuleType

import pytest

from lab.exercise.scene import Given, Look, Refused, Scene, words
from lab.model.node import NodeName
from lab.timeline.events import Event, Kind
from tests.conftest import REPO
from tests.unit.exercise.loaded import check_of

NOTED = {"docker": {"workers": ["worker-1", "worker-2"]}}
GIVEN = Given("where-state-lives", "7", "ex", ("docker",), 100.0, "/w", 20.0, NOTED)
MESSAGE = REPO / "exercises" / "04-where-state-lives" / "wrong" / "only-the-file-in-time" / "message"


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
    assert "handed your things on" in check._not_empty(["worker-1", "worker-2"], [])
    assert "handed your things on" not in check._not_empty(["worker-1", "worker-1"], [])


class Past(Scene):
    """A lab whose workers were all gone at 200, and whose store was started at 210; of the learner's things it is given
    when each was first written."""

    def __init__(self, firsts: Mapping[str, float]) -> None:
        super().__init__(GIVEN, "docker")
        self._firsts = firsts

    def sql(self, question: str) -> list[list[str]]:
        if "postmaster" in question:
            return [["210.000000"]]
        if "count(*)" in question:
            return [[str(int(what in self._firsts)) for what in ("entry", "login")]]
        assert "min(" in question
        return [[str(self._firsts.get(what, "")) for what in ("entry", "login")]]

    def uploaded(self) -> list[float]:
        return [self._firsts["file"]] if "file" in self._firsts else []

    @property
    def workers(self) -> list[NodeName]:
        return [NodeName.parse(name) for name in NOTED["docker"]["workers"]]

    def events(self, kind: Kind) -> list[Event]:
        return nodes("200 worker-1 absent, 200 worker-2 absent, 220 worker-1 creating") if kind is Kind.NODE else []


def said(check: ModuleType, firsts: Mapping[str, float]) -> list[str]:
    """What the two parts say that hold the time of writing against what was ended."""
    found = []
    for part in (check.test_there_was_a_moment_without_any_worker, check.test_the_store_was_ended_and_started_again):
        try:
            part(Past(firsts), Look(lambda _: None, words(GIVEN)))
        except Refused as refused:
            found.append(refused.says)
    return found


@pytest.mark.parametrize("of_old", [150.0, 0.0])
def test_what_was_written_before_all_was_ended_passes(check: ModuleType, of_old: float) -> None:
    assert said(check, {"entry": of_old, "login": 160.0, "file": 150.0}) == []


@pytest.mark.parametrize(
    ("firsts", "says"),
    [
        ({"entry": 300.0, "login": 301.0, "file": 150.0}, "You wrote your entry and your login only after"),
        ({"entry": 150.0, "login": 301.0, "file": 150.0}, "You wrote your login only after"),
        ({"entry": 150.0, "login": 150.0, "file": 301.0}, "You wrote your file only after"),
        ({"entry": 300.0, "login": 301.0, "file": 302.0}, "The "),
        ({"entry": 150.0, "file": 150.0}, "Write all three first."),
        ({}, "Write all three first."),
    ],
)
def test_what_was_written_afterwards_shows_nothing_and_is_named(
    check: ModuleType, firsts: Mapping[str, float], says: str
) -> None:
    told = said(check, firsts)
    assert len(told) == 2
    assert all(says in one for one in told)


def test_who_had_only_the_file_in_time_gets_the_message_that_is_written_beside_that_attempt(check: ModuleType) -> None:
    told = said(check, {"entry": 300.0, "login": 301.0, "file": 150.0})
    assert all(line in one for line, one in zip(MESSAGE.read_text().splitlines(), told, strict=True))


def test_the_database_keeps_when_each_row_was_written() -> None:
    script = REPO / "playbooks" / "roles" / "store" / "files" / "database"
    assert "-c track_commit_timestamp=on" in script.read_text()
