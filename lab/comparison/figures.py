"""From samples to figures: a median, how far it may be trusted, and how far the samples lie apart. Pure."""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import stats

_RESAMPLES = 2000
_CONFIDENCE = 0.95
# Of five samples even the span from the lowest to the highest holds the median of all there could be with 94 % only
# (1 - 2 x 0.5^5): with fewer than six there is no interval of 95 %.
_ENOUGH = 6
# Of fewer samples the 95th percentile is the highest of them.
_ENOUGH_FOR_P95 = 20


@dataclass(frozen=True)
class Figure:
    """`value` with its 95 % interval from `low` to `high`; both are None where there are too few samples for one."""

    n: int
    value: float
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Spread:
    """Where samples lie; `p95` is None where there are too few for one."""

    lowest: float
    highest: float
    p95: float | None


def median(samples: Sequence[float]) -> Figure:
    """The median of at least one sample, with a percentile bootstrap interval (Efron, 1979)."""
    return _figure([samples], statistics.median(samples), lambda drawn, axis: np.median(drawn, axis=axis))


def ratio(of: Sequence[float], to: Sequence[float]) -> Figure:
    """The median of one row as a multiple of another's, which is not 0; both are drawn anew for the interval.

    The interval has no upper end, `math.inf`, where what is divided by may as well be 0.
    """
    value = statistics.median(of) / statistics.median(to)

    def drawn_ratio(drawn_of: Any, drawn_to: Any, axis: int) -> Any:
        upper, lower = np.median(drawn_of, axis=axis), np.median(drawn_to, axis=axis)
        return np.divide(upper, lower, out=np.full_like(upper, math.inf), where=lower != 0)

    return _figure([of, to], value, drawn_ratio)


def spread(samples: Sequence[float]) -> Spread:
    """The lowest and the highest of at least one sample, and below which 95 of 100 lie where there are enough."""
    p95 = float(np.percentile(samples, 95)) if len(samples) >= _ENOUGH_FOR_P95 else None
    return Spread(min(samples), max(samples), p95)


def _figure(rows: Sequence[Sequence[float]], value: float, statistic: Any) -> Figure:
    n = min(len(row) for row in rows)
    if n < _ENOUGH:
        return Figure(n, value, None, None)
    data = tuple(np.asarray(row, dtype=float) for row in rows)
    # Seeded: the same samples give the same interval whenever they are looked at. BCa, scipy's own choice, has no
    # interval for samples that are all alike.
    with np.errstate(invalid="ignore"):
        found = stats.bootstrap(
            data,
            statistic,
            n_resamples=_RESAMPLES,
            confidence_level=_CONFIDENCE,
            method="percentile",
            rng=np.random.default_rng(0),
        ).confidence_interval
    return Figure(n, value, float(found.low), float(found.high))
