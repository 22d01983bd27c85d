"""Options and words that several verbs share."""

import os
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn, Protocol

import click

from lab.cli.called import as_called
from lab.flows import deployment
from lab.host import computer, records
from lab.model import labs
from lab.model.deadline import Deadline
from lab.model.errors import UsageError
from lab.model.node import NodeName, Role, State
from lab.substrates import registry
from lab.substrates.base import Reach, Report

ALL = "all"
# What one verb may take at most: five times what was measured on two cores without KVM.
CHANGE_S = 1800
LOOK_S = 60


def name_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """--name LAB."""
    return _name(labs.DEFAULT, "Which lab.")(command)


def optional_name(meaning: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """--name LAB for a verb that is about all labs unless one is named; the verb gets None then."""
    return _name(None, meaning)


def ignored_name(command: Callable[..., Any]) -> Callable[..., Any]:
    """--name LAB for a verb that is about the whole computer: taken, so that every verb takes it, and of no effect."""
    help_text = "Taken as by every command; changes nothing here, for this is about the whole computer."
    return _name(None, help_text, expose_value=False)(command)


def _name(default: str | None, meaning: str, **more: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    return click.option(
        "--name", "lab", default=default, show_default=True, metavar="LAB", callback=_checked_name, help=meaning, **more
    )


def _checked_name(_context: click.Context, _parameter: click.Parameter, value: str | None) -> str | None:
    return value if value is None else deployment.checked_name(value)


def dry_run_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """--dry-run."""
    return click.option("--dry-run", is_flag=True, help="Only say what would be done.")(command)


def plot_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """--plot FILE, given to the verb as `plot`; `keep_drawing` writes it."""
    return file_option("--plot", callback=_checked_plot, help="Draw it into FILE, .svg or .html.")(command)


def _checked_plot(context: click.Context, parameter: click.Parameter, value: Path | None) -> Path | None:
    if value is not None and value.suffix not in (".svg", ".html"):
        raise UsageError(f"{value} is no picture", where="--plot", mend="give a name that ends in .svg or .html")
    return _may_be_written(context, parameter, value)


def keep_drawing(target: Path, text: str) -> None:
    """Writes what was drawn where it was asked for, and says so. Raises UsageError where it cannot be written."""
    try:
        records.write(target, text)
    except OSError as failed:
        raise UsageError(
            f"the picture cannot be written: {failed.strerror}",
            where=f"--plot {target}",
            mend="name a file in a folder that you may write to and that has room",
        ) from failed
    click.echo(f"drawn: {target}", err=True)


def substrate_argument(default: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """[docker|vagrant|all], given to the verb as a list of names."""
    return click.argument(
        "substrates",
        default=default,
        type=click.Choice([*registry.NAMES, ALL]),
        callback=_expanded,
        metavar=f"[{'|'.join([*registry.NAMES, ALL])}]",
    )


def _expanded(_context: click.Context, _parameter: click.Parameter, value: str) -> list[str]:
    return list(registry.NAMES) if value == ALL else [value]


def file_option(name: str, **more: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """NAME FILE, a file that is to be written: refused before anything else is done where that cannot be."""
    return click.option(name, type=click.Path(path_type=Path), metavar="FILE", **{"callback": _may_be_written} | more)


def _may_be_written(_context: click.Context, parameter: click.Parameter, value: Path | None) -> Path | None:
    if value is not None and not computer.may_write(value):
        raise UsageError(
            f"{value} cannot be written: it is a folder, or not yours",
            where=parameter.opts[0],
            mend="name a file that you may write",
        )
    return value


def deployed_among(lab: str, substrates: list[str]) -> list[str]:
    """Those of the substrates on which the lab is up: all of one that was named, for it to be refused by name."""
    return substrates if len(substrates) == 1 else [one for one in substrates if one in _deployed(lab)]


def _deployed(lab: str) -> dict[str, deployment.Deployed]:
    """The lab by substrate; raises UsageError where it is up nowhere."""
    found = deployment.deployed(lab)
    if not found:
        first = labs.typed("up docker", lab)
        raise UsageError(f"lab {lab} is not up anywhere", where=f"lab {lab}", mend=f"run {first} first")
    return found


def one_node(
    lab: str, text: str, was_there: Callable[[str, NodeName], bool] = lambda _substrate, _name: False
) -> tuple[str, NodeName]:
    """The substrate and node that SUBSTRATE/ROLE-N or ROLE-N names in this lab; UsageError where it is not unique.

    A worker that is not wanted any more counts where `was_there` says so of a substrate and its name.
    """
    substrate, _, short = text.rpartition("/")
    name = NodeName.parse(short)
    if substrate:
        registry.get(substrate)
        return substrate, name
    numbers = {one: (*found.workers, *found.pool) for one, found in _deployed(lab).items()}
    where = [
        one
        for one, taken in numbers.items()
        if name.role is not Role.WORKER or name.index in taken or was_there(one, name)
    ]
    if len(where) > 1:
        raise UsageError(
            f"{text} is on more than one substrate",
            where=f"lab {lab}",
            mend=f"say which: {' or '.join(f'{one}/{name}' for one in where)}",
        )
    if not where:
        raise UsageError(
            f"lab {lab} has no {name}", where=f"lab {lab}", mend=f"{labs.typed('status', lab)} lists its nodes"
        )
    return where[0], name


def reach(lab: str, substrate: str, name: NodeName) -> Reach:
    """How to get into a running node of the lab; UsageError where the lab has no such node, or it does not run."""
    loaded = deployment.load(lab, substrate)
    reach = loaded.reach(loaded.checked(name))
    _check_installed(reach.prefix[0])
    nodes = loaded.substrate.nodes(lab, look_deadline("asking the engine"))
    state = next((node.state for node in nodes if node.name == name), State.ABSENT)
    if state not in (State.RUNNING, State.DRAINING):
        raise UsageError(
            f"{name} is {state}; only a node that runs lets anybody in",
            where=f"lab {lab} on {substrate}",
            mend=f"{labs.typed(f'up {substrate}', lab)} brings it back",
        )
    return reach


def hand_over(argv: list[str]) -> NoReturn:
    """Becomes this program; its exit status is ours. Raises UsageError where it is not installed."""
    _check_installed(argv[0])
    os.execvp(argv[0], argv)


def _check_installed(program: str) -> None:
    if shutil.which(program) is None:
        raise UsageError(f"{program} is not installed", where="this computer", mend="run `lab setup`")


class Screen(Protocol):
    """What shows a live table: a console of rich's, which takes a while to import. Most verbs show none."""

    def print(self, *words: Any, markup: bool, soft_wrap: bool) -> None: ...


def reporter(screen: Screen | None = None) -> Report:
    """Prints each step to standard error, or above what `screen` shows, with the seconds since the verb began."""
    begun, color = time.monotonic(), False if os.environ.get("NO_COLOR") else None

    def report(step: str) -> None:
        seconds = f"{time.monotonic() - begun:7.1f} s"
        if screen is None:
            click.echo(f"{click.style(seconds, fg='cyan')}  {as_called(step)}", err=True, color=color)
        else:
            screen.print(f"{seconds}  {as_called(step)}", markup=False, soft_wrap=True)

    return report


def prefixed(report: Report, name: str) -> Report:
    """Reports with a name before each step."""
    return lambda step: report(f"{name}: {step}")


def change_deadline(verb: str) -> Deadline:
    """The deadline of a verb that changes something."""
    return Deadline.after(CHANGE_S, f"{verb}: {CHANGE_S} s")


def look_deadline(verb: str) -> Deadline:
    """The deadline of a verb that only looks."""
    return Deadline.after(LOOK_S, f"{verb}: {LOOK_S} s")


def confirm(question: str, *, yes: bool) -> None:
    """Asks once on a terminal; without one, and without --yes, it is refused rather than guessed."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise UsageError(f"{question} needs an answer", where="no terminal to ask on", mend="say it with --yes")
    if not click.confirm(question):
        raise UsageError("not done, as you said", where=question, mend="run it again when you like")
