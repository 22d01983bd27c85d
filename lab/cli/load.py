"""The verb `load`."""

import json

import click
from rich.console import Console
from rich.table import Table

from lab.cli import common, live
from lab.cli.called import as_called
from lab.flows import load
from lab.flows.load import Asked, Loaded, Progress
from lab.ledger import report
from lab.model import labs
from lab.model.deadline import Deadline
from lab.model.errors import ExitCode
from lab.substrates import registry
from lab.traffic import profiles


class Load(click.Command):
    """The verb, whose help tells what each profile is."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        super().format_options(ctx, formatter)
        with formatter.section("Profiles"):
            formatter.write_dl([*profiles.SAYS.items()])


@click.command(cls=Load, epilog="Example: lab load docker --profile step --peak 40 --duration 60")
@click.argument("substrate", type=click.Choice(registry.NAMES), metavar="SUBSTRATE")
@click.option("--profile", default="step", show_default=True, metavar="|".join(profiles.SAYS), help="How it changes.")
@click.option("--peak", type=float, required=True, metavar="R", help="Requests a second at most.")
@click.option("--base", type=float, metavar="R", help="Requests a second at least.  [default: a quarter of the peak]")
@click.option("--duration", type=float, default=60.0, show_default=True, metavar="S", help="Seconds.")
@click.option(
    "--work", type=int, default=0, metavar="CPU_MS", help="Six of ten requests are work that burns so much CPU."
)
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed draws the same visits.")
@click.option("--prove", "proves", is_flag=True, help="Account for every write, as `lab prove run` does.")
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON.")
@common.dry_run_option
@common.name_option
def command(
    substrate: str,
    profile: str,
    peak: float,
    base: float | None,
    duration: float,
    work: int,
    seed: int,
    proves: bool,
    as_json: bool,
    dry_run: bool,
    lab: str,
) -> int:
    """Have visitors come to a lab, as many as a profile says, and show what they get.

    Exits as `lab prove run` does with --prove, and 0 without it, also where requests failed.
    """
    made = profiles.profile(profile, peak, duration, base)
    asked = Asked(lab, substrate, made, load.checked_work(work), seed, proves)
    by = Deadline.after(load.longest_s(asked), "load")
    if dry_run:
        for line in load.forecast(asked, by):
            click.echo(line)
        return ExitCode.DONE
    loaded = _watched(asked, by)
    if as_json:
        click.echo(json.dumps(loaded.as_json()))
    else:
        _tell(loaded)
    return loaded.exit_code


def _watched(asked: Asked, by: Deadline) -> Loaded:
    """What a load came to that was shown while it went on."""
    return live.shown(_live, lambda watch, report: load.run(asked, watch, report, by))


def _live(progress: Progress) -> Table:
    sample = progress.sample
    table = Table(
        "second", "phase", "due/s", "sent/s", "answered/s", "errors/s", "users", "workers", "p50 ms", "p99 ms"
    )
    table.add_row(
        f"{progress.at_s:.0f}",
        progress.phase,
        f"{progress.rate:.1f}",
        *(f"{sample[name]:.1f}" for name in ("requests", "answers", "errors")),
        str(sample["users"]),
        _or_unknown(sample["workers"]),
        *(_or_unknown(sample[name]) for name in ("p50_ms", "p99_ms")),
    )
    return table


def _or_unknown(value: float | None) -> str:
    return "?" if value is None else f"{value:.0f}"


def _tell(loaded: Loaded) -> None:
    table = Table("phase", "from s", "to s", "requests", "errors", "refused", "p50 ms", "p99 ms")
    for row in [*loaded.phases, {"name": "all", "from_s": 0, "to_s": loaded.phases[-1]["to_s"], **loaded.total}]:
        table.add_row(
            *(row["name"], f"{row['from_s']:g}", f"{row['to_s']:g}"),
            *(f"{row[name]:,}" for name in ("requests", "errors", "refused")),
            *(_or_unknown(row[name]) for name in ("p50_ms", "p99_ms")),
        )
    Console().print(table)
    lab, substrate = loaded.asked.lab, loaded.asked.substrate
    click.echo(as_called(f"the timeline: {labs.typed(f'timeline {substrate} --plot timeline.html', lab)}"))
    if loaded.account and loaded.journal:
        click.echo(report.verdict(loaded.account).sentence)
        click.echo(as_called(f"all about it: {labs.typed(f'prove show {loaded.journal.stem}', lab)}"))
