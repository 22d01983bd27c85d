"""The exercises as their folders tell them, in exercises/NN-NAME/exercise.toml; exercises/FORMAT.md explains it."""

import re
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from lab.host import paths
from lab.model.errors import UsageError
from lab.model.node import Mode
from lab.model.plan import WORKERS_AT_MOST

OWN = paths.REPO / "exercises"
"""The folder of the kit's own exercises."""

FOLDER = re.compile(r"(?P<number>\d{2})-(?P<name>[a-z][a-z0-9-]*)")
Text = Annotated[str, Field(min_length=1, pattern=r"\S")]
Word = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
Seen = bool | int | float | str
"""What a check can note of what it saw."""


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Condition(_Table):
    """What a hint asks of one observation; all that is given has to hold."""

    below: float | None = None
    above: float | None = None
    one_of: tuple[Seen, ...] | None = None
    seen: bool | None = None


class Hint(_Table):
    """A rule: what has to have been observed, and a ladder of texts, each telling more than the one before."""

    when: dict[Word, Seen | Condition] = {}
    says: Annotated[tuple[Text, ...], Field(min_length=1)]


class _Asked(_Table):
    """Something that a learner is asked: to choose one of several answers, or to give a number."""

    id: Word
    asks: Text
    choices: tuple[Text, ...] = ()
    unit: str = ""


class Prediction(_Asked):
    """Asked before the learner runs anything, held against the observation `measured` after a check that made it.

    What is chosen is held against `answer`, the number of the right choice, from 1.
    """

    measured: Word
    answer: int | None = None
    says: Text

    @model_validator(mode="after")
    def _fits(self) -> "Prediction":
        _check_choice(self.choices, self.answer, is_number=self.answer is None)
        return self


class Question(_Asked):
    """Asked after the exercise. `answer` is the number of the right choice, from 1, or an expression over `numbers`,
    each of which is drawn for each learner from [least, most]."""

    numbers: dict[Word, tuple[int, int]] = {}
    answer: int | Text
    tolerance: float = 0.0
    feedback: Text

    @model_validator(mode="after")
    def _fits(self) -> "Question":
        _check_choice(self.choices, self.answer, is_number=isinstance(self.answer, str))
        if any(least > most for least, most in self.numbers.values()):
            raise ValueError("numbers are given as [least, most]")
        return self


def _check_choice(choices: Sequence[str], answer: object, *, is_number: bool) -> None:
    if bool(choices) == is_number:
        raise ValueError("it needs either `choices` and the number of the right one, or none and an answer in numbers")
    if choices and not (isinstance(answer, int) and 1 <= answer <= len(choices) and len(choices) > 1):
        raise ValueError(f"`answer` is the number of the right choice, from 1 to {len(choices)}")


class Start(_Table):
    """The state in which the exercise begins, on each substrate that the learner has it on."""

    mode: Mode = Mode.STATELESS
    workers: Annotated[int, Field(ge=1, le=WORKERS_AT_MOST)] = 2
    sticky: bool = False
    fresh: bool = False
    topology: dict[str, Seen] = {}
    patches: tuple[Text, ...] = ()
    files: dict[Text, Text] = {}
    run: tuple[tuple[Text, ...], ...] = ()
    says: str = ""


class Limits(_Table):
    """How long `start` and `check` may take at most, in seconds; on emulated machines things take minutes."""

    start_s: Annotated[float, Field(gt=0)] = 1800.0
    check_s: Annotated[float, Field(gt=0)] = 120.0


class Exercise(_Table):
    """One exercise. `number` and `folder` come from where it lies, all else from its exercise.toml."""

    number: int
    folder: Path
    name: str
    title: Text
    goal: Text
    minutes: Annotated[int, Field(ge=10, le=25)]
    needs: tuple[str, ...] = ()
    substrates: Annotated[tuple[str, ...], Field(min_length=1)]
    on: Literal["one", "each"] = "one"
    start: Start = Start()
    limits: Limits = Limits()
    predict: Annotated[tuple[Prediction, ...], Field(min_length=1)]
    hints: Annotated[tuple[Hint, ...], Field(min_length=1)]
    questions: Annotated[tuple[Question, ...], Field(min_length=2, max_length=2)]

    @model_validator(mode="after")
    def _fits(self) -> "Exercise":
        for what, ids in (
            ("predict", [one.id for one in self.predict]),
            ("questions", [one.id for one in self.questions]),
        ):
            if len(set(ids)) != len(ids):
                raise ValueError(f"two of `{what}` have the same id")
        if self.hints[-1].when or any(not hint.when for hint in self.hints[:-1]):
            raise ValueError("the last of `hints`, and only the last, has no `when`: it is for whatever else was seen")
        return self

    @property
    def readme(self) -> Path:
        """The text for learners."""
        return self.folder / "README.md"

    @property
    def check(self) -> Path:
        """Its checks."""
        return self.folder / "test_check.py"

    @property
    def solution(self) -> Path:
        """The script that does what a learner is to do."""
        return self.folder / "solution" / "solve.sh"

    @property
    def wrong(self) -> list[Path]:
        """The folders of its wrong attempts: attempt.sh, and the message that the check has to give."""
        return sorted(path for path in (self.folder / "wrong").glob("*") if path.is_dir())


def load(folder: Path) -> Exercise:
    """The exercise in this folder; raises UsageError that names the file and the key for one that is no exercise."""
    file = folder / "exercise.toml"
    place = FOLDER.fullmatch(folder.name)
    if place is None:
        raise UsageError(f"{folder.name} is no name of an exercise", where=str(folder), mend="call it NN-NAME")
    try:
        told = tomllib.loads(file.read_text())
        if told.get("name") != place["name"]:
            raise ValueError(f"name = {told.get('name')!r}, and the folder says {place['name']!r}")
        return Exercise.model_validate({**told, "number": int(place["number"]), "folder": folder})
    except (OSError, ValueError) as wrong:
        raise UsageError(
            f"this is no exercise: {_first(wrong)}",
            where=str(file),
            mend="exercises/FORMAT.md explains each key",
        ) from wrong


def _first(wrong: Exception) -> str:
    if isinstance(wrong, ValidationError):
        error = wrong.errors()[0]
        return f"{'.'.join(map(str, error['loc'])) or 'exercise'}: {error['msg']}"
    return str(wrong)


def load_all(folder: Path) -> list[Exercise]:
    """All exercises in this folder, in order; raises UsageError for one that is none, and for two of one name."""
    found = [load(path) for path in sorted(folder.iterdir()) if FOLDER.fullmatch(path.name)]
    names = [exercise.name for exercise in found]
    if twice := [name for name in names if names.count(name) > 1]:
        raise UsageError(f"two exercises are called {twice[0]}", where=str(folder), mend="give each a name of its own")
    return found


def every() -> list[Exercise]:
    """All of the kit's own, in order; raises as `load_all`."""
    return load_all(OWN)


def named(exercises: Sequence[Exercise], text: str) -> Exercise:
    """The exercise that its name, its number or the name of its folder means; raises UsageError where there is none."""
    for exercise in exercises:
        if text in (exercise.name, exercise.folder.name) or (text.isdigit() and int(text) == exercise.number):
            return exercise
    raise UsageError(
        f"there is no exercise {text!r}", where="NAME", mend="`lab exercise list` shows them, by number and name"
    )
