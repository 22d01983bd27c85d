"""What the exercise of the newest source makes of versions and refreshes."""

import re
from types import ModuleType
from typing import Any

import pytest

from lab.exercise import catalogue
from lab.exercise.hints import matching
from lab.exercise.scene import Given, Scene
from lab.store.source import Version
from lab.timeline.events import Event, Kind
from tests.conftest import REPO
from tests.unit.exercise import loaded

FIRST, MINE, BAD = (Version(name, f"tree-{name}", 1.0, name) for name in ("first", "mine", "bad"))
BACK = Version("back", MINE.tree, 1.0, "Back to mine")
GIVEN = Given("newest-source", "7", "ex", ("docker",), 0.0, "/w", 20.0, {})
WITH_WORD = frozenset({MINE.tree, BAD.tree})


@pytest.fixture(scope="module")
def check() -> ModuleType:
    return loaded.check_of("07-newest-source")


def began(commit: str) -> Event:
    return Event(1.0, Kind.CHANGE, "refresh began", {"commit": commit})


def ended(commit: str, *, rolled_back: bool = False, replaced: int = 2, errors: int = 0) -> Event:
    told = {"commit": commit, "rolled_back": rolled_back, "replaced": replaced, "new": {"errors": errors}}
    return Event(2.0, Kind.CHANGE, "refresh ended", told)


GOOD = [began("mine"), ended("mine")]
TURNED = [began("bad"), ended("back", rolled_back=True, replaced=0, errors=3)]


def facts(check: ModuleType, history: list[Version], changes: list[Event], *runs: str) -> Any:
    """The facts, where workers run these commits."""
    workers = {f"worker-{number}": commit for number, commit in enumerate(runs, 1)}
    return check.Facts(history, WITH_WORD, check.refreshes(changes), workers, "first")


def test_only_a_refresh_that_ended_counts(check: ModuleType) -> None:
    assert check.refreshes([ended("mine"), began("bad"), began("mine"), ended("mine"), began("bad")]) == [
        check.Refresh("mine", "mine", False, 2, 0)
    ]


def test_who_did_all_of_it_has_no_bad_version_left(check: ModuleType) -> None:
    seen = facts(check, [BACK, BAD, MINE, FIRST], GOOD + TURNED, "mine", "mine")
    assert (seen.brought, seen.behind, seen.unchecked, seen.bad) == (True, [], [], {BAD.tree})
    assert seen.mine == [BACK, MINE]
    assert seen.turned_back[0].failed == 3


@pytest.mark.parametrize(
    ("history", "changes", "runs", "says"),
    [
        ([FIRST], [], ["first", "first"], "There is no version of yours yet"),
        ([MINE, FIRST], [], ["first", "first"], "no worker has fetched it"),
        ([MINE, FIRST], [], ["mine", "first"], "worker-1 runs your version, and worker-2 another one"),
        ([MINE, FIRST], [], ["mine", "mine"], "you replaced them by hand"),
        ([MINE, FIRST], [began("mine"), ended("mine", replaced=0)], ["mine", "mine"], "you replaced them by hand"),
        (
            [Version("back", FIRST.tree, 1.0, "Back"), BAD, FIRST],
            [began("bad"), ended("back", rolled_back=True)],
            ["first", "first"],
            "A refresh turned your version back",
        ),
    ],
)
def test_each_way_that_brings_nothing_gets_its_own_message(
    check: ModuleType, history: list[Version], changes: list[Event], runs: list[str], says: str
) -> None:
    seen = facts(check, history, changes, *runs)
    assert not seen.brought
    assert says in check.not_brought(seen)


def test_a_version_that_was_turned_back_is_none_that_nobody_has(check: ModuleType) -> None:
    back = Version("back", FIRST.tree, 1.0, "Back")
    turned = [began("bad"), ended("back", rolled_back=True)]
    seen = facts(check, [back, BAD, FIRST], turned, "first", "first")
    assert seen.turned_away
    # Without asking the lab: neither the workers nor the learner's folder tell more.
    assert check._no_version(Scene(GIVEN, "docker"), seen) == check.not_brought(seen)
    assert not facts(check, [BACK, BAD, MINE, FIRST], GOOD + TURNED, "mine", "mine").turned_away
    assert not facts(check, [FIRST], [], "first", "first").turned_away


def test_who_was_turned_back_is_hinted_at_that_and_not_told_to_deploy() -> None:
    hints = catalogue.load(REPO / "exercises" / "07-newest-source").hints
    [of_turned, of_none] = [matching(hints, {"version": False, "turned_away": turned}) for turned in (True, False)]
    assert "turned it back" in hints[of_turned].says[0]
    assert of_none == of_turned + 1


@pytest.mark.parametrize(
    ("history", "changes", "runs", "says"),
    [
        ([MINE, FIRST], GOOD, ["mine", "mine"], "All versions were good so far."),
        ([BAD, MINE, FIRST], GOOD, ["mine", "mine"], "The newest version was not tried by anybody yet."),
        ([BAD, MINE, FIRST], GOOD, ["bad", "mine"], "worker-1 runs a version that no refresh has tried."),
        ([BAD, MINE, FIRST], [], ["bad", "bad"], "worker-1 and worker-2 run a version that no refresh has tried."),
    ],
)
def test_each_way_to_turn_nothing_back_gets_its_own_message(
    check: ModuleType, history: list[Version], changes: list[Event], runs: list[str], says: str
) -> None:
    seen = facts(check, history, changes, *runs)
    assert not seen.turned_back
    assert says in check.none_turned_back(seen)


def test_who_goes_back_once_more_is_told_where_that_leads(check: ModuleType) -> None:
    again = Version("again", BAD.tree, 1.0, "Back to bad")
    seen = facts(check, [again, BACK, BAD, MINE, FIRST], GOOD + TURNED, "mine", "mine")
    assert seen.history[0].tree in seen.bad
    assert "Nobody runs it, but the next worker that starts will." in check.not_well(seen, "turned back")


@pytest.mark.parametrize(
    ("sed", "file"), [("This page was made by", "templates/page.html"), ("text.encode()", "entries.py")]
)
def test_what_the_text_has_people_change_is_in_the_app_once(sed: str, file: str) -> None:
    folder = REPO / "exercises" / "07-newest-source"
    for script in (folder / "README.md", folder / "solution" / "solve.sh"):
        assert f"s/{sed}/" in script.read_text()
    assert len(re.findall(re.escape(sed), (REPO / "app" / file).read_text())) == 1
