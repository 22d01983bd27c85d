"""The verbs of `exercise` for authors: new and lint."""

import tempfile
from pathlib import Path

import click

from lab.cli import common
from lab.cli.called import as_called
from lab.cli.parsing import parse
from lab.exercise import blank, catalogue, lint, session
from lab.exercise.catalogue import Exercise
from lab.exercise.home import Home
from lab.exercise.trial import Trial
from lab.model.deadline import Deadline
from lab.model.errors import ExitCode
from lab.substrates import registry
from lab.substrates.base import Report

LINT_LAB = "ex-lint"
_LINT_S = 4 * 3600.0


@click.command("new", epilog="Example: lab exercise new name-a-thing")
@click.argument("exercise", metavar="NAME")
@common.dry_run_option
@common.ignored_name
def new(exercise: str, dry_run: bool) -> None:
    """For authors: make the folder of an exercise, with all its files to fill in."""
    folder = blank.folder(catalogue.OWN, exercise)
    if dry_run:
        click.echo(f"would make {folder}")
        return
    blank.make(folder)
    click.echo(as_called(f"made {folder}; exercises/FORMAT.md tells how to go on, `lab exercise lint` what is missing"))


@click.command("lint", epilog="Example: lab exercise lint destroy-a-worker --dry-run")
@click.argument("exercise", required=False, metavar="[NAME]")
@click.option("--on", type=click.Choice(registry.NAMES), help="Prove it there alone.  [default: on each that it names]")
@click.option("--no-wrong", is_flag=True, help="Leave the wrong attempts out.")
@common.dry_run_option
@common.optional_name(f"The lab to prove them on; it stays up.  [default: {LINT_LAB}]")
def linting(exercise: str | None, on: str | None, no_wrong: bool, dry_run: bool, lab: str | None) -> int:
    """For authors: check an exercise, or all of them. On each substrate that it names its starting state has to fail,
    its solution to pass, and each wrong attempt to get its message. What is done on all at once is proven so, too.

    With --dry-run only what needs no lab is checked: texts, links, commands, hints.
    """
    report, by = common.reporter(), Deadline.after(_LINT_S, f"lint: {_LINT_S:g} s")
    chosen = [catalogue.named(catalogue.every(), exercise)] if exercise else _for(on, report)
    tried = [(one, where) for one in chosen for where in _places(one, on)]
    faults = [fault for one in chosen for fault in lint.faults(one, parse)]
    if not dry_run and not faults:
        for one, where in tried:
            faults += _tried(one, where, lab or LINT_LAB, by, wrong=not no_wrong and len(where) == 1)
    for fault in faults:
        click.echo(fault)
    report(f"exercises: {len(chosen)}, faults: {len(faults)}")
    return ExitCode.CHECK_SAID_NO if faults else ExitCode.DONE


def _for(on: str | None, report: Report) -> list[Exercise]:
    """All exercises; with `on` those that are for that substrate, and the others are told."""
    found = catalogue.every()
    for one in found if on else ():
        if on not in one.substrates:
            report(f"{one.folder.name} is left out: it is for {' and '.join(one.substrates)}")
    return [one for one in found if on is None or on in one.substrates]


def _places(exercise: Exercise, on: str | None) -> list[tuple[str, ...]]:
    """Where an exercise is proven: on one substrate after the other, and on all at once if that is how it is done.

    Raises UsageError for one that it does not name.
    """
    if on is not None:
        session.check_is_for(exercise, on)
        return [(on,)]
    alone = [(name,) for name in exercise.substrates]
    return [*alone, exercise.substrates] if exercise.on == "each" and len(alone) > 1 else [*alone]


def _tried(exercise: Exercise, on: tuple[str, ...], lab: str, by: Deadline, *, wrong: bool) -> list[str]:
    """The faults that a proof on real nodes finds, by a learner of its own."""
    name = f"{exercise.folder.name} on {' and '.join(on)}"
    report = common.prefixed(common.reporter(), name)
    with tempfile.TemporaryDirectory() as folder:
        trial = Trial(exercise, lab, on, Home(Path(folder), Path(folder) / "workspace"))
        return [f"{name}: {fault}" for fault in trial.faults(report, by, wrong=wrong)]
