"""The verb `timeline`."""

import json
from collections.abc import Mapping
from pathlib import Path

import click

from lab.cli import common
from lab.flows import timeline
from lab.model.errors import ExitCode, UsageError
from lab.timeline import draw, words
from lab.timeline.draw import Picture
from lab.timeline.recording import Recorded


@click.command(epilog="Example: lab timeline all --since 10m --plot timeline.html")
@common.substrate_argument("all")
@click.option("--since", metavar="TIME", help="Only what happened within 90s, 10m, 2h or 1d.")
@common.plot_option
@click.option("--json", "as_json", is_flag=True, help="Print the events as JSON.")
@common.name_option
def command(substrates: list[str], since: str | None, plot: Path | None, as_json: bool, lab: str) -> int:
    """Show what happened to a lab: load, workers, decisions, deploys, sleep."""
    found = timeline.gather(lab, substrates, None if since is None else timeline.seconds(since))
    if as_json:
        events = {name: [json.loads(event.line()) for event in one.events] for name, one in found.items()}
        click.echo(json.dumps({"lab": lab, "substrates": events}))
    else:
        _tell(found)
    if plot is not None:
        _plot(lab, found, plot)
    return ExitCode.DONE


def _tell(found: Mapping[str, Recorded]) -> None:
    lines = sorted((at, name, said) for name, one in found.items() for at, said in words.told(one.events))
    for at, name, said in lines:
        click.echo(f"{words.clock(at)}  {name:<8}  {said}")
    if not lines:
        click.echo("nothing was noted; `lab load` has visitors come")
    for name, one in found.items():
        if one.damaged:
            click.echo(f"{name}: {one.damaged} lines of its timeline are damaged, and left out", err=True)


def _plot(lab: str, found: Mapping[str, Recorded], target: Path) -> None:
    pictures = [Picture(one.events, f"Lab {lab} on {name}") for name, one in found.items() if one.events]
    if not pictures:
        raise UsageError("there is nothing to draw", where=f"lab {lab}", mend="draw it once something has happened")
    if target.suffix == ".svg":
        text = draw.sheet(pictures)
    else:
        lead = " and ".join(f"{picture.title}: {len(picture.events):,} events" for picture in pictures)
        text = draw.page(f"What happened to lab {lab}", draw.draw_all(pictures), lead, {})
    common.keep_drawing(target, text)
