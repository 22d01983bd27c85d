"""The verb `replace`."""

import click

from lab.cli import common
from lab.flows import deployment, workers


@click.command(epilog="Example: lab replace worker-1")
@click.argument("worker")
@common.dry_run_option
@common.name_option
def command(worker: str, dry_run: bool, lab: str) -> None:
    """Destroy a worker, if it is there, and make its successor."""
    substrate, name = common.one_node(lab, worker)
    loaded = deployment.load(lab, substrate)
    workers.checked(loaded, name, "replace")
    if dry_run:
        click.echo(f"would destroy {substrate}/{name} and make it again")
        return
    workers.replace(loaded, name, common.reporter(), common.change_deadline("replace"))
