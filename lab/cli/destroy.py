"""The verb `destroy`."""

import click

from lab.cli import common
from lab.flows import destroy


@click.command(epilog="Example: lab destroy vagrant --yes")
@common.substrate_argument("all")
@click.option(
    "--volumes",
    is_flag=True,
    help="The store's data, its secret and the journals of proofs too: nothing of the lab is left.",
)
@click.option("--yes", is_flag=True, help="Do not ask.")
@common.dry_run_option
@common.name_option
def command(substrates: list[str], volumes: bool, yes: bool, dry_run: bool, lab: str) -> None:
    """Remove a lab. Its data stays, for the next `lab up`, unless you say --volumes."""
    by = common.change_deadline("destroy")
    if dry_run:
        lines = destroy.forecast(lab, substrates, by, volumes=volumes)
        click.echo("\n".join(lines) or f"there is nothing of lab {lab}")
        return
    data = "with all its data, and the journals of its proofs" if volumes else "but not its data"
    common.confirm(f"Remove lab {lab} on {' and '.join(substrates)}, {data}?", yes=yes)
    destroy.destroy(lab, substrates, common.reporter(), by, volumes=volumes)
