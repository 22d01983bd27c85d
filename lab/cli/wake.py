"""The verb `wake`."""

import click

from lab.cli import common
from lab.flows import deployment, sleep


@click.command(epilog="Example: lab wake vagrant")
@common.substrate_argument("all")
@common.dry_run_option
@common.name_option
def command(substrates: list[str], dry_run: bool, lab: str) -> None:
    """Wake a lab that sleeps; done once its load balancer answers and all of its workers serve."""
    by, report = common.change_deadline("wake"), common.reporter()
    for name in common.deployed_among(lab, substrates):
        loaded = deployment.load(lab, name)
        if dry_run:
            for line in sleep.forecast_wake(loaded, by):
                click.echo(f"{name}: {line}")
            continue
        sleep.wake(loaded, common.prefixed(report, name), by)
        click.echo(f"{name}: {loaded.substrate.url(loaded.plan)}")
