"""How a rate changes over time, and when exactly each request of it is due. Pure."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import NamedTuple

_ROUNDING = 1e-9


class Knot(NamedTuple):
    """At this time, in seconds since the start, so many requests a second are due."""

    at_s: float
    rate: float


@dataclass(frozen=True)
class Pace:
    """Requests a second over time: straight lines from knot to knot. Two knots at one time make a jump.

    The first knot is at 0; times do not go back, and rates are not below 0.
    """

    knots: tuple[Knot, ...]

    @classmethod
    def steady(cls, rate: float, duration_s: float) -> "Pace":
        """The same rate all the time."""
        return cls((Knot(0, rate), Knot(duration_s, rate)))

    @property
    def duration_s(self) -> float:
        """Seconds from the first to the last knot."""
        return self.knots[-1].at_s

    @property
    def highest(self) -> float:
        """The highest rate, in requests a second."""
        return max(knot.rate for knot in self.knots)

    @cached_property
    def requests(self) -> int:
        """How many requests are due in all, at least one."""
        area = sum((end.at_s - begin.at_s) * (begin.rate + end.rate) / 2 for begin, end in pairwise(self.knots))
        return max(1, math.floor(area + _ROUNDING))

    def rate_at(self, at_s: float) -> float:
        """The rate at a time, at a jump the one after it; before the start and after the end none."""
        for begin, end in pairwise(self.knots):
            if begin.at_s <= at_s < end.at_s:
                return begin.rate + (end.rate - begin.rate) * (at_s - begin.at_s) / (end.at_s - begin.at_s)
        return 0.0

    def due_s(self) -> Iterator[float]:
        """When each request is due: the one with number n, once the area under the lines has grown to n."""
        number, before, last = 0, 0.0, self.requests
        for begin, end in pairwise(self.knots):
            area = (end.at_s - begin.at_s) * (begin.rate + end.rate) / 2
            while number < last and number < before + area - _ROUNDING:
                yield begin.at_s + _reached(max(0.0, number - before), begin, end)
                number += 1
            before += area


def _reached(area: float, begin: Knot, end: Knot) -> float:
    """How long after `begin` the area under the line is so large.

    It solves area = rate * t + slope * t**2 / 2 in the form that loses no digits where the slope is small.
    """
    if begin.rate == end.rate:
        return area / begin.rate
    slope = (end.rate - begin.rate) / (end.at_s - begin.at_s)
    root = math.sqrt(max(0.0, begin.rate**2 + 2 * slope * area))
    return 2 * area / (begin.rate + root) if area else 0.0
