"""Predict first: what a learner is asked before anything is measured, and how near the guess was. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from lab.comparison import words
from lab.comparison.catalogue import RowSpec
from lab.comparison.columns import Way
from lab.comparison.report import Report
from lab.comparison.schedule import Task

# Somebody who guesses the size of a thing knows it; nobody knows it to a tenth.
_NEAR = 1.25
_ASKED = frozenset({Way.FRESH, Way.WARM})


@dataclass(frozen=True)
class Question:
    """A guess to ask for, of a row with this unit."""

    row: str
    column: str
    unit: str
    says: str


def questions(tasks: Sequence[Task], old: Report | None) -> list[Question]:
    """What is asked before these tasks: each row of figures, but for the phases of another, in each column that is an
    engine's own; but not what the report that is resumed has seen, or a guess of, already."""
    return [
        Question(spec.name, place.key, spec.unit, f"{spec.title}, {place.title}, in {words.asked_in(spec.unit)}")
        for batch in dict.fromkeys(task.batch for task in tasks)
        for spec in batch.rows
        for place in (task.place for task in tasks if task.batch == batch)
        if _is_asked(spec) and place.way in _ASKED and not _is_known(old, spec.name, place.key)
    ]


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
