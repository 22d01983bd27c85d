"""The verb `autoscale`."""

import os
import sys
from datetime import UTC, datetime

import click
from rich.table import Table

from lab.cli import common, live
from lab.cli.called import as_called
from lab.flows import autoscale, autoscaler
from lab.flows.autoscale import Asked, Look
from lab.flows.fleet import ScaleIn
from lab.model import labs
from lab.model.errors import ExitCode
from lab.scaling.limits import Limits, Victim
from lab.substrates import registry
from lab.timeline.events import Event

_INTERRUPTED = "interrupted: the workers there are go on; the same command, typed again, goes on from there"


@click.command(epilog="Example: lab autoscale docker --min 1 --max 4")
@click.argument("substrate", type=click.Choice(registry.NAMES), metavar="SUBSTRATE")
@click.option("--min", "least", type=int, default=1, show_default=True, metavar="N", help="Workers at least.")
@click.option("--max", "most", type=int, default=4, show_default=True, metavar="N", help="Workers at most.")
@click.option(
    "--target",
    type=float,
    metavar="N",
    help="Requests at a time for each worker.  [default: half of what it takes]",
)
@click.option(
    "--cooldown",
    type=float,
    default=60.0,
    show_default=True,
    metavar="S",
    help="Seconds of little load, and without a change, before a worker goes.",
)
@click.option(
    "--warm-pool",
    type=int,
    metavar="N",
    help="Workers that sleep, to be woken; those above N go.  [default: those that do]",
)
@click.option(
    "--scale-in",
    type=click.Choice([str(each) for each in ScaleIn]),
    default=str(ScaleIn.DELETE),
    show_default=True,
    help="What becomes of a worker that is not needed.",
)
@click.option(
    "--victim",
    type=click.Choice([str(each) for each in Victim]),
    default=str(Victim.NEWEST),
    show_default=True,
    help="Which one goes first.",
)
@click.option(
    "--deregistration-delay",
    "delay_s",
    type=float,
    default=300.0,
    show_default=True,
    metavar="S",
    help="In a lab of `up --sticky`: how long the sessions of a worker's users are awaited at most.",
)
@click.option("--background", is_flag=True, help="Go on after this command has ended.")
@click.option("--stop", is_flag=True, help="End the autoscaler that is at work, and do nothing else.")
@click.option("--status", is_flag=True, help="Say whether one is at work, and what it saw and decided last.")
@common.dry_run_option
@common.name_option
def command(
    substrate: str,
    least: int,
    most: int,
    target: float | None,
    cooldown: float,
    warm_pool: int | None,
    scale_in: str,
    victim: str,
    delay_s: float,
    background: bool,
    stop: bool,
    status: bool,
    dry_run: bool,
    lab: str,
) -> int:
    """Add workers when a lab has more requests than they take, and remove those that it does not need."""
    if status:
        return _status(lab, substrate)
    if stop:
        return _stop(lab, substrate, dry_run=dry_run)
    asked_for = Limits(least, most, target or 0.0, cooldown, warm_pool, Victim(victim))
    limits = autoscale.limits_of(lab, substrate, asked_for, target, delay_s)
    if dry_run:
        click.echo(f"would keep lab {lab} on {substrate} at {limits.in_words()}")
        return ExitCode.DONE
    if background:
        return _begin(lab, substrate)
    return _watched(Asked(lab, substrate, limits, ScaleIn(scale_in), delay_s))


def _status(lab: str, substrate: str) -> int:
    holder = autoscaler.running(lab, substrate)
    if holder is None:
        click.echo(_none(lab, substrate))
        return ExitCode.CHECK_SAID_NO
    click.echo(f"an autoscaler is at work on lab {lab} on {substrate} (pid {holder.pid})")
    sample, decision = autoscaler.said(lab, substrate)
    if sample is not None:
        fields = sample.fields
        figures = f"{fields['users']} users, {fields['requests']} requests/s, {fields['workers']} workers"
        click.echo(f"  {_clock(sample)}  {figures}")
    if decision is not None:
        click.echo(f"  {_clock(decision)}  {decision.what}: {decision.fields.get('why')}")
    return ExitCode.DONE


def _none(lab: str, substrate: str) -> str:
    return f"no autoscaler is at work on lab {lab} on {substrate}"


def _clock(event: Event) -> str:
    return datetime.fromtimestamp(event.at, UTC).astimezone().strftime("%H:%M:%S")


def _stop(lab: str, substrate: str, *, dry_run: bool) -> int:
    holder = autoscaler.running(lab, substrate)
    if holder is None:
        click.echo(_none(lab, substrate))
    elif dry_run:
        click.echo(f"would end the autoscaler of {substrate} (pid {holder.pid})")
    else:
        autoscaler.stop(lab, [substrate], common.reporter(), common.look_deadline("autoscale --stop"))
    return ExitCode.DONE


def _begin(lab: str, substrate: str) -> int:
    """Has the same words typed again, by a process that outlives this one, without the one that says so."""
    words = [word for word in sys.argv[1:] if word != "--background"]
    holder = autoscaler.begin(lab, substrate, words, common.look_deadline("autoscale --background"))
    ends = labs.typed(f"autoscale {substrate} --stop", lab)
    click.echo(as_called(f"an autoscaler is at work (pid {holder.pid}); {ends} ends it"))
    return ExitCode.DONE


def _watched(asked: Asked) -> int:
    try:
        live.shown(_live, lambda watch, report: autoscale.run(asked, watch, report))
    except KeyboardInterrupt:
        click.echo(_INTERRUPTED, err=True)
        sys.stdout.flush()
        # Not sys.exit, which would wait for a machine that boots: the next autoscaler picks up what is half done.
        os._exit(ExitCode.INTERRUPTED)
    return ExitCode.DONE


def _live(look: Look) -> Table:
    sample, workers = look.sample, look.fleet
    table = Table("users", "requests/s", "at a time", "errors/s", "response ms", "workers", "decision", "why")
    counts = {"warming": workers.warming, "draining": workers.draining, "frozen": workers.frozen}
    counts |= {"asleep": workers.asleep, "dead": workers.dead, "outdated": workers.outdated}
    others = [f"{len(names)} {what}" for what, names in counts.items() if names]
    figures = [sample.users, sample.rate, sample.concurrency] if sample else ["?"] * 3
    table.add_row(
        *map(str, figures),
        f"{look.errors:.1f}",
        str(sample.response_ms if sample else "?"),
        ", ".join([str(len(workers.serving)), *others]),
        autoscale.words(look.decision),
        look.decision.why,
    )
    return table
