"""The verb `logs`."""

from functools import partial

import click

from lab.cli import common
from lab.flows import deployment, logs


@click.command(epilog="Example: lab logs worker-1 -f")
@click.argument("node")
@click.option("-f", "--follow", is_flag=True, help="Go on printing what comes.")
@common.name_option
def command(node: str, follow: bool, lab: str) -> None:
    """Print a node's log, also a dead node's until the lab is destroyed."""
    substrate, name = common.one_node(lab, node, lambda substrate, name: logs.kept(lab, substrate, name).exists())
    by, tell = common.look_deadline("logs"), partial(click.echo, err=True)
    common.hand_over(logs.command_line(deployment.load(lab, substrate), name, follow, by, tell))
