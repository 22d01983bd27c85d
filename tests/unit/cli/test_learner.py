"""What a learner is asked at a terminal, and what they get back at once."""

from collections.abc import Callable
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from lab.cli import exercise as verbs
from lab.cli import learner
from lab.exercise import questions
from lab.exercise.catalogue import Exercise
from lab.exercise.home import Home
from tests.unit.exercise import small

Answering = Callable[[str, Callable[[], object]], str]


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path, tmp_path / "workspace")


@pytest.fixture
def exercise(tmp_path: Path) -> Exercise:
    return small.write(tmp_path / "exercises")


@pytest.fixture
def answering(monkeypatch: pytest.MonkeyPatch) -> Answering:
    """What the screen shows when somebody types this."""
    monkeypatch.setattr(learner, "is_asked", lambda: True)

    def answer(typed: str, asks: Callable[[], object]) -> str:
        @click.command()
        def command() -> None:
            asks()

        gave = CliRunner().invoke(command, input=typed, catch_exceptions=False)
        assert gave.exit_code == 0
        return gave.output

    return answer


def test_predictions_are_asked_until_they_can_be_kept_and_only_once(
    home: Home, exercise: Exercise, answering: Answering
) -> None:
    small.begin(home, exercise)
    shown = answering("many\n5\n3\n2\n", lambda: learner.ask_predictions(home, exercise))
    assert home.store.read().of(exercise.name).predicted == {"count": 5, "first": 2}
    for told in ("How many words are there?", "'many' is no number", "  1  a\n  2  b\n", "choose 1 to 2"):
        assert told in shown
    assert answering("", lambda: learner.ask_predictions(home, exercise)) == ""


def test_a_prediction_may_be_left_out(home: Home, exercise: Exercise, answering: Answering) -> None:
    small.begin(home, exercise)
    answering("\n1\n", lambda: learner.ask_predictions(home, exercise))
    assert home.store.read().of(exercise.name).predicted == {"first": 1}


def test_questions_come_after_an_exercise_is_passed_with_feedback_at_once(
    home: Home, exercise: Exercise, answering: Answering
) -> None:
    exercises = [exercise, exercise.model_copy(update={"name": "another"})]
    small.begin(home, exercise)
    assert answering("", lambda: learner.ask_questions(home, exercises)) == "", "it is not passed yet"
    progress = home.store.change(lambda progress: progress.with_done(exercise.name, passed_at=1.0))
    posed = questions.posed(exercise, exercise.questions[1], progress.learner)
    shown = answering(f"2\n{posed.answer:g}\n", lambda: learner.ask_questions(home, exercises))
    assert "No: yes.\nBecause.\n" in shown
    assert f"{posed.text}\n" in shown
    assert f"Right.\n{posed.answer:g}.\n" in shown
    done = home.store.read().of(exercise.name)
    assert (done.answered, done.right) == (("one", "two"), 1)
    assert answering("", lambda: learner.ask_questions(home, exercises)) == ""


def test_a_question_that_is_left_out_waits(home: Home, exercise: Exercise, answering: Answering) -> None:
    small.begin(home, exercise)
    home.store.change(lambda progress: progress.with_done(exercise.name, passed_at=1.0))
    answering("\n\n", lambda: learner.ask_questions(home, [exercise]))
    assert home.store.read().of(exercise.name).answered == ()


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({}, ""),
        ({"started_at": 1.0}, "begun"),
        ({"started_at": 1.0, "is_starting": True}, "its start was cut off"),
        ({"passed_at": 86400.0 * 2, "solution_at": 1.0}, "passed 1970-01-03, with the solution"),
        ({"passed_at": 86400.0 * 2, "solution_at": 86400.0 * 3}, "passed 1970-01-03"),
        ({"passed_at": 86400.0 * 2, "is_starting": True}, "passed 1970-01-03"),
    ],
)
def test_how_far_a_learner_is_is_said_in_words(
    home: Home, monkeypatch: pytest.MonkeyPatch, changes: dict[str, object], told: str
) -> None:
    monkeypatch.setenv("TZ", "UTC")
    assert learner.state(home.store.read().with_done("a", **changes).of("a")) == told


def test_the_verbs_are_those_that_the_texts_name() -> None:
    told = "list start check watch hint solution reset status new lint"
    assert set(verbs.command.commands) == set(told.split())
