"""docs/measured.md from the kept samples. Pure."""

import statistics
from collections.abc import Iterator, Mapping, Sequence
from typing import TypedDict

from benchmarks.demands import DEMANDS, Demand
from lab.comparison import figures
from lab.comparison.figures import Figure

_HEAD = """# Measured

`benchmarks/speed.py` wrote this page from the samples in `benchmarks/results.json`. Medians of interleaved runs, with a
bootstrap interval of 95 % where there are six runs or more; nothing here is a test. Artefacts are built and the store
has its data before the clock starts.

## What was asked for
"""
_FOOT = """
How to measure again: `PYTHONPATH=. .venv/bin/python -m benchmarks.speed docker vagrant` (with `--quick`: once through).

- *Compose* and *plain Vagrant* work on the very files that `lab up` rendered, with the same wait for readiness after.
- *The naive way* makes stock guests and lets Ansible install everything at each boot (`benchmarks/naive.py`). It is
  spared what would slow it down: no bound on its processors, boxes that boot as quickly as ours. Of virtual machines it
  makes one worker, and our four are held against that one.
- *A worker alone* is destroyed first. The clock runs from its creation to its first answer through the load balancer.
  An emulated machine is busy most of that time: compare *each of its processors had nothing to do* with the whole.
  `lab compare --rows all` shows one with two processors beside it.
- *Silent*: the processes of a node are stopped (SIGSTOP), so that connections to it are neither answered nor refused.
- *Memory* is the PSS of QEMU and dnsmasq, or of the containers' processes with their shims and port proxies. The
  engines themselves, which serve all labs, are not counted.
- *Load* is this computer's load average of a minute before each run; with runs back to back most of it is their own.
"""


# With more than this on it before the first run, a computer was busy with something else.
_BUSY = 1.0


class RowJson(TypedDict):
    """A row's samples as they are kept."""

    unit: str
    values: list[float]
    loads: list[float]


class SessionJson(TypedDict):
    """All that was measured on one substrate."""

    circumstances: dict[str, str]
    rows: dict[str, RowJson]


def page(
    sessions: Mapping[str, SessionJson], demands: Sequence[Demand] = DEMANDS, above: str = _HEAD, below: str = _FOOT
) -> str:
    """A whole page: what was asked for, then every row, with words `above` and `below`."""
    rows = (line for name in sessions for line in _session(name, sessions[name]))
    return "\n".join([above, *_demands(sessions, demands), *rows, below])


def _demands(sessions: Mapping[str, SessionJson], demands: Sequence[Demand]) -> Iterator[str]:
    values = {name: row["values"] for session in sessions.values() for name, row in session["rows"].items()}
    yield from head("what", "at most", "measured", "95 % interval", "n", "reached")
    for demand in demands:
        found = demand.measured(values)
        yield line(demand.says, _number(demand.limit, demand.unit), *_held(found, demand))


def missed(sessions: Mapping[str, SessionJson], demands: Sequence[Demand] = DEMANDS) -> list[str]:
    """What was asked for, was measured in these sessions, and did not come about."""
    values = {name: row["values"] for session in sessions.values() for name, row in session["rows"].items()}
    found = ((demand, demand.measured(values)) for demand in demands)
    return [demand.says for demand, figure in found if figure is not None and figure.value > demand.limit]


def _held(found: Figure | None, demand: Demand) -> Sequence[str]:
    if found is None:
        return "not measured", "", "0", "not known"
    reached = "yes" if found.value <= demand.limit else "**no**"
    return _number(found.value, demand.unit), _interval(found), str(found.n), reached


def _session(name: str, session: SessionJson) -> Iterator[str]:
    yield f"\n## All rows: {name}\n"
    yield "; ".join(f"{key}: {value}" for key, value in session["circumstances"].items()) + ".\n"
    if float(session["circumstances"]["load"]) > _BUSY:
        yield "**This computer was busy with something else: these figures are too high.**\n"
    yield from head("row", "median", "95 % interval", "n", "lowest", "highest", "load")
    for title, row in session["rows"].items():
        found = figures.median(row["values"])
        ends = (f"{min(row['values']):.3g}", f"{max(row['values']):.3g}")
        load = f"{statistics.median(row['loads']):.1f}"
        yield line(title, _number(found.value, row["unit"]), _interval(found), str(found.n), *ends, load)


def head(*titles: str) -> Iterator[str]:
    """The first two lines of a table."""
    yield line(*titles)
    yield line(*("---" for _ in titles))


def line(*cells: str) -> str:
    """A line of a table."""
    return f"| {' | '.join(cells)} |"


def _number(value: float, unit: str) -> str:
    digits = f"{value:.0f}" if value >= 100 else f"{value:.3g}"
    return f"{digits} {unit}"


def _interval(found: Figure) -> str:
    if found.low is None or found.high is None:
        return "too few runs"
    return f"{found.low:.3g} to {found.high:.3g}"
