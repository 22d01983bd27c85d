"""The verbs `exercise …`, as far as they need no engine: an exercise that asks no lab, and the kit's own ones."""

import json
import os
import pty
import shutil
import subprocess
import sys
import termios
import time
from pathlib import Path

import pytest

from lab.cli import authors
from lab.exercise import catalogue, scene, session
from lab.exercise.catalogue import Exercise
from lab.exercise.home import Home
from tests.conftest import REPO, Typed
from tests.unit.cli.inside import type_inside
from tests.unit.exercise import small
from tests.unit.exercise.here import run_checks_here


@pytest.fixture(autouse=True)
def _checks_run_here(monkeypatch: pytest.MonkeyPatch) -> None:
    run_checks_here(monkeypatch)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "exercises"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "learner", tmp_path / "learner" / "workspace")


@pytest.fixture
def exercise(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Exercise:
    """The small exercise, as the only one that there is."""
    monkeypatch.setattr(catalogue, "OWN", folder)
    return small.write(folder)


def typed(home: Home, *words: str) -> Typed:
    away = {"DOCKER_HOST": "unix:///nowhere/docker.sock", "XDG_STATE_HOME": str(home.folder / "state")}
    return type_inside("exercise", *words, env={"LAB_EXERCISES": str(home.folder), **away})


NOTHING_BEGUN = """\
error: no exercise was started yet
  where: NAME
  mend:  `lab exercise list` shows them, `lab exercise start` begins one
"""
NOT_THIS = """\
error: it was not started yet
  where: exercise destroy-a-worker
  mend:  `lab exercise start destroy-a-worker`
"""


@pytest.mark.parametrize("verb", ["check", "hint", "watch", "solution", "reset"])
def test_what_needs_an_exercise_says_how_one_is_begun(home: Home, verb: str) -> None:
    gave = typed(home, verb)
    assert (gave.code, gave.err) == (2, NOTHING_BEGUN)
    assert not home.folder.exists()


@pytest.mark.parametrize("verb", ["check", "hint", "watch", "solution"])
def test_an_exercise_that_was_not_started_is_said_to_be_so(home: Home, verb: str) -> None:
    gave = typed(home, verb, "2")
    assert (gave.code, gave.err) == (2, NOT_THIS)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["start", "nothing"], "there is no exercise 'nothing'"),
        (["start", "2", "--on", "podman"], "'podman' is not one of"),
        (["start", "2", "--predict", "entry=9"], "entry: choose 1 to 3"),
        (["start", "2", "--predict", "lost=none"], "lost: 'none' is no number"),
        (["start", "2", "--predict", "lost=-3"], "lost: '-3' is less than nothing: predict 0 or more"),
        (["start", "2", "--predict", "first=1"], "'first' is none of entry, lost"),
        (["start", "2", "--name", "Blue_1"], "'Blue_1' cannot be the name of a lab"),
        (["start", "2", "--on", "docker"], "none of docker answers here"),
        (["reset", "2", "--all"], "NAME and --all do not go together"),
        (["reset", "--all", "--on", "docker"], "--on and --all do not go together"),
        (["reset", "--all", "--name", "foo"], "--name and --all do not go together"),
        (["reset", "--all", "--on", "docker", "--name", "foo"], "--on, --name and --all do not go together"),
        (["new", "Bad_Name"], "'Bad_Name' is no name"),
        (["new", "destroy-a-worker"], "there is an exercise destroy-a-worker"),
        (["lint", "nothing"], "there is no exercise 'nothing'"),
    ],
)
def test_bad_input_gets_one_clear_error_and_changes_nothing(home: Home, words: list[str], told: str) -> None:
    gave = typed(home, *words)
    assert gave.code == 2
    assert told in gave.err
    assert not (home.folder / "progress.json").exists()


def test_a_lab_that_is_not_the_exercises_own_is_refused(home: Home, exercise: Exercise) -> None:
    small.begin(home, exercise)
    gave = typed(home, "check", "--name", "blue")
    assert gave.code == 2
    assert gave.err.splitlines()[0] == "error: count-the-words was started in lab ex"


def test_the_kits_exercises_are_listed(home: Home) -> None:
    gave = typed(home, "list")
    assert gave.code == 0
    assert "destroy-a-worker" in gave.out
    assert len(gave.out.splitlines()) < 24, "it fits a terminal of the usual size"


