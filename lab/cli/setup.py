"""The verb `setup`."""

import os
import sys

import click

from lab.cli import common
from lab.flows import setup
from lab.host import paths
from lab.model.deadline import Deadline
from lab.model.errors import LabError
from lab.substrates.base import Report


@click.command(epilog="Example: lab setup --dry-run")
@click.option("--undo", is_flag=True, help="Take back what setup changed; python3-venv, which bin/lab needs, stays.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@common.dry_run_option
@click.option("--no-start", is_flag=True, help="Install and grant rights, but start nothing.")
@common.ignored_name
def command(undo: bool, yes: bool, dry_run: bool, no_start: bool) -> None:
    """Install what is missing on this computer, grant you the rights, and start the engines.

    Only this verb needs root; it becomes root through sudo.
    """
    by = common.change_deadline("setup")
    if undo:
        _undo(yes=yes, dry_run=dry_run, by=by)
    elif dry_run:
        show(setup.plan(), by, start=not no_start)
    else:
        change(yes=yes, report=common.reporter(), by=by, start=not no_start)


def ensure(*, yes: bool, report: Report, by: Deadline) -> None:
    """Sets this computer up if it has to be, for a verb that needs it.

    Does not return where that put the user into new groups: it begins the same command line again in them.
    """
    if change(yes=yes, report=report, by=by) and setup.has_fresh_groups():
        launcher = str(paths.REPO / "bin/lab")
        # It was let through for its size before it filled the disk, and before the engines took memory.
        os.execve(launcher, [launcher, *sys.argv[1:]], {**os.environ, "LAB_ROOM_CHECKED": "1"})


def change(*, yes: bool, report: Report, by: Deadline, start: bool = True) -> bool:
    """Shows what is to be changed, asks once, and changes it; false when there is nothing to change."""
    wanted = setup.plan()
    if not show(wanted, by, start=start):
        return False
    common.confirm("Do that, as root?", yes=yes)
    setup.apply(wanted.user, report, by, start=start)
    if left := setup.plan().lines(start=start):
        raise LabError(f"setup left this undone: {'; '.join(left)}", where="this computer", mend="run `lab doctor`")
    return True


def show(wanted: setup.Plan, by: Deadline, *, start: bool = True) -> bool:
    """Says what is to be changed, and the size of the download; false when there is nothing to change."""
    lines = wanted.lines(start=start)
    for line in lines:
        click.echo(f"to do: {line}", err=True)
    if wanted.packages and (size := setup.download_mb(wanted.packages, by)) is not None:
        click.echo(f"       a download of {size} MB", err=True)
    if not lines:
        click.echo("this computer has all that the kit needs; nothing to change", err=True)
    return bool(lines)


def _undo(*, yes: bool, dry_run: bool, by: Deadline) -> None:
    changes = setup.changes_made()
    for line in changes or ["setup changed nothing here"]:
        click.echo(f"to undo: {line}" if changes else line, err=True)
    if changes and not dry_run:
        common.confirm("Undo that, as root?", yes=yes)
        setup.undo(common.reporter(), by)
