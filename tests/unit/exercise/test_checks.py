"""Checks run in a process of their own, and are heard while they run."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from lab.exercise import checks, plugin, scene, session, telling
from lab.exercise.catalogue import Exercise, Limits
from lab.exercise.home import Home
from lab.exercise.scene import Look, Refused
from lab.exercise.telling import Kind, Outcome, Part, Told
from lab.model.errors import UsageError
from tests.conftest import REPO
from tests.unit.exercise import small
from tests.unit.exercise.here import run_checks_here

LINES = [
    Told(Kind.LOOKS, "the words"),
    Told(Kind.NOTED, noted={"words": 3, "first": "a", "fine": True, "share": 0.5}),
    Told(Kind.ENDED, part=Part("a claim", None, "saw\nthis", "that", "says")),
]


@pytest.mark.parametrize("told", LINES)
def test_a_line_is_read_back_as_it_was_told(told: Told) -> None:
    assert telling.read(told.line()) == told
    assert told.line().count("\n") == 1


@pytest.mark.parametrize(
    ("answers", "ok"),
    [([True, True], True), ([True, False, None], False), ([True, None], None), ([], None)],
)
def test_a_failure_beats_what_could_not_be_checked_and_that_beats_a_pass(
    answers: list[bool | None], ok: bool | None
) -> None:
    assert telling.outcome(Told(Kind.ENDED, part=Part("a", answer)) for answer in answers).ok is ok


@pytest.mark.parametrize(
    ("problem", "ok", "says"),
    [
        (None, True, ""),
        (Refused("saw", "expected", "says"), False, "says"),
        (UsageError("not up", where="lab ex", mend="`lab up`"), None, "`lab up` (where: lab ex)"),
        (AssertionError("a mistake of the check's author"), None, plugin._BUG),
        (FileNotFoundError("words"), None, plugin._BUG),
    ],
)
def test_only_what_was_expected_and_not_seen_is_a_failure(
    problem: BaseException | None, ok: bool | None, says: str
) -> None:
    part = plugin.part("a claim", Look(lambda _: None, {}), problem)
    assert (part.claim, part.ok, part.says) == ("a claim", ok, says)


@pytest.fixture
def _here(monkeypatch: pytest.MonkeyPatch) -> None:
    run_checks_here(monkeypatch)


def checked(home: Home, exercise: Exercise) -> tuple[Outcome, list[Told]]:
    heard: list[Told] = []
    return checks.check(exercise, session.given(home, exercise), heard.append), heard


@pytest.mark.usefixtures("_here")
@pytest.mark.parametrize(
    ("words", "ok", "observed"),
    [
        ("a b c", True, {"words": 3, "first": "a"}),
        ("b", False, {"words": 1, "first": "b"}),
        ("", False, {"words": 0}),
        ("unreadable", None, {}),
    ],
)
def test_a_check_passes_fails_or_could_not_be_made(
    home: Home, exercise: Exercise, words: str, ok: bool | None, observed: dict[str, object]
) -> None:
    file = small.begin(home, exercise, words)
    outcome, heard = checked(home, exercise)
    assert (outcome.ok, outcome.observed) == (ok, observed)
    assert [part.claim for part in outcome.parts] == ["There are three words", "the second part"]
    # What is looked at is told before anything was seen.
    assert heard[0] == Told(Kind.LOOKS, f"the words in {file.parent}")
    assert outcome.parts[1].ok is True, "a part that failed does not hide the next one"


def test_what_was_seen_and_expected_is_told_with_the_learners_own_words(home: Home, exercise: Exercise) -> None:
    small.begin(home, exercise, "one two")
    part = checked(home, exercise)[0].parts[0]
    word = scene.words(session.given(home, exercise))["word"]
    assert (part.saw, part.expected, part.says) == ("2 words", "three", f"Lab ex wants more of {word}.")


@pytest.mark.usefixtures("_here")
@pytest.mark.parametrize(
    ("check", "saw"),
    [
        ("def broken(:", "SyntaxError"),
        ("import nothing_of_that_name", "ModuleNotFoundError"),
        ("def test_a(scene, look): scene.workspace.joinpath('nowhere').read_text()", "FileNotFoundError"),
        ("def test_a(nobody_gives_this): pass", "FixtureLookupError"),
        ("VALUE = 1", "no tests"),
    ],
)
def test_a_check_with_a_mistake_could_not_be_made_and_says_so(home: Home, tmp_path: Path, check: str, saw: str) -> None:
    exercise = small.write(tmp_path / "broken", check=check)
    small.begin(home, exercise)
    outcome, _ = checked(home, exercise)
    assert outcome.ok is None
    assert saw in outcome.parts[-1].saw


@pytest.mark.usefixtures("_here")
def test_what_lies_above_an_exercise_is_not_read(home: Home, exercise: Exercise) -> None:
    small.begin(home, exercise, "a b c")
    exercise.folder.with_name("conftest.py").write_text("raise SystemExit('read')")
    assert checked(home, exercise)[0].ok is True


def test_a_check_that_does_not_end_is_ended(home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    exercise = small.write(tmp_path / "slow", check="import time\ndef test_a(): time.sleep(600)\n")
    exercise = exercise.model_copy(update={"limits": Limits(check_s=1)})
    small.begin(home, exercise)
    monkeypatch.setattr(checks, "_BEYOND_S", 1.0)
    begun = time.monotonic()
    outcome, _ = checked(home, exercise)
    assert time.monotonic() - begun < 60
    assert outcome.ok is None
    assert "did not end in time (the check has 1 s)" in outcome.parts[-1].saw


def test_what_a_check_told_before_it_was_ended_counts(home: Home, tmp_path: Path) -> None:
    lines = ["look.at('nothing')", "look.note(words=0)", "os.kill(os.getpid(), signal.SIGKILL)"]
    check = "import os, signal\ndef test_a(look):\n    " + "\n    ".join(lines)
    exercise = small.write(tmp_path / "ended", check=check)
    small.begin(home, exercise)
    heard: list[Told] = []

    def hear(told: Told) -> None:
        # A screen that is slow: by the time the check has ended, not all that it told has been heard.
        time.sleep(0.3)
        heard.append(told)

    outcome = checks.check(exercise, session.given(home, exercise), hear)
    assert (outcome.ok, outcome.observed) == (None, {"words": 0})
    assert heard[0].text == "nothing"
    assert "ended with status -9" in outcome.parts[-1].saw


def test_a_check_whose_caller_was_killed_ends(home: Home, exercise: Exercise, tmp_path: Path) -> None:
    small.begin(home, exercise)
    door = tmp_path / "door"
    os.mkfifo(door)
    given = json.dumps(session.given(home, exercise).as_json())
    told = {"PYTHONPATH": str(REPO), plugin.GIVEN: given, plugin.DOOR: str(door)}
    env = {**os.environ, **checks._NO_MORE, **told}
    argv = [sys.executable, "-P", *checks._PYTEST, "-p", plugin.__name__, str(exercise.check)]
    done = subprocess.run(argv, env=env, cwd=exercise.folder, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode != 0
    assert "No such device or address" in done.stdout + done.stderr
