"""What the generator and the audit were measured to do: kept, and written as a page."""

from collections.abc import Mapping

import click

from benchmarks.demands import Demand
from benchmarks.page import SessionJson, page
from benchmarks.runs import commit
from lab.comparison.measure import circumstances
from lab.host import paths, records

RESULTS = paths.REPO / "benchmarks" / "ledger-results.json"
PAGE = paths.REPO / "docs" / "ledger-figures.md"
RATE, WRITES = 1000.0, 1_000_000

_HEAD = """# The ledger: what the generator and the audit do

`benchmarks/generator.py` and `benchmarks/audit.py` wrote this page from `benchmarks/ledger-results.json`; nothing in it
was typed, and nothing here is a test. Each row is one run.

## What was asked for
"""
_FOOT = """
How to measure again: `PYTHONPATH=. .venv/bin/python benchmarks/generator.py`, and `benchmarks/audit.py` alike (with
`--dry`: print, and keep nothing).

- *Begun after due* is how late a request was begun by the generator itself. The site is a trivial responder on the last
  core; the generator, with its journal on the disk, has the first.
- *Audit* is of a journal that was made as a run would have made it, in a process of its own: seconds from its start to
  its verdict, and the most memory that the process had.
"""


def late(rate: float, share: str) -> str:
    """The name of a row of the generator."""
    return f"begun after due, {rate:g} requests a second: {share}"


def audit(writes: int, part: str = "") -> str:
    """The name of a row of the audit."""
    return f"audit of {writes:,} writes{part and f': {part}'}"


MEMORY = "memory"
DEMANDS = (
    Demand(f"the generator's own error at p99, {RATE:g} requests a second", late(RATE, "p99"), 5, "ms"),
    Demand(f"the audit of {WRITES:,} writes", audit(WRITES), 10, "s"),
    Demand("its memory", audit(WRITES, MEMORY), 1000, "MB"),
)


def begun() -> dict[str, str]:
    """On what and when something is measured; to be asked before it is."""
    return circumstances() | {"commit": commit()}


def keep(what: str, where: dict[str, str], values: Mapping[str, tuple[float, str]], *, dry: bool) -> None:
    """Keeps what was measured in the place of what was before, and writes the page; prints it instead if `dry`.

    `values` are the rows by name, each with its unit; `where` is what `begun` gave.
    """
    sessions: dict[str, SessionJson] = records.read_json(RESULTS) or {}
    load = float(where["load"])
    rows = {name: {"unit": unit, "values": [value], "loads": [load]} for name, (value, unit) in values.items()}
    sessions[what] = {"circumstances": where, "rows": rows}  # type: ignore[typeddict-item]
    text = page(sessions, DEMANDS, _HEAD, _FOOT)
    if dry:
        click.echo(text)
        return
    records.write_json(RESULTS, sessions)
    records.write(PAGE, text)
