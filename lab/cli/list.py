"""The verb `list`."""

import json
from collections.abc import Mapping

import click

from lab.cli import common
from lab.flows import listing
from lab.model.errors import ExitCode


@click.command(epilog="Example: lab list")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@common.optional_name("Only this lab.")
def command(as_json: bool, lab: str | None) -> int:
    """List all labs on this computer with what each engine has of them, also what destroyed labs left."""
    found, silent = listing.labs(common.look_deadline("list"))
    if lab is not None:
        found = {name: things for name, things in found.items() if name == lab}
    if as_json:
        click.echo(json.dumps({"labs": found, "silent": silent}, indent=2))
    else:
        _show(found, silent, lab)
    return ExitCode.UNKNOWN if silent else ExitCode.DONE


def _show(found: Mapping[str, Mapping[str, list[str]]], silent: list[str], lab: str | None) -> None:
    if not found and not silent:
        click.echo("there are no labs" if lab is None else f"there is no lab {lab}")
    for lab, substrates in found.items():
        click.echo(lab)
        for substrate, things in substrates.items():
            for thing in things:
                click.echo(f"  {substrate}: {thing}")
    for substrate in silent:
        click.echo(f"{substrate} does not answer as it should, so what it has of labs cannot be told")
