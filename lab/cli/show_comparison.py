"""A comparison, and what changed between two, as tables on the screen."""

from collections.abc import Sequence

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from lab.comparison import diff, predict, table, words
from lab.comparison.diff import Change, Verdict
from lab.comparison.figures import Figure
from lab.comparison.report import Column, Report
from lab.comparison.table import Entry, Line

_FIRST = (
    "Vagrant is a front end, as the command docker is: it asks an engine for what it makes. Its own time is the phase "
    '"the tool"; everything else compares a virtual machine with a container.'
)


def _safe(text: str) -> str:
    """A report's words, which may come from anywhere, as words alone."""
    return escape(words.printable(text))


def show(found: Report) -> None:
    """Prints what is compared with what, all rows, what is to be known of them, and the guesses beside them."""
    screen = Console(highlight=False)
    screen.print(_FIRST)
    click.echo(f"Measured at {found.made_at}" + ("" if found.complete else "; not complete yet"))
    for key, value in found.host.items():
        click.echo(words.printable(f"  {key}: {value}"))
    for group in table.tables(found):
        screen.print()
        screen.print(_group(group, found.columns))
        for line in group.lines:
            for said in line.published:
                screen.print(f"  elsewhere, {_safe(line.row.title)}: {_safe(said)}", style="dim", soft_wrap=True)
    if found.predictions:
        screen.print()
        screen.print(_guesses(found))
    for note in found.notes:
        click.echo(words.printable(f"\n{note}"))


def _group(group: table.Table, columns: Sequence[Column]) -> Table:
    title = f"{group.group} ({group.circumstances})" if group.circumstances else group.group
    drawn = Table("", *(_safe(column.title) for column in columns), title=_safe(title), title_justify="left")
    for line in group.lines:
        indent = "  " if line.row.phases_of else ""
        drawn.add_row(indent + _safe(line.row.title), *(_cell(line, column.key) for column in columns))
    return drawn


def _cell(line: Line, key: str) -> str:
    entry: Entry | None = line.entries.get(key)
    if entry is None:
        return ""
    marks = f" [yellow]({_safe(', '.join(entry.marks))})[/]" if entry.marks else ""
    return f"{_safe(entry.value)}{marks}" + (f"\n[dim]{_safe(entry.detail)}[/]" if entry.detail else "")


def _guesses(found: Report) -> Table:
    drawn = Table("guessed", "column", "guess", "measured", "", title="What you guessed", title_justify="left")
    for one in found.predictions:
        row = found.row(one.row)
        cell = row.cells.get(one.column) if row else None
        if row is None or cell is None:
            continue
        middle = table.entry(row, cell)
        judged = predict.judged(one.guess, middle.figure.value) if middle.figure else ""
        title = found.column(one.column).title
        drawn.add_row(*map(_safe, (row.title, title, words.value(one.guess, row.unit), middle.value, judged)))
    return drawn


def show_changes(first: Report, second: Report) -> None:
    """Prints what is not the same in two comparisons, the rule, and what could not be told."""
    for line in diff.differences(first, second):
        click.echo(words.printable(f"not the same: {line}"))
    found = diff.changes(first, second)
    titles = {column.key: column.title for column in second.columns}
    changed = [one for one in found if one.verdict in (Verdict.BETTER, Verdict.WORSE, Verdict.CHANGED)]
    if changed:
        drawn = Table("row", "column", "before", "after", "times", "", title="What changed", title_justify="left")
        for one in changed:
            drawn.add_row(*map(_safe, _change(one, titles[one.column])))
        Console(highlight=False).print(drawn)
    else:
        click.echo("nothing changed beyond the noise")
    same = sum(one.verdict is Verdict.SAME for one in found)
    click.echo(f"the same, as far as can be seen: {same} cells")
    for one in found:
        if one.verdict is Verdict.UNKNOWN:
            click.echo(words.printable(f"cannot be told: {one.row}, {titles[one.column]}: {one.why}"))
    click.echo(diff.RULE)


def _change(one: Change, column: str) -> Sequence[str]:
    if one.before is None or one.after is None:
        before, _, after = one.why.partition("; then ")
        return one.row, column, before, after, "", one.verdict
    before, after = (words.value(figure.value, one.unit) for figure in (one.before, one.after))
    return one.row, column, before, after, _times(one.ratio), one.verdict


def _times(ratio: Figure | None) -> str:
    if ratio is None:
        return ""
    if ratio.low is None or ratio.high is None:
        return words.times(ratio.value)
    return f"{words.times(ratio.value)} ({words.digits(ratio.low)} to {words.digits(ratio.high)})"
