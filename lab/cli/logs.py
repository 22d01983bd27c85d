"""The verb `logs`."""

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
    argv = logs.command_line(deployment.load(lab, substrate), name, follow, common.look_deadline("logs"))
    common.hand_over(argv)
