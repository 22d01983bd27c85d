"""Predict first: what a learner is asked before anything is measured, and how near the guess was. Pure."""

from collections.abc import Container, Sequence
from dataclasses import dataclass

from lab.comparison import words
from lab.comparison.catalogue import RowSpec
from lab.comparison.columns import Place, Way
from lab.comparison.report import Prediction, Report
from lab.comparison.schedule import Task

# Somebody who guesses the size of a thing knows it; nobody knows it to a tenth.
_NEAR = 1.25
_ASKED = frozenset({Way.FRESH, Way.WARM})
BETWEEN = ";"
"""What stands between the guesses of two columns: a comma may be one within a figure."""


@dataclass(frozen=True)
class Question:
    """Guesses to ask for, of a row with this unit: one for each of these columns, by their keys."""

    row: str
    columns: tuple[str, ...]
    unit: str
    says: str


def questions(
    tasks: Sequence[Task], old: Report | None, impossible: Container[tuple[str, str]] = frozenset()
) -> list[Question]:
    """What is asked before these tasks, a question for each row of figures that is no phase of another: in the columns
    that are an engine's own, but for cells, by row and column, that are known to be `impossible`, and for those that
    the report that is resumed has seen, or a guess of, already."""
    asked = [task for task in tasks if task.place.way in _ASKED]
    found = []
    for batch in dict.fromkeys(task.batch for task in asked):
        places = [task.place for task in asked if task.batch == batch]
        for spec in filter(_is_asked, batch.rows):
            open_ = [one for one in places if (spec.name, one.key) not in impossible]
            open_ = [one for one in open_ if not _is_known(old, spec.name, one.key)]
            found += [_question(spec, open_)] if open_ else []
    return found


def _question(spec: RowSpec, places: Sequence[Place]) -> Question:
    titles = f"{BETWEEN} ".join(place.title for place in places)
    says = f"{spec.title}, in {words.asked_in(spec.unit)} ({titles})"
    return Question(spec.name, tuple(place.key for place in places), spec.unit, says)


def read(typed: str, question: Question) -> list[Prediction]:
    """The guesses that somebody typed, in the order of the question's columns; one that is left empty is none.

    Raises ValueError that says what is wrong with them.
    """
    parts = [part.strip() for part in typed.split(BETWEEN)]
    if len(parts) > len(question.columns):
        raise ValueError(f"these are {len(parts)} figures, of {len(question.columns)} that are asked for")
    found = []
    for part, column in zip(parts, question.columns, strict=False):
        guess = words.read(part, question.unit) if part else None
        if part and guess is None:
            raise ValueError(f"{part!r} is no figure in {words.asked_in(question.unit)}")
        found += [Prediction(row=question.row, column=column, guess=guess)] if guess is not None else []
    return found


def _is_asked(spec: RowSpec) -> bool:
    return spec.kind != "words" and spec.phases_of is None


def _is_known(old: Report | None, name: str, column: str) -> bool:
    row = old.row(name) if old is not None else None
    if old is None or row is None:
        return False
    cell = row.cells.get(column)
    return old.guess(name, column) is not None or (cell is not None and bool(cell.samples))


def judged(guess: float, measured: float) -> str:
    """How near a guess was, in words that follow what was measured."""
    if guess == measured:
        return "exactly as guessed"
    if guess == 0 or measured == 0:
        return "guessed too high" if guess > measured else "guessed too low"
    factor = max(guess / measured, measured / guess)
    if factor <= _NEAR:
        return "well guessed"
    return f"guessed {words.times(factor)} too {'high' if guess > measured else 'low'}"
