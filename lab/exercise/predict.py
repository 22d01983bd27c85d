"""What a learner predicted, held against what was measured. Pure."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from lab.exercise.catalogue import Exercise, Prediction, Seen


@dataclass(frozen=True)
class Difference:
    """A prediction beside its measurement, in words; `is_right` is None for a number, which is nearer or farther."""

    id: str
    asked: str
    predicted: str
    measured: str
    is_right: bool | None
    says: str


def differences(
    exercise: Exercise, predicted: Mapping[str, float], observed: Mapping[str, Seen], shown: frozenset[str]
) -> list[Difference]:
    """The predictions whose measurement was made now for the first time; those that can be none of the exercise's any
    more are left out, for it was changed since."""
    return [
        difference(one, predicted[one.id], observed[one.measured])
        for one in exercise.predict
        if one.id in predicted and one.id not in shown and one.measured in observed
        if not one.choices or predicted[one.id] in range(1, len(one.choices) + 1)
    ]


def difference(asked: Prediction, predicted: float, measured: Seen) -> Difference:
    """One prediction beside its measurement."""
    if asked.answer is not None:
        said, is_right = asked.choices[int(predicted) - 1], int(predicted) == asked.answer
        return Difference(asked.id, asked.asks, said, str(measured), is_right, asked.says)
    unit = f" {asked.unit}" if asked.unit else ""
    seen = f"{measured:g}{unit}" if isinstance(measured, int | float) else str(measured)
    return Difference(
        asked.id, asked.asks, f"{predicted:g}{unit}", f"{seen}{_apart(predicted, measured)}", None, asked.says
    )


def _apart(predicted: float, measured: Seen) -> str:
    if not isinstance(measured, int | float) or isinstance(measured, bool) or min(predicted, measured) <= 0:
        return ""
    ratio = max(predicted / measured, measured / predicted)
    if ratio < 1.1:
        return ": as good as you said"
    return f": you said {ratio:.1f} times {'as much' if predicted > measured else 'too little'}"


def as_number(text: str, choices: int) -> float:
    """The number that was typed, of a choice where there are some; raises ValueError, in words, for what is none."""
    try:
        number = float(text.strip().replace(",", "."))
    except ValueError as wrong:
        raise ValueError(f"{text!r} is no number") from wrong
    if not math.isfinite(number):
        raise ValueError(f"{text!r} is no number")
    if choices and number not in range(1, choices + 1):
        raise ValueError(f"choose 1 to {choices}")
    return number


def as_prediction(text: str, choices: int) -> float:
    """The number that was predicted; raises ValueError as `as_number` does, and below 0: nothing is measured there."""
    number = as_number(text, choices)
    if number < 0:
        raise ValueError(f"{text!r} is less than nothing: predict 0 or more")
    return number
