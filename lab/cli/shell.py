"""The verb `shell`."""

import sys

import click

from lab.cli import common


@click.command(epilog="Example: lab shell vagrant/store-1")
@click.argument("node")
@common.name_option
def command(node: str, lab: str) -> None:
    """Open a shell in a node. Without a terminal it takes its commands from standard input."""
    substrate, name = common.one_node(lab, node)
    argv = common.reach(lab, substrate, name).argv(["/bin/bash"], terminal=sys.stdin.isatty())
    common.hand_over(argv)