def test_what_start_and_reset_would_do_is_told(home: Home, exercise: Exercise) -> None:
    small.begin(home, exercise)
    for verb, folder in (("start", "would leave or make the folder"), ("reset", "would make the folder")):
        gave = typed(home, verb, "--dry-run")
        assert gave.code == 0, gave.err
        assert gave.out.splitlines()[0] == "would bring lab ex on docker to 2 workers, stateless"
        assert gave.out.splitlines()[1].startswith(folder)
    home.store.change(lambda progress: progress.with_done(exercise.name, passed_at=time.time()))
    gave = typed(home, "start", exercise.name, "--dry-run")
    assert gave.out.splitlines()[1].startswith("would make the folder")


FAILED = """\
    looking at the words in {workspace}
NO  There are three words
    saw: 1 words
    expected: three
    Lab ex wants more of {word}.
ok  the second part
    saw: all
    expected: all

Your prediction  How many words are there?
    you said: 3 words
    measured: 1 words: you said 3.0 times as much
    There are as many as you write.

Not there yet. `lab exercise hint count-the-words` points the way.
"""


def test_a_check_says_what_it_looks_at_what_it_saw_and_what_it_expected(home: Home, exercise: Exercise) -> None:
    words = small.begin(home, exercise, "one")
    session.predicted(home, exercise, "count", 3)
    mine = scene.words(session.given(home, exercise))
    gave = typed(home, "check")
    assert (gave.code, gave.out) == (1, FAILED.format(**mine))
    assert gave.err == "checking 01 Count the words\n"
    words.write_text("unreadable")
    gave = typed(home, "check")
    assert gave.code == 3
    assert "??  There are three words\n    saw: nobody can read that\n    write it again (where: words)\n" in gave.out
    words.write_text("one two three")
    gave = typed(home, "check", "1")
    assert gave.code == 0
    assert (
        "\nPassed: Count the words\n2 questions wait for you: `lab exercise check` on a terminal asks them." in gave.out
    )


def test_status_tells_progress_and_apart_from_that_how_the_lab_is_now(home: Home, exercise: Exercise) -> None:
    small.begin(home, exercise, "a b c")
    assert typed(home, "check").code == 0
    gave = typed(home, "status")
    assert gave.out.splitlines()[0] == "passed: 1 of 1"
    assert gave.out.splitlines()[1].startswith("you are at: count-the-words, passed 2")
    assert gave.out.splitlines()[2] == "lab ex, now: it is not up"
    told = json.loads(typed(home, "status", "--json").out)
    assert (told["current"], told["lab"], told["now"]) == ("count-the-words", "ex", [])


def test_the_solution_is_shown_to_who_insists(home: Home, exercise: Exercise) -> None:
    small.begin(home, exercise)
    gave = typed(home, "solution")
    assert gave.code == 2
    assert "Show the solution? A hint may be enough. needs an answer" in gave.err
    assert home.store.read().of(exercise.name).solution_at is None
    gave = typed(home, "solution", "--yes")
    assert gave.code == 0
    assert gave.out.startswith("echo ")
    assert home.store.read().of(exercise.name).solution_at is not None


def test_hints_are_told_one_by_one(home: Home, exercise: Exercise) -> None:
    small.begin(home, exercise)
    first = typed(home, "hint")
    assert first.out == "\nHint 1 of 2: Write.\n"
    said = "checking 01 Count the words\n    looking at the words in "
    assert first.err.startswith(said), "it checks first, and says so"
    second = typed(home, "hint").out.splitlines()
    assert second[1].startswith("Hint 2 of 2: Write ")
    assert second[2] == "That was the last hint for what you have now. The last resort: `lab exercise solution`"


def test_every_exercise_of_the_kit_passes_lint_as_far_as_it_needs_no_lab(home: Home) -> None:
    gave = typed(home, "lint", "--dry-run")
    assert (gave.code, gave.out) == (0, "")


def test_lint_tells_what_is_missing(home: Home, exercise: Exercise) -> None:
    gave = typed(home, "lint", exercise.name, "--dry-run")
    assert gave.code == 1
    assert "01-count-the-words: README.md is missing or empty" in gave.out


def test_an_exercise_is_not_proven_where_it_is_not_for(home: Home, exercise: Exercise) -> None:
    alone = typed(home, "lint", exercise.name, "--on", "vagrant")
    assert alone.code == 2
    assert "exercise count-the-words is not for vagrant" in alone.err
    every = typed(home, "lint", "--on", "vagrant")
    assert every.code == 0
    assert "01-count-the-words is left out: it is for docker" in every.err


