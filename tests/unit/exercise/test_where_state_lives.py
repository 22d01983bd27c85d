"""How the fourth exercise tells whether there was a moment without any worker, and what it says to what is missing."""

from collections.abc import Mapping
from contextlib import suppress
from types import ModuleType

import pytest

from lab.exercise.catalogue import Seen
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


ENDED = "200 worker-1 absent, 200 worker-2 absent, 220 worker-1 creating"
MADE = f"{ENDED}, 210 store-1 creating, 210 loadbalancer-1 creating"


class Past(Scene):
    """A lab whose workers were all gone at 200, whose store and load balancer were made at 210, or what else is told of
    it, and whose database was started at 215; of the learner's things it is given when each was first written."""

    def __init__(self, firsts: Mapping[str, float], told: str = MADE, changes: str = "") -> None:
        super().__init__(GIVEN, "docker")
        self._firsts, self._told, self._changes = firsts, told, changes

    def sql(self, question: str) -> list[list[str]]:
        if "postmaster" in question:
            return [["215.000000"]]
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
        if kind is Kind.NODE:
            return nodes(self._told)
        return [Event(250.0, kind, self._changes)] if kind is Kind.CHANGE and self._changes else []


def said(check: ModuleType, firsts: Mapping[str, float], told: str = MADE, changes: str = "") -> list[str]:
    """What the two parts say that hold the time of writing against what was ended."""
    found = []
    parts = (
        check.test_there_was_a_moment_without_any_worker,
        check.test_the_store_and_the_load_balancer_were_made_anew,
    )
    for part in parts:
        try:
            part(Past(firsts, told, changes), Look(lambda _: None, words(GIVEN)))
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


BEFORE = {"entry": 150.0, "login": 160.0, "file": 150.0}


@pytest.mark.parametrize(
    ("told", "changes", "wrote", "says"),
    [
        # A database that is killed starts again in the same store; so does a store without power, and one by hand.
        (ENDED, "", 0.0, "The database ended and started again, but in the store that was there when you wrote"),
        (f"{ENDED}, 230 store-1 starting", "", 0.0, "The database ended and started again, but in the store"),
        (f"{ENDED}, 212 store-1 waking", "sleep", 70.0, "A store that sleeps keeps its memory"),
        (ENDED, "", 70.0, "The store has been there all the time"),
        (f"{ENDED}, 140 store-1 creating, 140 loadbalancer-1 creating", "", 70.0, "The store has been there all the"),
        (f"{ENDED}, 210 loadbalancer-1 creating", "", 0.0, "The database ended and started again, but in the store"),
        (f"{ENDED}, 210 store-1 creating", "", 0.0, "The store was made anew. The load balancer is the one that"),
    ],
)
def test_only_a_store_and_a_load_balancer_that_were_made_after_the_writing_show_anything(
    check: ModuleType, told: str, changes: str, wrote: float, says: str
) -> None:
    firsts = {what: at + wrote for what, at in BEFORE.items()}
    assert said(check, BEFORE) == []
    [*_, of_nodes] = said(check, firsts, told, changes)
    assert of_nodes.startswith(says)


@pytest.mark.parametrize(("told", "left"), [(MADE, "All of it"), (ENDED, None)])
def test_what_is_left_after_the_end_of_the_store_is_told_only_where_it_had_one(
    check: ModuleType, told: str, left: str | None
) -> None:
    noted: dict[str, Seen] = {}
    look = Look(lambda one: noted.update(one.noted or {}), words(GIVEN))
    with suppress(Refused):
        check.test_the_store_and_the_load_balancer_were_made_anew(Past(BEFORE, told), look)
    assert (noted["made_anew"], noted.get("after_the_store")) == (told == MADE, left)


def test_who_had_only_the_file_in_time_gets_the_message_that_is_written_beside_that_attempt(check: ModuleType) -> None:
    told = said(check, {"entry": 300.0, "login": 301.0, "file": 150.0})
    assert all(line in one for line, one in zip(MESSAGE.read_text().splitlines(), told, strict=True))


def test_the_database_keeps_when_each_row_was_written() -> None:
    script = REPO / "playbooks" / "roles" / "store" / "files" / "database"
    assert "-c track_commit_timestamp=on" in script.read_text()
