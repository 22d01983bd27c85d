"""The highest rate that a lab serves in good time: which to try next, and the page of what was found. Pure."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import TypedDict

from benchmarks.page import head, line

TIMES_AT_LEAST = 3.0
"""What four workers have to serve, as a multiple of what one does."""

FEW, MANY = 1, 4
_CLOSE = 1.1
"""When the highest rate that was served and the lowest that was not are so near each other, it is found."""

_HEAD = """# Capacity: more workers serve more

`benchmarks/capacity.py` wrote this page from the runs kept in `benchmarks/capacity-results.json`; nothing in it was
typed. Visitors come at a steady rate, each request when it is due, however slow the answers are (`bin/lab load`); six
of ten requests are work that burns a fixed time of CPU. The rate is changed until the highest one is found, to a tenth,
at which 99 of 100 requests are answered within the bound, counted from when they were due, and none fails.

## What was asked for
"""
_FOOT = """
How to measure again: `PYTHONPATH=. .venv/bin/python -m benchmarks.capacity --only docker` (or `--only vagrant`).

- What bounds a worker is `worker.cpu_quota` of `topology.toml`, which the engine enforces. As long as four workers
  together are allowed less than the cores named above, it is not the cores that bind.
- Load balancer, store and visitors have what is left. Where that is too little, four workers serve less than four times
  what one does.
- They may also serve more than four times as much: whichever worker is least busy gets the next request, so fewer wait
  behind another one. And either rate is known to a tenth only.
- *late* is how late the visitors themselves were with a request, at most: with much of it this computer was busy with
  something else. It is part of the time that an answer took.
"""


class Trial(TypedDict):
    """One rate as it was tried; times are from when requests were due, and None where none was answered."""

    rate: float
    seconds: float
    requests: int
    errors: int
    p50_ms: float | None
    p99_ms: float | None
    late_ms: float


class Session(TypedDict):
    """All that was tried on one substrate; `trials` by how many workers there were, as text."""

    circumstances: dict[str, str]
    cpu_quota: float
    work_ms: int
    bound_ms: float
    trials: dict[str, list[Trial]]


def fits(trial: Trial, bound_ms: float) -> bool:
    """Whether a rate was served: no request failed, and 99 of 100 were answered in time."""
    return not trial["errors"] and trial["p99_ms"] is not None and trial["p99_ms"] <= bound_ms


def served(trials: Sequence[Trial], bound_ms: float) -> Trial | None:
    """The highest rate that was served, below each that was not; None where there is none."""
    over = min((trial["rate"] for trial in trials if not fits(trial, bound_ms)), default=math.inf)
    return max(
        (trial for trial in trials if fits(trial, bound_ms) and trial["rate"] < over),
        key=lambda trial: trial["rate"],
        default=None,
    )


def next_rate(trials: Sequence[Trial], first: float, bound_ms: float) -> float | None:
    """The rate to try after these; None once the highest one is found closely enough."""
    best = served(trials, bound_ms)
    over = min((trial["rate"] for trial in trials if not fits(trial, bound_ms)), default=None)
    if best is None:
        return first if over is None else over / 2
    if over is None:
        return best["rate"] * 1.5
    return None if over <= best["rate"] * _CLOSE else math.sqrt(best["rate"] * over)


def ratio(session: Session) -> float | None:
    """How many times as much many workers serve as few; None where one of the two is not known."""
    found = [served(session["trials"].get(str(count), []), session["bound_ms"]) for count in (FEW, MANY)]
    few, many = found
    return many["rate"] / few["rate"] if few and many else None


def page(sessions: Mapping[str, Session], names: Sequence[str]) -> str:
    """The whole page; `names` are the substrates, also those of which nothing is known yet."""
    return "\n".join(
        [_HEAD, *_demands(sessions, names), *(row for name in sessions for row in _all(name, sessions)), _FOOT]
    )


def _demands(sessions: Mapping[str, Session], names: Sequence[str]) -> Iterator[str]:
    yield from head("four workers serve so many times what one does", "at least", "measured", "reached")
    for name in names:
        found = ratio(sessions[name]) if name in sessions else None
        reached = "not known" if found is None else "yes" if found >= TIMES_AT_LEAST else "**no**"
        measured = "not measured" if found is None else f"{found:.2f}"
        yield line(name, f"{TIMES_AT_LEAST:g}", measured, reached)


def _all(name: str, sessions: Mapping[str, Session]) -> Iterator[str]:
    session = sessions[name]
    yield f"\n## {name}\n"
    yield "; ".join(f"{key}: {value}" for key, value in session["circumstances"].items()) + ".\n"
    yield (
        f"A worker may use {session['cpu_quota']:g} CPUs, {MANY} of them {MANY * session['cpu_quota']:g}; work burns "
        f"{session['work_ms']} ms; the bound is {session['bound_ms']:g} ms.\n"
    )
    for count, trials in session["trials"].items():
        best = served(trials, session["bound_ms"])
        most = f"{best['rate']:.1f} requests a second" if best else "none of these rates"
        yield f"\n### Workers: {count}; served: {most}\n"
        yield from head("requests a second", "s", "requests", "errors", "p50 ms", "p99 ms", "late ms", "served in time")
        for trial in sorted(trials, key=lambda trial: trial["rate"]):
            is_served = "yes" if fits(trial, session["bound_ms"]) else "no"
            numbers = (
                f"{trial['rate']:.1f}",
                f"{trial['seconds']:.0f}",
                f"{trial['requests']:,}",
                str(trial["errors"]),
            )
            yield line(*numbers, *map(_ms, (trial["p50_ms"], trial["p99_ms"], trial["late_ms"])), is_served)


def _ms(value: float | None) -> str:
    return "" if value is None else f"{value:,.0f}"
