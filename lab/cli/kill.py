"""The verb `kill`."""

import click

from lab.cli import common
from lab.flows import deployment, workers


@click.command(epilog="Example: lab kill docker/worker-1")
@click.argument("worker")
@common.dry_run_option
@common.name_option
def command(worker: str, dry_run: bool, lab: str) -> None:
    """Destroy a worker without warning, as a cloud may at any moment."""
    substrate, name = common.one_node(lab, worker)
    loaded = deployment.load(lab, substrate)
    workers.checked(loaded, name, "kill")
    if dry_run:
        click.echo(f"would destroy {substrate}/{name}")
        return
    workers.kill(loaded, name, common.reporter(), common.change_deadline("kill"))
