"""The verb `compare`: measures, and `show`, `diff`, `merge` of what was measured."""

import os
import sys
from collections.abc import Callable, Container, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import click
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn

from lab.cli import common, show_comparison
from lab.cli.called import as_called
from lab.comparison import catalogue, compare, labs, merge, page, predict, report, sheet, words
from lab.comparison.catalogue import ROWS
from lab.comparison.compare import Asked, Plan
from lab.comparison.predict import Question
from lab.comparison.probes.every import probes
from lab.comparison.report import Prediction, Report
from lab.comparison.session import Progress as Seen
from lab.model.errors import ExitCode, UsageError
from lab.substrates import base, registry

PAGE = "report.html"
_ROWS = "--rows"
_FOLDER = click.Path(path_type=Path)
_GUESSED = (
    "Guess first: a figure for each of what stands in brackets, with ; between. Enter: no idea; q: no more guesses. "
    "A unit may stand behind a figure: 300 ms; 1.5 min."
)


class Compare(click.Group):
    """The verb, whose help tells what the rows are, and which takes several of them: `--rows start memory`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        return super().parse_args(ctx, _one_by_one(args, self.commands))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        word = args[0]
        option = "--only" if word in registry.NAMES else _ROWS if word in compare.askable() else None
        if option is not None:
            mend = f"type `lab compare {option} {word}`"
            raise UsageError(f"there is no command {word!r}", where="lab compare", mend=mend)
        return super().resolve_command(ctx, args)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        super().format_options(ctx, formatter)
        with formatter.section("Rows"):
            formatter.write_dl([(row.name, row.measures) for row in ROWS])


def _one_by_one(words: Sequence[str], verbs: Container[str]) -> list[str]:
    """What was typed, with `--rows` before each word that is meant for it."""
    found: list[str] = []
    is_row = False
    for word in words:
        if word.startswith("-") or word in verbs:
            is_row = word.partition("=")[0] == _ROWS
        elif is_row and found[-1] != _ROWS:
            found.append(_ROWS)
        found.append(word)
    return found


def _split(_context: click.Context, _parameter: click.Parameter, value: tuple[str, ...]) -> tuple[str, ...]:
    """Names that were given one by one, or with commas."""
    return tuple(name.strip() for each in value for name in each.split(",") if name.strip())


@click.group(cls=Compare, invoke_without_command=True, epilog="Example: lab compare --rows start,memory --predict")
@click.option(
    _ROWS,
    multiple=True,
    metavar=f"NAME...|{catalogue.ALL}",
    callback=_split,
    help="Rows of those below, or their groups, with spaces or commas between.  [default: the standard ones]",
)
@click.option("--repeat", type=click.IntRange(1, 1000), metavar="N", help="How often each is measured.")
@click.option("--only", type=click.Choice(registry.NAMES), help="One substrate alone; `merge` adds the other later.")
@click.option("--out", type=_FOLDER, metavar="DIR", help="Keep it there; one that is there already goes on.")
@click.option("--predict", "predicts", is_flag=True, help="Ask for your guesses before anything is measured.")
@common.dry_run_option
@common.optional_name(f"What the labs are called that are made for it, and removed.  [default: {labs.NAME}]")
@click.pass_context
def command(
    context: click.Context,
    rows: tuple[str, ...],
    repeat: int | None,
    only: str | None,
    out: Path | None,
    predicts: bool,
    dry_run: bool,
    lab: str | None,
) -> int:
    """Measure how containers and virtual machines differ, on this computer.

    Makes labs of its own and removes them. Leave the computer alone meanwhile. Exits 4 where something failed.
    """
    if context.invoked_subcommand is not None:
        return ExitCode.DONE
    if predicts and not dry_run:
        _check_terminal()
    made = compare.plan(Asked(rows, repeat, only, out, lab or labs.NAME))
    _tell(made)
    if dry_run:
        return ExitCode.DONE
    found = made.old if made.old is not None and not made.tasks else _measured(made, predicts=predicts)
    return _shown(found, made.folder)


def _tell(made: Plan) -> None:
    """What will be done, and how long it takes."""
    rows = sum(len(batch.rows) for batch in made.batches)
    click.echo(f"{rows} rows in {len(made.places)} columns: {'; '.join(place.title for place in made.places)}")
    click.echo(
        f"kept in {made.folder}"
        + ("; what is there already is not measured again (another --out begins anew)" if made.old else "")
    )
    if made.other is not None:
        click.echo(as_called(f"one of other rows or columns was interrupted: `lab compare --out {made.other}` goes on"))
    estimate = f"{made.runs} runs, about {words.span_s(made.seconds)}, besides what has to be built first"
    click.echo(estimate if made.tasks else "there is nothing left to be measured")
    if made.tasks and os.geteuid():
        click.echo("you are not root: a bare process, and rows about memory, will be told as not measured")


def _check_terminal() -> None:
    """Raises UsageError where nobody is there to be asked."""
    if not sys.stdin.isatty():
        raise UsageError("--predict asks for guesses", where="no terminal to ask on", mend="leave --predict away")


def _guesses(made: Plan) -> list[Prediction]:
    """What somebody guesses, question by question."""
    click.echo(_GUESSED)
    found: list[Prediction] = []
    for question in predict.questions(made.tasks, made.old, compare.impossible(made, probes())):
        answer = _answer(question)
        if answer is None:
            break
        found += answer
    return found


def _answer(question: Question) -> list[Prediction] | None:
    """The guesses, none where there is no idea; None where there shall be no more questions."""
    while True:
        typed = click.prompt(question.says, default="", show_default=False).strip()
        if typed == "q":
            return None
        try:
            return predict.read(typed, question)
        except ValueError as wrong:
            click.echo(f"{wrong}; Enter leaves it out")


def _measured(made: Plan, *, predicts: bool) -> Report:
    """The report of what was measured, after guesses that somebody makes if it `predicts`; where it is interrupted, the
    page of what there is by then is written too."""
    screen = Console(stderr=True, highlight=False)
    tell = common.reporter(screen)
    try:
        # Whatever forbids to measure is told before anybody has guessed.
        with compare.beginning(made) as begun:
            begun = sheet.guessed(begun, _guesses(made) if predicts and made.tasks else [])
            with _watched(screen, tell) as watch:
                return compare.measure(made, begun, probes(), watch, tell)
    except KeyboardInterrupt:
        if (made.folder / report.FILE).exists():
            _write_page(report.load(made.folder), made.folder)
            click.echo(as_called(f"what was measured is kept: `lab compare --out {made.folder}` goes on"), err=True)
        raise


@contextmanager
def _watched(screen: Console, tell: base.Report) -> Iterator[Callable[[Seen], None]]:
    """Shows the progress: a bar on a terminal, and otherwise a line whenever something else is measured."""
    last = [""]
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed}/{task.total} runs"))
    with Progress(
        *columns, TextColumn("{task.fields[left]}"), console=screen, transient=True, disable=not screen.is_terminal
    ) as bar:
        shown = bar.add_task("", total=None, left="")

        def watch(seen: Seen) -> None:
            left = f"about {words.span_s(seen.left_s)} left"
            bar.update(shown, description=escape(seen.doing), completed=seen.done, total=seen.runs, left=left)
            if not screen.is_terminal and seen.doing != last[0]:
                tell(f"{seen.doing} ({seen.done} of {seen.runs} runs, {left})")
            last[0] = seen.doing

        yield watch


def _shown(found: Report, folder: Path) -> int:
    """Shows a report on the screen and writes its page; the exit code is that of what failed in it."""
    _write_page(found, folder)
    show_comparison.show(found)
    click.echo(f"\nThe page, to open in a browser: {folder / PAGE}")
    failed = any(cell.state == "failed" for row in found.rows for cell in row.cells.values())
    return ExitCode.FAILED if failed else ExitCode.DONE


def _write_page(found: Report, folder: Path) -> None:
    report.keep(folder / PAGE, page.render(found))


@command.command("show", epilog="Example: lab compare show ~/comparison")
@click.argument("folder", type=_FOLDER, metavar="DIR")
@common.ignored_name
def show(folder: Path) -> int:
    """Show a comparison that was kept."""
    show_comparison.show(report.load(folder))
    return ExitCode.DONE


@command.command("diff", epilog="Example: lab compare diff ~/before ~/after")
@click.argument("first", type=_FOLDER, metavar="A")
@click.argument("second", type=_FOLDER, metavar="B")
@common.ignored_name
def diff(first: Path, second: Path) -> int:
    """Say what changed between two comparisons beyond the noise."""
    show_comparison.show_changes(report.load(first), report.load(second))
    return ExitCode.DONE


@command.command("merge", epilog="Example: lab compare merge ~/docker ~/vagrant -o ~/both")
@click.argument("first", type=_FOLDER, metavar="A")
@click.argument("second", type=_FOLDER, metavar="B")
@click.option("-o", "--out", type=_FOLDER, metavar="DIR", required=True, help="The folder of both together.")
@common.dry_run_option
@common.ignored_name
def merge_two(first: Path, second: Path, out: Path, dry_run: bool) -> int:
    """Put two comparisons of one computer together, for example one of each substrate."""
    both = merge.merged(report.load(first), report.load(second))
    if (out / report.FILE).exists() and report.load(out) != both:
        raise UsageError("there is another comparison already", where=str(out), mend="name another folder with -o")
    compare.check_folder(out)
    if dry_run:
        click.echo(f"would put {len(both.rows)} rows in {len(both.columns)} columns into {out}")
        return ExitCode.DONE
    report.save(both, out)
    return _shown(both, out)
