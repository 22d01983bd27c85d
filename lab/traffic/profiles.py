"""Profiles of load: how many requests a second when, and what the parts of that are called. Pure.

A step is what an autoscaler is judged by: its answer to one sudden change, and what is left of that when it is over. A
spike is over before workers that boot slowly are there. A day is the slow wave of people who sleep at night.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from lab.ledger.pace import Knot, Pace
from lab.ledger.plan import LONGEST_S, MOST_PER_SECOND, within
from lab.model.errors import UsageError

MOST_REQUESTS = 1_000_000
BASE_SHARE = 0.25
"""The base, where none is given, as a share of the peak."""

_DAY_KNOTS = 48


class Phase(NamedTuple):
    """A part of a profile, in seconds since the start; what is due at its end belongs to the next."""

    name: str
    from_s: float
    to_s: float


@dataclass(frozen=True)
class Profile:
    """A load over time: its pace and its phases, which follow each other without a gap."""

    name: str
    peak: float
    base: float
    pace: Pace
    phases: tuple[Phase, ...]

    def phase_at(self, at_s: float) -> Phase:
        """The phase at a time; after the end the last one."""
        return next((phase for phase in self.phases if at_s < phase.to_s), self.phases[-1])


# A point of a shape: its time as a share of the duration, and its height, from 0 for the base to 1 for the peak.
_Point = tuple[float, float]


class _Shape(NamedTuple):
    says: str
    points: Sequence[_Point]
    phases: Sequence[tuple[str, float]]
    """Each with its end, as a share of the duration."""


def _jump(begin: float, end: float) -> list[_Point]:
    return [(0, 0), (begin, 0), (begin, 1), (end, 1), (end, 0), (1, 0)]


def _wave(share: float) -> float:
    return (1 - math.cos(2 * math.pi * share)) / 2


_SHAPES = {
    "step": _Shape(
        "the base for a quarter of the time, the peak for half of it, the base again",
        _jump(0.25, 0.75),
        [("before", 0.25), ("during", 0.75), ("after", 1)],
    ),
    "ramp": _Shape(
        "evenly up to the peak for two fifths of the time, a fifth there, evenly down again",
        [(0, 0), (0.4, 1), (0.6, 1), (1, 0)],
        [("up", 0.4), ("top", 0.6), ("down", 1)],
    ),
    "day": _Shape(
        "a day's wave in the time given: the base at midnight, the peak at noon",
        [(n / _DAY_KNOTS, _wave(n / _DAY_KNOTS)) for n in range(_DAY_KNOTS + 1)],
        [("night", 0.25), ("morning", 0.5), ("afternoon", 0.75), ("evening", 1)],
    ),
    "spike": _Shape(
        "the base, with the peak for a tenth of the time in the middle",
        _jump(0.45, 0.55),
        [("before", 0.45), ("during", 0.55), ("after", 1)],
    ),
}
SAYS = {name: shape.says for name, shape in _SHAPES.items()}
"""Each profile in a plain sentence."""


def profile(name: str, peak: float, duration_s: float, base: float | None = None) -> Profile:
    """The profile of this name from `base` to `peak` requests a second. Raises UsageError for what cannot be."""
    if name not in _SHAPES:
        raise UsageError(f"there is no profile {name!r}", where="--profile", mend=f"use one of {', '.join(_SHAPES)}")
    within("--peak", peak, MOST_PER_SECOND, "requests a second")
    within("--duration", duration_s, LONGEST_S, "seconds")
    low = peak * BASE_SHARE if base is None else base
    within("--base", low, peak, "requests a second")
    shape = _SHAPES[name]
    pace = Pace(tuple(Knot(share * duration_s, low + height * (peak - low)) for share, height in shape.points))
    if pace.requests > MOST_REQUESTS:
        raise UsageError(
            f"{pace.requests:,} requests are more than one load may have",
            where="--peak, --duration",
            mend=f"ask for at most {MOST_REQUESTS:,} in all",
        )
    return Profile(name, peak, low, pace, _phases(shape, duration_s))


def _phases(shape: _Shape, duration_s: float) -> tuple[Phase, ...]:
    ends = [end * duration_s for _, end in shape.phases]
    begins = [0.0, *ends]
    return tuple(Phase(name, begin, end) for (name, _), begin, end in zip(shape.phases, begins, ends, strict=False))
