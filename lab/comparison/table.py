"""A comparison in words and figures: the rows that terminal and page both show. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import groupby

from lab.comparison import figures, published, words
from lab.comparison.catalogue import Group
from lab.comparison.figures import Figure
from lab.comparison.report import Cell, Column, Report, RowResult


@dataclass(frozen=True)
class Entry:
    """What stands in one cell, in short and in detail, and what is odd about it. `figure`: where there are samples."""

    value: str
    detail: str
    marks: tuple[str, ...] = ()
    figure: Figure | None = None

    @property
    def short(self) -> str:
        """The value, and what is odd about it."""
        return ", ".join((self.value, *self.marks))

    @property
    def told(self) -> str:
        """All of it in one line."""
        marks = f" ({', '.join(self.marks)})" if self.marks else ""
        return f"{self.value}{marks}" + (f": {self.detail}" if self.detail else "")


@dataclass(frozen=True)
class Line:
    """A row, its entries by column, and what others published of it; a column of which it knows nothing has none."""

    row: RowResult
    entries: Mapping[str, Entry]
    published: Sequence[str] = ()


@dataclass(frozen=True)
class Table:
    """The rows of one group; `circumstances` belong into its title."""

    group: str
    lines: Sequence[Line]
    circumstances: str


def tables(report: Report) -> list[Table]:
    """All rows, a table for each group, in the order of the groups."""
    order = {group.value: place for place, group in enumerate(Group)}
    rows = sorted(report.rows, key=lambda row: order.get(row.group, len(order)))
    said, others = circumstances(report.columns), published.by_row()
    return [
        Table(group, [_line(row, others.get(row.name, ())) for row in found], said)
        for group, found in groupby(rows, key=lambda row: row.group)
    ]


def _line(row: RowResult, others: Sequence[str]) -> Line:
    return Line(row, {key: entry(row, cell) for key, cell in row.cells.items()}, others)


def entry(row: RowResult, cell: Cell) -> Entry:
    """What is to be said of a cell."""
    marks = tuple(mark for mark, is_so in (("noisy", cell.noisy), ("extrapolated", cell.extrapolated)) if is_so)
    figure = _median(cell.samples) if cell.samples else None
    if cell.state != "measured":
        return Entry(cell.state, cell.reason, marks, figure)
    if figure is None:
        return Entry(cell.text, cell.note, marks)
    detail = "; ".join(filter(None, [_trust(figure, cell.samples, row.unit), cell.note]))
    return Entry(words.value(figure.value, row.unit), detail, marks, figure)


def beside_others(report: Report, row: RowResult, key: str) -> Entry:
    """The same where columns are held against each other: marked, too, where it lacks a phase that others have."""
    found = entry(row, row.cells[key])
    parts = [part for part in report.rows if part.phases_of == row.name and found.figure is not None]
    lacking = [part for part in parts if not _is_seen(part, key) and any(_is_seen(part, other) for other in row.cells)]
    return replace(found, marks=(*found.marks, *(f'without "{part.title}"' for part in lacking)))


def _is_seen(part: RowResult, key: str) -> bool:
    return key in part.cells and bool(part.cells[key].samples)


# Table and picture show the same cell; its interval takes thousands of medians.
_median = cache(figures.median)


def _trust(figure: Figure, samples: Sequence[float], unit: str) -> str:
    """The interval, the runs, and how far the runs lie apart."""
    runs = "1 run" if figure.n == 1 else f"{figure.n} runs"
    spread = figures.spread(samples)
    if spread.lowest == spread.highest:
        return runs if figure.n == 1 else f"{runs}, all alike"
    interval = None if figure.low is None or figure.high is None else _between(figure.low, figure.high, unit)
    if spread.p95 is not None:
        ends = f"95 % below {words.value(spread.p95, unit)}"
    else:
        lying = _between(spread.lowest, spread.highest, unit)
        ends = "" if lying == interval else f"all in {lying}"
    return ", ".join(filter(None, (interval, runs, ends)))


def _between(low: float, high: float, unit: str) -> str:
    name, per = words.scale(high, unit)
    return f"{words.digits(low / per)} to {words.digits(high / per)} {name}"


def circumstances(columns: Sequence[Column]) -> str:
    """With what was measured: the settings of the first column of each substrate, and what is otherwise in others."""
    told = []
    for first in plain(columns):
        same = [one for one in columns if one.substrate == first.substrate and one.settings == first.settings]
        told += _told(_shared([one.title for one in same]), first.settings) if same[0] is first else []
        others = [one for one in columns if one.substrate == first.substrate and one not in same and same[0] is first]
        for other in others:
            differing = {name: value for name, value in other.settings.items() if first.settings.get(name) != value}
            told += _told(other.title, differing)
    return "; ".join(told)


def plain(columns: Sequence[Column]) -> list[Column]:
    """Those columns that are set as the first of their substrate: none that was tuned."""
    first = {one.substrate: one.settings for one in reversed(columns)}
    return [one for one in columns if one.settings == first[one.substrate]]


def _told(title: str, settings: Mapping[str, str]) -> list[str]:
    said = ", ".join(f"{name} {value}" for name, value in settings.items())
    return [f"{title}: {said}"] if said else []


def _shared(titles: Sequence[str]) -> str:
    """What titles have in common, up to a comma; all of them where that is nothing."""
    first = titles[0].partition(", ")[0]
    is_shared = len(titles) > 1 and all(title.partition(", ")[0] == first for title in titles)
    return first if is_shared else " and ".join(titles)
