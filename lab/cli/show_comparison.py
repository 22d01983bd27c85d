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
# So many letters a line have room for what others published, in a column of its own.
_WIDE = 120


def _safe(text: str) -> str:
    """A report's words, which may come from anywhere, as words alone."""
    return escape(words.printable(text))


def show(found: Report) -> None:
    """Prints what is compared with what, all rows, what is to be known of them, and the guesses beside them."""
    screen = Console(highlight=False)
    screen.print(_FIRST)
    parts = f"; put together of {found.parts} comparisons, measured one after the other" if found.parts > 1 else ""
    click.echo(f"Measured at {found.made_at}{parts}" + ("" if found.complete else "; not complete yet"))
    for key, value in found.host.items():
        click.echo(words.printable(f"  {key}: {value}"))
    for group in table.tables(found):
        screen.print()
        _show_group(screen, group, found.columns)
    if found.predictions:
        screen.print()
        screen.print(_guesses(found))
    for note in found.notes:
        click.echo(words.printable(f"\n{note}"))


def _titled(what: str, circumstances: str) -> str:
    return _safe(f"{what} ({circumstances})" if circumstances else what)


def _show_group(screen: Console, group: table.Table, columns: Sequence[Column]) -> None:
    """A table, with what others published in a column of its own; below it where the screen has no room for that."""
    others = [line for line in group.lines if line.published]
    is_beside = bool(others) and screen.width >= _WIDE
    screen.print(_group(group, columns, with_published=is_beside))
    for line in [] if is_beside else others:
        for said in line.published:
            screen.print(f"  elsewhere, {_safe(line.row.title)}: {_safe(said)}", style="dim", soft_wrap=True)


def _group(group: table.Table, columns: Sequence[Column], *, with_published: bool) -> Table:
    titles = [_safe(column.title) for column in columns] + ["Published elsewhere"] * with_published
    drawn = Table("", *titles, title=_titled(group.group, group.circumstances), title_justify="left")
    for line in group.lines:
        indent = "  " if line.row.phases_of else ""
        cells = [_cell(line, column.key) for column in columns] + [_safe("\n\n".join(line.published))] * with_published
        drawn.add_row(indent + _safe(line.row.title), *cells)
    return drawn


def _cell(line: Line, key: str) -> str:
    entry: Entry | None = line.entries.get(key)
    if entry is None:
        return ""
    marks = f" [yellow]({_safe(', '.join(entry.marks))})[/]" if entry.marks else ""
    return f"{_safe(entry.value)}{marks}" + (f"\n[dim]{_safe(entry.detail)}[/]" if entry.detail else "")


def _guesses(found: Report) -> Table:
    title = _titled("What you guessed", table.circumstances(found.columns))
    drawn = Table("guessed", "column", "guess", "measured", "", title=title, title_justify="left")
    for one in found.predictions:
        row = found.row(one.row)
        cell = row.cells.get(one.column) if row else None
        if row is None or cell is None:
            continue
        middle = table.entry(row, cell)
        judged = predict.judged(one.guess, middle.figure.value) if middle.figure else ""
        title = found.column(one.column).title
        drawn.add_row(*map(_safe, (row.title, title, words.value(one.guess, row.unit), middle.short, judged)))
    return drawn


def show_changes(first: Report, second: Report) -> None:
    """Prints what is not the same in two comparisons, the rule, and what could not be told."""
    for line in diff.differences(first, second):
        click.echo(words.printable(f"not the same: {line}"))
    found = diff.changes(first, second)
    titles = {column.key: column.title for column in second.columns}
    changed = [one for one in found if one.verdict in (Verdict.BETTER, Verdict.WORSE, Verdict.CHANGED)]
    if changed:
        title = _titled("What changed", table.circumstances(second.columns))
        drawn = Table("row", "column", "before", "after", "times", "", title=title, title_justify="left")
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
