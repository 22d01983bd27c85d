"""What a row of samples says about the traffic."""

import math
from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate
from statistics import fmean, pstdev

from lab.loadbalancer.gauge import Sample

GAP_AT_MOST_S = 10.0
"""Between two looks that both had an answer, on a machine where each takes as long as it may, or where one between them
had none: 4 s are waited for that, and 3 s is what the others take there."""


def since(samples: Sequence[Sample], at_s: float) -> list[Sample]:
    """The samples after a moment, the oldest first."""
    return [*samples[bisect_right(samples, at_s, key=lambda sample: sample.at_s) :]]


def concurrency(samples: Sequence[Sample]) -> float:
    """The mean of the requests at a time."""
    return fmean([sample.concurrency for sample in samples])


def rate_at_most(samples: Sequence[Sample]) -> float:
    """The requests a second that these samples stand for if fewer came by chance than usually do: two standard errors
    more than they tell."""
    rates = [sample.rate for sample in samples]
    return fmean(rates) + 2 * pstdev(rates) / math.sqrt(len(rates))


def has_risen(samples: Sequence[Sample], rate: float) -> bool:
    """Whether up to now more came than chance makes of so many requests a second: five standard deviations more in some
    stretch that ends with the last sample. What many people do comes as a Poisson process does; the square root of
    such a number has a standard deviation of a half, also where it is small (Bartlett, 1936)."""
    came = accumulate(sample.rate for sample in reversed(samples))
    return any(math.sqrt(count) > math.sqrt(rate * number) + 5 / 2 for number, count in enumerate(came, 1))


def is_falling(samples: Sequence[Sample]) -> bool:
    """Whether there are fewer requests at a time in the end than in the beginning."""
    return samples[-1].concurrency < samples[0].concurrency


def peak(samples: Sequence[Sample], window_s: float) -> float:
    """The highest mean of the requests at a time over any stretch of `window_s`."""
    highest, begin, total = 0.0, 0, 0
    there = [sample.concurrency for sample in samples]
    for number, sample in enumerate(samples):
        total += there[number]
        while sample.at_s - samples[begin].at_s >= window_s:
            total -= there[begin]
            begin += 1
        highest = max(highest, total / (number - begin + 1))
    return highest


def covers(samples: Sequence[Sample], now_s: float, window_s: float) -> bool:
    """Whether samples were taken throughout the last `window_s`; one that did not come does no harm."""
    watched = unbroken(samples, now_s, window_s)
    return bool(watched) and now_s - watched[0].at_s >= window_s - 2.5


def unbroken(samples: Sequence[Sample], now_s: float, window_s: float) -> Sequence[Sample]:
    """The latest of the samples, up to now, with no silence of half the window between them, or of `GAP_AT_MOST_S`:
    what comes after such a silence says nothing of the time in it."""
    gap_s = min(GAP_AT_MOST_S, window_s / 2)
    later_s = [*(sample.at_s for sample in samples[1:]), now_s]
    gaps = [number for number, sample in enumerate(samples) if later_s[number] - sample.at_s > gap_s]
    return samples[gaps[-1] + 1 :] if gaps else samples
