"""The verb `build`."""

from pathlib import Path

import click

from lab.cli import common
from lab.flows import artefacts, build, deployment
from lab.substrates import registry


@click.command(epilog="Example: lab build docker")
@common.substrate_argument("all")
@click.option("--topology", type=click.Path(path_type=Path), help="Another topology file than topology.toml.")
@common.dry_run_option
@common.ignored_name
def command(substrates: list[str], topology: Path | None, dry_run: bool) -> None:
    """Make a root file system for each role, and an image and a box from each. What is made already stays."""
    made = [registry.get(name) for name in substrates]
    versions = deployment.read_topology(topology).versions
    if dry_run:
        for substrate in made:
            for role in artefacts.missing(substrate, versions):
                click.echo(f"{substrate.name}: would make {role}")
        return
    build.build(made, versions, common.reporter(), common.change_deadline("build"))
