"""The verb `prove`: run, show, list, audit."""

import json
from pathlib import Path

import click
from click.shell_completion import CompletionItem
from rich.console import Console
from rich.table import Table

from lab.cli import common, live
from lab.faults import catalogue
from lab.flows import prove
from lab.flows.prove import Progress
from lab.ledger import report
from lab.ledger.audit import Account
from lab.ledger.files import audit_file, story_of_file
from lab.ledger.sorts import Sort
from lab.model.deadline import Deadline
from lab.model.errors import ExitCode, UsageError
from lab.substrates import registry
from lab.timeline import draw

_FAULTS = [(name, fault.says) for name, fault in catalogue.FAULTS.items()]
_ASK_S = 120.0
_FAULTS.append((catalogue.RANDOM, "one of those that can be made here, drawn by the seed"))


class Run(click.Command):
    """The verb `prove run`, whose help tells what each fault is."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        super().format_options(ctx, formatter)
        with formatter.section("Faults"):
            formatter.write_dl(_FAULTS)


def _offered(_context: click.Context, _parameter: click.Parameter, begun: str) -> list[CompletionItem]:
    return [CompletionItem(name, help=says) for name, says in _FAULTS if name.startswith(begun)]


@click.group(epilog="Example: lab prove run docker --kills 5")
def command() -> None:
    """Destroy workers under load, and account for every write."""


@command.command("run", cls=Run, epilog="Example: lab prove run docker --kills 5 --fault pause --seed 7")
@click.argument("substrate", type=click.Choice(registry.NAMES), metavar="SUBSTRATE")
@click.option("--kills", type=click.IntRange(0), default=3, show_default=True, help="How many workers to kill.")
@click.option(
    "--fault",
    "faults",
    multiple=True,
    metavar="NAME",
    shell_complete=_offered,
    help="A fault of those below, injected before the kills; may be given more than once.",
)
@click.option(
    "--rate",
    type=float,
    metavar="R",
    help=f"Requests a second.  [default: {prove.RATE:g}, or {prove.RATE_EMULATED:g} where machines are emulated]",
)
@click.option("--duration", type=float, default=20.0, show_default=True, metavar="S", help="Seconds at least.")
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed draws the same run.")
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON.")
@click.option("--dry-run", is_flag=True, help="Only say which faults would be injected.")
@common.name_option
def run(
    substrate: str,
    kills: int,
    faults: tuple[str, ...],
    rate: float | None,
    duration: float,
    seed: int,
    as_json: bool,
    dry_run: bool,
    lab: str,
) -> int:
    """Write through the load balancer while faults are injected, read everything back, and say what became of it."""
    if rate is None:
        rate = prove.usual_rate(substrate, Deadline.after(_ASK_S, "asking the engine"))
    asked = prove.Asked(lab, substrate, kills, faults, rate, duration, seed)
    by = Deadline.after(prove.longest_s(asked), "prove")
    if dry_run:
        for planned in prove.forecast(asked, by):
            click.echo(f"would inject {planned.fault} of {planned.target}")
        return ExitCode.DONE
    path = _watched(asked, by)
    return _tell(audit_file(path), path, as_json=as_json)


def _watched(asked: prove.Asked, by: Deadline) -> Path:
    """The journal of a run that has ended, and that was shown while it went on."""
    return live.shown(_live, lambda watch, report: prove.run(asked, watch, report, by))


@command.command("show", epilog="Example: lab prove show 261124135501ab12")
@click.argument("run", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON.")
@common.plot_option
@common.name_option
def show(run: str | None, as_json: bool, plot: Path | None, lab: str) -> int:
    """Show the verdict on one run, or on the latest."""
    path = prove.journal(lab, run)
    account = audit_file(path, path.stem)
    if plot is not None:
        _plot(account, path, plot)
    return _tell(account, path, as_json=as_json)


@command.command("list", epilog="Example: lab prove list")
@common.name_option
def list_runs(lab: str) -> None:
    """List the runs of a lab, the oldest first, each with its verdict."""
    table = Table("run", "substrate", "acknowledged", "faults", "verdict")
    for path in prove.journals(lab):
        table.add_row(path.stem, *_row(path))
    Console().print(table)


def _row(path: Path) -> list[str]:
    """What the list says of a run; a journal that `show` refuses does not hide the others."""
    try:
        account = audit_file(path, path.stem)
    except UsageError as wrong:
        return ["?", "?", "?", f"{wrong.message}{wrong.where.removeprefix(str(path))}"]
    substrate = account.header.substrate if account.header else "?"
    return [substrate, f"{account.acknowledged:,}", str(len(account.faults)), report.verdict(account).word]


@command.command("audit", epilog="Example: lab prove audit ~/run.jsonl")
@click.argument("journal", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON.")
@common.name_option
def audit(journal: Path, as_json: bool, lab: str) -> int:
    """Compute the verdict again from a journal alone, wherever it lies; no lab is asked, not even LAB."""
    del lab
    return _tell(audit_file(journal), journal, as_json=as_json)


def _plot(account: Account, journal: Path, target: Path) -> None:
    about = account.header
    title = f"Run {journal.stem}: lab {about.lab} on {about.substrate}" if about else f"Run {journal.stem}"
    sentence, story = report.verdict(account).sentence, story_of_file(journal)
    if not story:
        click.echo(f"not drawn: run {journal.stem} ended before anything happened in it", err=True)
        return
    if target.suffix == ".svg":
        text = draw.draw(story, title, sentence)
    else:
        # The page says what run this is, and the verdict; its picture does not say it again.
        lists = {
            "What users noticed": report.users_view(account),
            "What this run does not show": report.limits(account),
        }
        text = draw.page(title, [draw.draw(story, "What happened when")], sentence, lists)
    common.keep_drawing(target, text)


def _live(progress: Progress) -> Table:
    tally = progress.tally
    table = Table("acknowledged", "asked", "answered", "failed", "p50 ms", "p99 ms", "faults", "now")
    table.add_row(
        f"{tally.acknowledged:,}",
        f"{tally.begun:,}",
        f"{tally.ended:,}",
        f"{tally.failures:,}",
        f"{tally.p50_ms or 0:.0f}",
        f"{tally.p99_ms or 0:.0f}",
        f"{progress.injected}/{progress.planned}",
        progress.doing,
    )
    return table


def _tell(account: Account, path: Path, *, as_json: bool) -> int:
    verdict = report.verdict(account)
    if as_json:
        click.echo(json.dumps(report.as_json(account)))
        return verdict.exit_code
    click.echo(verdict.sentence)
    click.echo("\nWhat was tested:")
    for line in _tested(account):
        click.echo(f"  {line}")
    click.echo("\nWhat users noticed:")
    for line in report.users_view(account):
        click.echo(f"  {line}")
    click.echo("\nWhat this run does not show:")
    for line in report.limits(account):
        click.echo(f"  - {line}")
    click.echo(f"\nThe journal: {path}")
    return verdict.exit_code


def _tested(account: Account) -> list[str]:
    run = account.header
    told = [f"run {run.run}: lab {run.lab} on {run.substrate}, {run.mode}, seed {run.seed}"] if run else []
    sorts = ", ".join(f"{account.count(sort):,} {str(sort).replace('_', ' ')}" for sort in Sort if account.count(sort))
    counts = f"{account.attempted:,} writes attempted, {account.acknowledged:,} acknowledged"
    told.append(f"{counts}: {sorts}" if sorts else counts)
    p50, p99 = account.latency_ms(0.5), account.latency_ms(0.99)
    if p50 is not None:
        told.append(f"answers from when each request was due: p50 {p50} ms, p99 {p99} ms")
    if account.foreign:
        things = "1 thing of others was" if account.foreign == 1 else f"{account.foreign:,} things of others were"
        told.append(f"{things} there too")
    names = [fault.name for fault in account.faults]
    told += [f"{names.count(name)} x {name}" for name in dict.fromkeys(names)]
    return told
