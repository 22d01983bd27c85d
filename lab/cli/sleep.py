"""The verb `sleep`."""

import click

from lab.cli import common
from lab.flows import deployment, sleep


@click.command(epilog="Example: lab sleep vagrant")
@common.substrate_argument("all")
@common.dry_run_option
@common.name_option
def command(substrates: list[str], dry_run: bool, lab: str) -> None:
    """Put a whole lab to sleep: it uses no processor, and all that it holds stays. `lab wake` brings it back."""
    by, report = common.change_deadline("sleep"), common.reporter()
    for name in common.deployed_among(lab, substrates):
        loaded = deployment.load(lab, name)
        if dry_run:
            for line in sleep.forecast_sleep(loaded, by):
                click.echo(f"{name}: {line}")
            continue
        sleep.sleep(loaded, common.prefixed(report, name), by)
