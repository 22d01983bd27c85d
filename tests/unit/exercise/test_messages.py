"""What exercises say to what they saw: each mistake gets its own message."""

from types import ModuleType
from typing import Any

import pytest

from lab.exercise.evidence import Run
from lab.exercise.scene import Given, Scene
from lab.ledger.audit import Account
from lab.ledger.sorts import Sort
from lab.ledger.writes import What
from lab.model.node import State
from lab.timeline.events import Event, Kind
from tests.conftest import REPO
from tests.unit.exercise import loaded
from tests.unit.ledger import histories

GIVEN = Given("sessions", "7", "ex", ("docker",), 100.0, "/w", 20.0, {})


@pytest.fixture(scope="module")
def mistake() -> ModuleType:
    return loaded.check_of("03-stateful-mistake")


@pytest.fixture(scope="module")
def sessions() -> ModuleType:
    return loaded.check_of("10-sessions")


@pytest.fixture(scope="module")
def capstone() -> ModuleType:
    return loaded.check_of("12-capstone")


def run(verdict: str, *lost: What, is_whole: bool = True) -> Run:
    account = Account(header=histories.header(), is_whole=is_whole)
    for what in lost:
        account.sorts[Sort.LOST, what] = 3
    return Run("r", account, verdict)


@pytest.mark.parametrize(
    ("run", "of_mistake", "of_capstone"),
    [
        (run("kept"), "Kept, but everybody lived", "Kept, but every worker lived."),
        (run("unknown", is_whole=False), "This run was cut off", "This run was cut off"),
        (run("unknown"), "The verdict is unknown.", "The verdict is unknown."),
        (run("lost", What.FILE), "Lost were files.", "Files were lost: for each of these"),
        (run("lost", What.LOGIN), "Lost were logins.", "Logins were lost: the database has a row for each"),
        (run("lost", *What), "Lost were entries, files and logins.", "Entries, files and logins were lost: for each"),
    ],
)
def test_a_run_that_shows_nothing_is_told_from_one_that_lost(
    mistake: ModuleType, capstone: ModuleType, run: Run, of_mistake: str, of_capstone: str
) -> None:
    assert mistake._says(run).startswith(of_mistake)
    assert capstone._says(run).startswith(of_capstone)


@pytest.mark.parametrize("folder", ["02-destroy-a-worker", "03-stateful-mistake", "12-capstone"])
def test_who_was_found_gone_after_a_run_is_not_said_to_have_lived(folder: str) -> None:
    says = loaded.check_of(folder)._says
    # The model asks for those that a run destroyed itself, too.
    nobody: tuple[list[str], ...] = ([],) if folder.startswith("02") else ()
    assert "of that of worker-1 and worker-2." in says(run("kept"), *nobody, ["worker-2", "worker-1", "worker-2"])
    assert "nobody's end was seen" not in says(run("kept"), *nobody, [])
    assert "nobody's end was seen" not in says(run("lost", What.FILE), *nobody, ["worker-1"])


@pytest.mark.parametrize(
    ("things", "says"),
    [({"files"}, "Entries and logins have moved"), ({"lab.sqlite"}, "Files have moved"), (set("fl"), "In lab.sqlite")],
)
def test_what_a_worker_still_holds_is_named(mistake: ModuleType, things: set[str], says: str) -> None:
    assert mistake._kept(things).startswith(says)


def test_who_forgot_the_files_gets_the_message_that_is_written_beside_that_attempt(mistake: ModuleType) -> None:
    attempt = REPO / "exercises" / "03-stateful-mistake" / "wrong" / "half-mended"
    of_worker, of_run = (attempt / "message").read_text().splitlines()
    assert of_worker in mistake._kept({"files"})
    assert of_run in mistake._says(run("lost", What.FILE))


class Past(Scene):
    """A lab whose timeline is given: who was gone, and when, all at once or after a drain; the engine tells this state
    of everybody."""

    def __init__(self, *gone: tuple[str, float], was_drained: bool = False, state: State = State.RUNNING) -> None:
        super().__init__(GIVEN, "docker")
        self._states = [State.DRAINING, State.ABSENT] if was_drained else [State.ABSENT]
        self._gone, self._state = gone, state

    def events(self, kind: Kind) -> list[Event]:
        return [Event(at, kind, name, {"state": str(one)}) for name, at in self._gone for one in self._states]

    def state(self, worker: str) -> State:
        del worker
        return self._state


def session(check: ModuleType, by: str, at: float, seen_by: str, seen_at: float) -> Any:
    return check.Session("hash", "otter-4711", by, at, seen_by, seen_at)


@pytest.mark.parametrize(
    ("mine", "gone", "says"),
    [
        ([], [], "Log in first"),
        ([("worker-1", 110, "worker-1", 111)], [], "worker-1 let you in, and lives."),
        (
            [("worker-1", 110, "worker-1", 120)],
            [("worker-2", 115)],
            "worker-1 let you in, and it is alive since: worker-2",
        ),
        ([("worker-1", 110, "worker-1", 120)], [("worker-1", 105)], "worker-1 let you in, and lives."),
        ([("worker-1", 110, "worker-1", 112)], [("worker-1", 115)], "worker-1 let you in and is gone."),
        (
            [("worker-1", 110, "worker-1", 112), ("worker-2", 120, "worker-2", 121)],
            [("worker-1", 115)],
            "You logged in anew",
        ),
    ],
)
def test_a_session_that_did_not_have_to_outlive_anybody_is_told_why(
    sessions: ModuleType, mine: list[tuple[str, float, str, float]], gone: list[tuple[str, float]], says: str
) -> None:
    scene = Past(*gone)
    since = mine[-1][1] if mine else 100
    told = sessions._says(scene, [session(sessions, *one) for one in mine], [name for name, at in gone if at > since])
    assert told.startswith(says)


@pytest.mark.parametrize(
    ("scene", "says"),
    [
        (Past(("worker-1", 130), was_drained=True), "worker-1 let you in, and was drained before it went"),
        (Past(state=State.ABSENT), "worker-1 let you in and is gone. Load the page again"),
        (Past(state=State.STOPPED), "worker-1 let you in, and is only stopped"),
        (Past(), "worker-1 let you in, and lives."),
    ],
)
def test_who_let_you_in_is_said_to_live_only_where_it_does(sessions: ModuleType, scene: Scene, says: str) -> None:
    assert sessions._says(scene, [session(sessions, "worker-1", 110, "worker-1", 120)], []).startswith(says)
