"""The verb `exec`."""

import click

from lab.cli import common


@click.command(epilog="Example: lab exec worker-1 -- uname -r", context_settings={"ignore_unknown_options": True})
@common.name_option
@click.argument("node")
@click.argument("words", nargs=-1, required=True, type=click.UNPROCESSED, metavar="-- CMD")
def command(lab: str, node: str, words: tuple[str, ...]) -> None:
    """Run a command in a node; its exit code is passed on."""
    substrate, name = common.one_node(lab, node)
    argv = common.reach(lab, substrate, name).argv(words)
    common.hand_over(argv)
