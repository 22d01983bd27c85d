"""The verb `clean`."""

import click

from lab.cli import common
from lab.cli.called import as_called
from lab.flows import clean, destroy, listing
from lab.model.deadline import Deadline
from lab.substrates import registry


@click.command(epilog="Example: lab clean --yes")
@click.option("--all", "everything", is_flag=True, help="Also destroy every lab of yours, with its data and journals.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@common.dry_run_option
@common.optional_name("With --all: destroy this lab only, whoever made it; what others use stays.")
def command(everything: bool, yes: bool, dry_run: bool, lab: str | None) -> None:
    """Remove what can be built again and no lab uses: images, boxes, root file systems.

    While a lab is up, what it was made from stays; older versions go.
    """
    by, report = common.change_deadline("clean"), common.reporter()
    found = listing.labs(by)[0] if everything else {}
    doomed = [name for name in found if name == lab or (lab is None and name in listing.ours())]
    left = [name for name in found if lab is None and name not in doomed]
    if dry_run:
        _forecast(doomed, left, by)
        return
    labs = f" and, with all data, {_in_words(doomed)}" if doomed else ""
    common.confirm(f"Remove the images, boxes and root file systems that no lab uses{labs}?", yes=yes)
    for name in doomed:
        destroy.destroy(name, list(registry.NAMES), report, by, volumes=True)
    clean.clean(report, by)
    for name in left:
        report(_stays(name))


def _forecast(doomed: list[str], left: list[str], by: Deadline) -> None:
    for name in doomed:
        for line in destroy.forecast(name, list(registry.NAMES), by, volumes=True):
            click.echo(f"{name}: {line}")
    unused = clean.unused(by, without=doomed)
    for line in [*map(_stays, left), *unused.kept_in_words()]:
        click.echo(as_called(line))
    for line in unused.in_words():
        click.echo(f"would remove {line}")


def _stays(lab: str) -> str:
    return f"lab {lab} stays: {clean.UNRECORDED.format(lab=lab)}"


def _in_words(labs: list[str]) -> str:
    return f"lab{'s' if len(labs) > 1 else ''} {', '.join(labs)}"
