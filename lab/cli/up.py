"""The verb `up`."""

from pathlib import Path

import click

from lab.cli import common
from lab.flows import up
from lab.model.node import Mode
from lab.model.topology import WORKERS_AT_MOST


@click.command(epilog="Example: lab up docker --workers 3")
@common.substrate_argument("all")
@click.option(
    "--workers",
    type=click.IntRange(1, WORKERS_AT_MOST),
    metavar="N",
    help="How many workers; topology.toml says 2.",
)
@click.option("--stateful", is_flag=True, help="The counter-example: each worker keeps its users' data itself.")
@click.option("--sticky/--no-sticky", default=None, help="Lead each user to the same worker each time, or to any.")
@click.option("--topology", type=click.Path(path_type=Path), help="Another topology file; the lab stays with it.")
@common.dry_run_option
@common.name_option
def command(
    substrates: list[str],
    workers: int | None,
    stateful: bool,
    sticky: bool | None,
    topology: Path | None,
    dry_run: bool,
    lab: str,
) -> None:
    """Bring a lab up, or back to what it should be: nodes are added, mended, drained and removed as needed."""
    by, report = common.change_deadline("up"), common.reporter()
    for name in substrates:
        wanted = up.Wanted(lab, name, workers, Mode.STATEFUL if stateful else None, topology, sticky)
        if dry_run:
            for line in up.forecast(wanted, by):
                click.echo(f"{name}: {line}")
            continue
        brought = up.up(wanted, common.prefixed(report, name), by)
        click.echo(f"{name}: {brought.substrate.url(brought.plan)}")
