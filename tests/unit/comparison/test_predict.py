"""Guesses: what is asked, and how near they were."""

import dataclasses
import re

import pytest

from lab.comparison import predict, schedule
from lab.comparison.catalogue import BATCHES, Cost
from lab.comparison.columns import Place, Way
from lab.comparison.report import Prediction
from tests.unit.comparison import reports
from tests.unit.comparison.test_schedule import BOX, COLD, WARM, batch

BARE = Place("bare", "Bare process", "box", Way.BARE, is_machine=False)
TUNED = Place("tuned", "Box, tuned", "box", Way.TUNED, is_machine=False)


def test_each_row_is_asked_once_for_all_columns_that_an_engine_has() -> None:
    a = batch("a", Cost(1, 1, 1, 1), ways=frozenset({Way.BARE, Way.FRESH, Way.TUNED}))
    b = batch("b", Cost(1, 1, 1, 1))
    asked = predict.questions(schedule.tasks([a, b], [BARE, BOX, COLD, WARM, TUNED], None, {}), None)
    assert [(one.row, one.columns) for one in asked] == [("a", ("box", "cold")), ("b", ("box", "cold", "warm"))]
    says = ["a, in s (Box; Machine, cold)", "b, in s (Box; Machine, cold; Machine, warm)"]
    assert [one.says for one in asked] == says


def test_neither_phases_nor_words_are_guessed() -> None:
    rows = {one.row for one in predict.questions(schedule.tasks(BATCHES, [BOX, COLD], None, {}), None)}
    assert "start" in rows
    assert not [name for name in rows if name.startswith(("start-", "isolation-"))]


def test_what_cannot_be_measured_is_not_asked() -> None:
    tasks = schedule.tasks([batch("a", Cost(1, 1, 1, 1)), batch("b", Cost(1, 1, 1, 1))], [BOX, WARM], 3, {})
    asked = predict.questions(tasks, None, {("a", "warm"), ("b", "box"), ("b", "warm")})
    assert [(one.row, one.columns) for one in asked] == [("a", ("box",))]


def test_what_was_seen_or_guessed_before_is_not_asked_again() -> None:
    tasks = schedule.tasks([batch("a", Cost(1, 1, 1, 1)), batch("b", Cost(1, 1, 1, 1))], [BOX, COLD], 3, {})
    guessed = (Prediction(row="b", column="machine-cold", guess=1.0),)
    cold = dataclasses.replace(COLD, key="machine-cold")
    tasks = [dataclasses.replace(task, place=cold) if task.place is COLD else task for task in tasks]
    old = reports.report(reports.row("a", {"box": reports.measured(1.0)}), reports.row("b", {}))
    asked = predict.questions(tasks, old.model_copy(update={"predictions": guessed}))
    assert [(one.row, one.columns) for one in asked] == [("a", ("machine-cold",)), ("b", ("box",))]


TWO = predict.Question("start", ("box", "cold"), "s", "Start, in s (Box; Cold)")


@pytest.mark.parametrize(
    ("typed", "guesses"),
    [
        ("", []),
        ("2", [("box", 2.0)]),
        ("300 ms; 1.5 min", [("box", 0.3), ("cold", 90.0)]),
        ("; 30", [("cold", 30.0)]),
        ("2;", [("box", 2.0)]),
        ("1,200;2", [("box", 1200.0), ("cold", 2.0)]),
    ],
)
def test_guesses_of_several_columns_are_typed_in_a_line(typed: str, guesses: list[tuple[str, float]]) -> None:
    assert [(one.column, one.guess) for one in predict.read(typed, TWO)] == guesses


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("soon", "'soon' is no figure in s"),
        ("2; 3 apples", "'3 apples' is no figure in s"),
        ("1; 2; 3", "these are 3 figures, of 2 that are asked for"),
    ],
)
def test_what_is_no_guess_says_why(typed: str, says: str) -> None:
    with pytest.raises(ValueError, match=re.escape(says)):
        predict.read(typed, TWO)


@pytest.mark.parametrize(
    ("guess", "measured", "words"),
    [
        (2.0, 2.0, "exactly as guessed"),
        (2.2, 2.0, "well guessed"),
        (1.8, 2.0, "well guessed"),
        (6.0, 2.0, "guessed 3.00 x too high"),
        (1.0, 4.0, "guessed 4.00 x too low"),
        (0.0, 4.0, "guessed too low"),
        (3.0, 0.0, "guessed too high"),
        (0.0, 0.0, "exactly as guessed"),
    ],
)
def test_a_guess_is_judged_by_how_many_times_it_is_off(guess: float, measured: float, words: str) -> None:
    assert predict.judged(guess, measured) == words
