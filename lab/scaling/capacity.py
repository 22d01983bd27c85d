"""What a worker can do, learnt from the seconds in which workers had more to do than they are meant to have. Pure.

Requests at a time say when there is too much to do, and not how much was still free before: a worker that is bound by
its CPU answers at full speed until it is nearly full. What it does while others wait is what it can do.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from lab.loadbalancer.gauge import Sample
from lab.scaling.limits import REMEMBERED_S, Limits


@dataclass(frozen=True)
class Full:
    """`workers` had more requests at a time than they are meant to have, and served `served` of them in a second."""

    at_s: float
    workers: int
    served: float


def full(samples: Sequence[Sample], workers: int, limits: Limits) -> Full | None:
    """What so many workers served between the last two samples, if they had too much to do at both. Who came and is not
    there any more was served; a visitor who gave up counts as well."""
    if len(samples) < 2 or not workers:
        return None
    before, now = samples[-2:]
    if min(before.concurrency, now.concurrency) <= limits.target * workers:
        return None
    more = (now.concurrency - before.concurrency) / (now.at_s - before.at_s)
    return Full(now.at_s, workers, now.rate - more)


def each(fulls: Sequence[Full], now_s: float) -> float:
    """The requests a second that one worker can do, as far as that was seen within `REMEMBERED_S`: a standard deviation
    more than was counted, so that a few seconds say little. Infinite where it was not seen."""
    known = [full for full in fulls if now_s - full.at_s < REMEMBERED_S]
    if not known:
        return math.inf
    served = max(0.0, sum(full.served for full in known))
    return (served + math.sqrt(served)) / sum(full.workers for full in known)
