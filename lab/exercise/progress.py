"""What a learner has done, by the exercises' names: one record, written whole or not at all. It only grows."""

import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from lab.host import lock, records
from lab.model.errors import UsageError

_PATIENCE_S = 10.0


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Done(_Record):
    """One exercise. Times are Unix times, None where it did not happen.

    `is_starting`: `start` is at work, or was cut off. `hints`: how many rungs of each rule were shown. `answered`: the
    questions by id, each as often as it was answered. `noted`: what `start` noted of each substrate.
    """

    lab: str = ""
    substrates: tuple[str, ...] = ()
    started_at: float | None = None
    is_starting: bool = False
    noted: Mapping[str, Mapping[str, Any]] = {}
    passed_at: float | None = None
    checks: int = 0
    hints: Mapping[int, int] = {}
    solution_at: float | None = None
    predicted: Mapping[str, float] = {}
    shown: frozenset[str] = frozenset()
    answered: tuple[str, ...] = ()
    right: int = 0


class Progress(_Record):
    """All of a learner. `learner` seeds what is drawn for them; `current` is the exercise that they are at."""

    format: Literal[1] = 1
    learner: str
    current: str = ""
    exercises: Mapping[str, Done] = {}

    def of(self, name: str) -> Done:
        """What was done of one exercise."""
        return self.exercises.get(name, Done())

    def with_done(self, name: str, **changes: Any) -> "Progress":
        """The progress in which this exercise has changed so. What is passed stays so, since when it first was."""
        before = self.of(name)
        if before.passed_at is not None:
            changes["passed_at"] = before.passed_at
        done = Done.model_validate({**before.model_dump(), **changes})
        return self.model_copy(update={"exercises": {**self.exercises, name: done}})

    @property
    def passed(self) -> list[str]:
        """The names of the exercises that were passed, in the order in which they were."""
        passed = [(done.passed_at, name) for name, done in self.exercises.items() if done.passed_at is not None]
        return [name for _, name in sorted(passed)]


class Store:
    """Where the progress is kept: a file, changed by one command at a time."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def read(self) -> Progress:
        """The progress, one that begins where there is none; raises UsageError for a file that is damaged."""
        try:
            told = records.read_json(self.file)
            return Progress(learner=secrets.token_hex(8)) if told is None else Progress.model_validate(told)
        except (ValueError, ValidationError) as wrong:
            raise UsageError(
                f"the record of your progress cannot be read: {str(wrong).splitlines()[0]}",
                where=str(self.file),
                mend="restore it from a copy; or move it away, and begin anew",
            ) from wrong

    def change(self, how: Callable[[Progress], Progress]) -> Progress:
        """The progress after a change of what stands there now, written."""
        with self._alone():
            progress = how(self.read())
            records.write(self.file, progress.model_dump_json(indent=2) + "\n")
            return progress

    @contextmanager
    def _alone(self) -> Iterator[None]:
        with lock.held(self.file.with_suffix(".lock"), "exercise", patience_s=_PATIENCE_S):
            yield