@pytest.mark.parametrize(
    ("how", "on", "places"),
    [
        ("one", None, [("docker",), ("vagrant",)]),
        ("each", None, [("docker",), ("vagrant",), ("docker", "vagrant")]),
        ("each", "vagrant", [("vagrant",)]),
    ],
)
def test_an_exercise_is_proven_wherever_a_learner_may_do_it(
    exercise: Exercise, how: str, on: str | None, places: list[tuple[str, ...]]
) -> None:
    here = exercise.model_copy(update={"substrates": ("docker", "vagrant"), "on": how})
    assert authors._places(here, on) == places


def test_a_new_exercise_is_made_with_all_its_files(home: Home, exercise: Exercise, folder: Path) -> None:
    told = typed(home, "new", "more-words", "--dry-run")
    assert (told.code, told.out) == (0, f"would make {folder}/02-more-words\n")
    assert not (folder / "02-more-words").exists()
    assert typed(home, "new", "more-words").code == 0
    shutil.rmtree(exercise.folder)
    unwritten = typed(home, "lint", "--dry-run")
    assert unwritten.code == 1
    assert "02-more-words: solution/solve.sh has 1 place that says TODO\n" in unwritten.out
    for file in (folder / "02-more-words").rglob("*.*"):
        file.write_text(file.read_text().replace("TODO", "Words"))
    for message in folder.glob("*/wrong/*/message"):
        message.write_text(message.parent.name)
    assert typed(home, "lint", "--dry-run").code == 0


@pytest.fixture
def watched(home: Home) -> dict[str, str]:
    """The kit's exercise of destroyed workers as one that was started in a lab that is not there."""
    begun = catalogue.named(catalogue.load_all(REPO / "exercises"), "destroy-a-worker")
    small.begin(home, begun)
    return {
        **os.environ,
        "LAB_EXERCISES": str(home.folder),
        "XDG_STATE_HOME": str(home.folder / "state"),
        "PYTHONPATH": str(REPO),
        "TERM": "xterm",
    }


WATCH = [sys.executable, "-P", "-m", "lab", "exercise", "watch"]
KEYS = "n:next  h:hint  l:list  c:check  x:reset  q:quit"


def test_watch_takes_letters_line_by_line_without_a_terminal(watched: dict[str, str]) -> None:
    done = subprocess.run(
        WATCH, env=watched, input="l\nh\nc\nq\n", capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 3, done.stderr
    first, between, last = done.stdout.split(KEYS)
    told = "saw: lab ex is not up on docker\n    `lab exercise start destroy-a-worker` makes it again (where: lab ex)\n"
    part = f"??  The site still has the entry that you wrote\n    {told}"
    assert (part in first, part in between) == (True, True), "it checks at the beginning, and once more on c"
    assert "02  destroy-a-worker" in between, "l lists"
    assert done.stderr.startswith("error: lab ex is not up on docker"), "h cannot hint, and does not end it"
    looks = "looking at the entries that users see"
    assert (first.count(looks), between.count(looks)) == (1, 2), "what h looks at is told, too"
    assert last.strip() == ""


def test_watch_takes_keys_on_a_terminal_and_leaves_it_as_it_was(watched: dict[str, str]) -> None:
    ours, theirs = pty.openpty()
    before = termios.tcgetattr(theirs)
    with subprocess.Popen(WATCH, env=watched, stdin=theirs, stdout=theirs, stderr=theirs, text=True) as process:
        shown = ""

        def await_shown(text: str) -> str:
            nonlocal shown
            while text not in shown:
                shown += os.read(ours, 4096).decode()
            before, shown = shown.split(text, 1)
            return before

        # One that is pressed while it checks is not forgotten; what loses the lab's state is not done by a slip.
        await_shown("looking at")
        os.write(ours, b"x")
        assert "x" not in await_shown(KEYS).split("\n")
        await_shown("Begin destroy-a-worker anew? [y/N]: ")
        os.write(ours, b"n\n")
        os.write(ours, b"n")
        await_shown("destroy-a-worker is not passed yet, and its lab becomes that of stateful-mistake. Go on? [y/N]: ")
        os.write(ours, b"\nq")
        assert process.wait(60) == 3
    assert termios.tcgetattr(theirs) == before
    os.close(ours)
    os.close(theirs)
