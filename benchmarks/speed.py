"""How long the kit takes, against the plain tools on the same rendered files and against the naive way.

    PYTHONPATH=. .venv/bin/python -m benchmarks.speed docker vagrant            # an hour or two
    PYTHONPATH=. .venv/bin/python -m benchmarks.speed docker --quick --dry      # once through, and nothing is kept

Needs root: it freezes a node, and counts the memory of processes that are not the caller's.
Keeps the samples in benchmarks/results.json, a substrate at a time, and writes docs/measured.md from them.
"""

import dataclasses
import os
import sys
import time
from collections.abc import Mapping
from typing import Any

import click

from benchmarks.interleaved import Row, Samples
from benchmarks.page import RowJson, SessionJson, missed, page
from benchmarks.runs import circumstances_of, keep
from benchmarks.sessions import QUICK, STANDARD, Repeats, measure
from lab.host import paths, records
from lab.substrates import registry

RESULTS = paths.REPO / "benchmarks" / "results.json"
PAGE = paths.REPO / "docs" / "measured.md"


@click.command()
@click.argument("substrates", nargs=-1, type=click.Choice(registry.NAMES))
@click.option("--quick", is_flag=True, help="Few runs, to see that it works.")
@click.option("--naive", type=click.IntRange(0), help="How often the naive way is measured.")
@click.option("--ups", type=click.IntRange(1), help="How often bringing up a lab is measured.")
@click.option("--dry", is_flag=True, help="Keep nothing: print the page.")
def main(substrates: tuple[str, ...], quick: bool, naive: int | None, ups: int | None, dry: bool) -> None:
    """Measures these substrates, and exits 1 where they are not as was asked for; without one, only writes the page."""
    if substrates and os.geteuid() != 0:
        raise click.UsageError("measuring needs root: it freezes a node, and counts the memory of others' processes")
    sessions: dict[str, SessionJson] = records.read_json(RESULTS) or {}
    for substrate in substrates:
        repeats = _repeats((QUICK if quick else STANDARD)[substrate], naive, ups)
        sessions[substrate] = {"circumstances": circumstances_of(substrate), "rows": {}}
        for found in measure(substrate, repeats, reporter()):
            sessions[substrate]["rows"] |= rows_of(found)
            keep(RESULTS, sessions, PAGE, page(sessions), dry=dry)
    keep(RESULTS, sessions, PAGE, page(sessions), dry=dry)
    if dry:
        click.echo(page(sessions))
    sys.exit(bool(missed({name: sessions[name] for name in substrates})))


def _repeats(standard: Repeats, naive: int | None, ups: int | None) -> Repeats:
    given: dict[str, Any] = {"naive": naive, "up": ups}
    return dataclasses.replace(standard, **{key: value for key, value in given.items() if value is not None})


def rows_of(found: Mapping[Row, Samples]) -> dict[str, RowJson]:
    """The samples as they are kept."""
    return {
        row.name: {
            "unit": row.unit,
            "values": [round(value, 4) for value in samples.values],
            "loads": [round(load, 2) for load in samples.loads],
        }
        for row, samples in found.items()
    }


def reporter() -> Any:
    """Prints each step with the seconds since it began."""
    begun = time.monotonic()
    return lambda step: click.echo(f"{time.monotonic() - begun:7.0f} s  {step}", err=True)


if __name__ == "__main__":
    main()
