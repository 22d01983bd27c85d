"""The verb `heal`."""

import click

from lab.cli import common
from lab.flows import deployment, prove
from lab.model.errors import UsageError


@click.command(epilog="Example: lab heal docker")
@common.substrate_argument("all")
@click.option("--dry-run", is_flag=True, help="Only say what would be healed.")
@common.name_option
def command(substrates: list[str], dry_run: bool, lab: str) -> None:
    """Undo the faults that an interrupted `lab prove` left; `lab up` then mends the rest."""
    by, deployed = common.change_deadline("heal"), deployment.deployed(lab)
    up = [name for name in substrates if name in deployed]
    if not up:
        raise UsageError(
            f"lab {lab} is not up on {' or '.join(substrates)}, so there is nothing to heal",
            where=f"lab {lab}",
            mend="`lab list` shows what there is; --name says which lab",
        )
    for name in up:
        loaded = deployment.load(lab, name)
        if dry_run:
            for planned in prove.unhealed(loaded):
                click.echo(f"{name}: would heal {planned.fault} of {planned.target}")
            continue
        healed = prove.heal(loaded, common.prefixed(common.reporter(), name), by)
        click.echo(f"{name}: healed {healed} faults")
