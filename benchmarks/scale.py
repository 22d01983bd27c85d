"""How long a whole lab takes against how many workers it has: to come up, to tell its status, to go.

    PYTHONPATH=. .venv/bin/python -m benchmarks.scale                   # both substrates, most of an hour
    PYTHONPATH=. .venv/bin/python -m benchmarks.scale --only docker     # the other one's figures stay as they are
    PYTHONPATH=. .venv/bin/python -m benchmarks.scale --quick --dry     # small labs, once, and nothing is kept

Makes a lab test-scale, and removes it after each run. Keeps the figures in benchmarks/scale-results.json when all runs
of a substrate have ended, and writes docs/scale.md. Of a substrate of which nothing is kept yet it does so after each
run: whoever interrupts it has those.
"""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import click

from benchmarks.runs import circumstances_of, keep, lab, say
from benchmarks.scale_page import SessionJson, page
from lab.flows import deployment
from lab.host import paths, records
from lab.substrates import registry

LAB = "test-scale"
RESULTS = paths.REPO / "benchmarks" / "scale-results.json"
PAGE = paths.REPO / "docs" / "scale.md"
COUNTS = {"docker": (1, 2, 4, 8, 16, 32), "vagrant": (1, 2, 4)}
REPEATS = {"docker": 3, "vagrant": 2}
QUICK = 2
"""How many of the counts a quick run tries."""

STORE_MB = 1024
"""The memory of the store: each worker may hold four connections to it (docs/topology.md)."""


@click.command()
@click.option("--only", type=click.Choice(registry.NAMES), help="This substrate; the other one's figures are kept.")
@click.option("--runs", type=click.IntRange(1, 20), help="How often each number of workers is tried.")
@click.option("--quick", is_flag=True, help="Once, and only the smallest labs, to see that it works.")
@click.option("--dry", is_flag=True, help="Keep nothing: print the page.")
@click.option("--page", "page_only", is_flag=True, help="Measure nothing, only write the page anew.")
def main(only: str | None, runs: int | None, quick: bool, dry: bool, page_only: bool) -> None:
    """Brings labs up and removes them, keeps how long that took, and writes the page."""
    sessions: dict[str, SessionJson] = {} if dry else records.read_json(RESULTS) or {}
    for substrate in [] if page_only else [only] if only else registry.NAMES:
        counts = COUNTS[substrate][:QUICK] if quick else COUNTS[substrate]
        before = sessions.get(substrate)
        for session in _measured(substrate, counts, 1 if quick else runs or REPEATS[substrate]):
            sessions[substrate] = before or session
            keep(RESULTS, sessions, PAGE, page(sessions, registry.NAMES), dry=dry)
        sessions[substrate] = session
    keep(RESULTS, sessions, PAGE, page(sessions, registry.NAMES), dry=dry)
    if dry:
        click.echo(page(sessions, registry.NAMES))


def _measured(substrate: str, counts: tuple[int, ...], runs: int) -> Iterator[SessionJson]:
    """All that is known of a substrate, after each run: all numbers of workers once, then all of them again."""
    lab("build", substrate)
    session: SessionJson = {"circumstances": circumstances_of(substrate), "runs": {}}
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "topology.toml"
        file.write_text(topology(deployment.topology_file().read_text(), substrate))
        for turn in range(runs):
            for count in counts:
                session["runs"].setdefault(str(count), []).append(_run(substrate, count, file))
                say(f"{substrate}, {count} workers, {turn + 1} of {runs}: {session['runs'][str(count)][-1]}")
                yield session


def _run(substrate: str, count: int, file: Path) -> dict[str, float]:
    """Seconds by verb, each typed, from nothing to nothing."""
    named = ("--name", LAB)
    try:
        up_s = lab("up", substrate, "--workers", str(count), "--topology", str(file), *named)
        status_s = lab("status", substrate, *named)
    finally:
        destroy_s = lab("destroy", substrate, "--volumes", "--yes", *named)
    return {"up": round(up_s, 3), "status": round(status_s, 3), "destroy": round(destroy_s, 3)}


def topology(text: str, substrate: str) -> str:
    """The kit's topology with a store that has room for the connections of the most workers. Pure."""
    head, table, rest = text.partition(f"[substrates.{substrate}]\n")
    lines = rest.splitlines(keepends=True)
    at = next(number for number, line in enumerate(lines) if line.startswith("store_memory_mb = "))
    lines[at] = f"store_memory_mb = {STORE_MB}\n"
    return head + table + "".join(lines)


if __name__ == "__main__":
    main()
