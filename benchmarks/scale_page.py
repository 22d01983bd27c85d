"""docs/scale.md from the kept figures: what a verb takes, and what each further worker adds to it. Pure."""

import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypedDict

from benchmarks.page import head, line

VERBS = ("up", "status", "destroy")
_FEWEST = 2
"""Numbers of workers from which a line can be drawn."""

_HEAD = """# Scale: a lab's verbs against its number of workers

`benchmarks/scale.py` wrote this page from the figures in `benchmarks/scale-results.json`; nothing in it was typed. A
lab of so many workers, with a load balancer and a store, is brought up from nothing (`lab up`, what it is made from is
built before), asked for its status, and removed with its data. Seconds, each of a typed command.
"""
_FOOT = """
How to measure again: `PYTHONPATH=. .venv/bin/python -m benchmarks.scale --only docker` (or `--only vagrant`).

- *Each further worker* is the slope of the line through the medians (least squares), and *beside them* is where it
  begins: what load balancer, store, network and the program itself take. *Off the line* is how far the median that is
  farthest from it lies, as a share of what it says there: where that is much, it is no line.
- The store has more memory than in a usual lab, in all of these labs, for the connections of so many workers.
"""


class SessionJson(TypedDict):
    """All that was measured on one substrate; `runs` by how many workers there were, as text, and seconds by verb."""

    circumstances: dict[str, str]
    runs: dict[str, list[dict[str, float]]]


@dataclass(frozen=True)
class Slope:
    """A line through medians: seconds that each further worker adds, seconds beside them, and how far the farthest
    median is off, as a share of what the line says there."""

    each_s: float
    beside_s: float
    off: float


def slope(medians: Mapping[int, float]) -> Slope | None:
    """The line through these medians by number of workers; None where there are too few of them."""
    if len(medians) < _FEWEST:
        return None
    fit = statistics.linear_regression(list(medians), list(medians.values()))
    said = {count: fit.intercept + fit.slope * count for count in medians}
    off = max(abs(medians[count] - said[count]) / max(abs(said[count]), 1e-9) for count in medians)
    return Slope(fit.slope, fit.intercept, off)


def medians(session: SessionJson, verb: str) -> dict[int, float]:
    """The median of a verb by number of workers, in that order."""
    return {
        int(count): statistics.median(run[verb] for run in session["runs"][count])
        for count in sorted(session["runs"], key=int)
    }


def page(sessions: Mapping[str, SessionJson], names: Sequence[str]) -> str:
    """The whole page; `names` are the substrates, also those of which nothing is known yet."""
    return "\n".join([_HEAD, *(row for name in names for row in _all(name, sessions.get(name))), _FOOT])


def _all(name: str, session: SessionJson | None) -> Iterator[str]:
    yield f"## {name}\n"
    if session is None:
        yield "Not measured yet.\n"
        return
    yield "; ".join(f"{key}: {value}" for key, value in session["circumstances"].items()) + ".\n"
    yield from head("verb", "each further worker", "beside them", "off the line")
    for verb in VERBS:
        found = slope(medians(session, verb))
        words = (_s(found.each_s), _s(found.beside_s), f"{found.off:.0%}") if found else ("not known", "", "")
        yield line(f"`lab {verb}`", *words)
    yield ""
    yield from head("workers", *(f"`lab {verb}`" for verb in VERBS), "runs")
    for count in sorted(session["runs"], key=int):
        runs = session["runs"][count]
        yield line(count, *(_range([run[verb] for run in runs]) for verb in VERBS), str(len(runs)))
    yield ""


def _range(values: Sequence[float]) -> str:
    middle = _s(statistics.median(values))
    return middle if len(values) == 1 else f"{middle} ({min(values):.3g} to {max(values):.3g})"


def _s(value: float) -> str:
    return f"{value:.0f} s" if abs(value) >= 100 else f"{value:.3g} s"
