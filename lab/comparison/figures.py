"""From samples to figures: a median and how far it may be trusted. Pure."""

import random
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass

_RESAMPLES = 2000
_CONFIDENCE = 0.95
# With fewer samples the interval would only tell where those few lie.
_ENOUGH = 3


@dataclass(frozen=True)
class Figure:
    """`value` with its 95 % interval from `low` to `high`; both are None where there are too few samples for one."""

    n: int
    value: float
    low: float | None
    high: float | None


def median(samples: Sequence[float]) -> Figure:
    """The median of at least one sample, with a percentile bootstrap interval (Efron, 1979)."""
    return _figure([samples], lambda drawn: statistics.median(drawn[0]))


def ratio(of: Sequence[float], to: Sequence[float]) -> Figure:
    """The median of one row as a multiple of another's; both are drawn anew for the interval."""
    return _figure([of, to], lambda drawn: statistics.median(drawn[0]) / statistics.median(drawn[1]))


def _figure(rows: Sequence[Sequence[float]], figure: Callable[[Sequence[Sequence[float]]], float]) -> Figure:
    n = min(len(row) for row in rows)
    low, high = _interval(rows, figure) if n >= _ENOUGH else (None, None)
    return Figure(n, figure(rows), low, high)


def _interval(
    rows: Sequence[Sequence[float]], figure: Callable[[Sequence[Sequence[float]]], float]
) -> tuple[float, float]:
    # Seeded: the same samples give the same interval whenever the page is written.
    draw = random.Random(0)
    found = sorted(figure([draw.choices(row, k=len(row)) for row in rows]) for _ in range(_RESAMPLES))
    tail = round(_RESAMPLES * (1 - _CONFIDENCE) / 2)
    return found[tail], found[-tail - 1]
