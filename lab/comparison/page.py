"""A comparison as one web page, which explains itself to somebody who has used none of it. No script, no network."""

import statistics
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from lab.comparison import canvas, plots, predict, published, table, words
from lab.comparison.report import Cell, Column, Prediction, Report, RowResult
from lab.comparison.table import Line, Table

_TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_QUESTIONS = tomllib.loads(Path(__file__).with_name("questions.toml").read_text(encoding="utf-8"))
# What is told above all else, where it was measured.
_COMPUTER = ("system", "processor", "memory")
_HEADLINES = ("start", "memory", "requests-direct")


@dataclass(frozen=True)
class Card:
    """A row, with its picture if there is one; with what it was measured; what of it failed or is missing, and why."""

    line: Line
    drawing: str
    circumstances: str
    missing: Sequence[str]


@dataclass(frozen=True)
class Section:
    """A group of rows under its question; `phases` and `drawings` are of the row that has phases, if one has.

    `columns` are those in which any of it was tried; `missing` says why not in the others.
    """

    name: str
    title: str
    intro: str
    whole: RowResult | None
    drawings: Sequence[str]
    phases: Sequence[RowResult]
    cards: Sequence[Card]
    table: Table | None
    columns: Sequence[Column]
    missing: Sequence[str]
    circumstances: str
    has_published: bool


@dataclass(frozen=True)
class Headline:
    """One row, very short: of each column its title, its value, what is odd about that, and how many times that of the
    first engine it is."""

    title: str
    values: Sequence[tuple[str, str, Sequence[str], str]]


@dataclass(frozen=True)
class Guess:
    """A guess beside what was measured."""

    title: str
    column: str
    guess: str
    measured: str
    verdict: str


def render(report: Report) -> str:
    """The page of a report."""
    return _TEMPLATES.get_template("page.html.j2").render(
        report=report,
        made_at=datetime.fromisoformat(report.made_at).strftime("%-d %B %Y, %H:%M UTC"),
        headlines=[_headline(report, row) for name in _HEADLINES if (row := report.row(name)) is not None],
        glance=plots.glance(report),
        left_out=plots.left_out(report),
        measure=plots.measure(report),
        guesses=[_guess(report, one) for one in report.predictions],
        sections=[_section(report, one) for one in table.tables(report)],
        computer=[value for name, value in report.host.items() if name in _COMPUTER],
        circumstances=table.circumstances(report.columns),
        copied=published.copied(),
    )


def _section(report: Report, one: Table) -> Section:
    rows = [line.row for line in one.lines]
    columns = [column for column in report.columns if any(_is_tried(row, column) for row in rows)]
    phases = [row for row in rows if row.phases_of is not None]
    whole = next((row for row in rows if phases and row.name == phases[0].phases_of), None)
    question = _QUESTIONS.get(one.group, {"title": one.group.capitalize(), "intro": ""})
    return Section(
        one.group,
        question["title"],
        question["intro"],
        whole,
        [plots.phases(report, whole, phases), plots.shares(report, whole, phases)] if whole else [],
        phases,
        [_card(report, line, columns) for line in one.lines if line.row.phases_of is None],
        one if any(row.kind != "words" for row in rows) else None,
        columns,
        _missing(rows, [column for column in report.columns if column not in columns]),
        table.circumstances(columns),
        any(line.published for line in one.lines),
    )


def _card(report: Report, line: Line, columns: Sequence[Column]) -> Card:
    shown = [column for column in columns if _is_tried(line.row, column)]
    is_drawn = any(entry.figure is not None for entry in line.entries.values())
    drawing = plots.dots(report, line.row) if is_drawn else ""
    return Card(line, drawing, table.circumstances(shown), _missing([line.row], columns))


def _is_tried(row: RowResult, column: Column) -> bool:
    cell = row.cells.get(column.key)
    return cell is not None and cell.state != "not measured"


def _missing(rows: Sequence[RowResult], columns: Sequence[Column]) -> list[str]:
    """What failed or was not measured in these columns, and why; each reason once."""
    found: dict[tuple[str, str], list[str]] = {}
    for column in columns:
        cells = [cell for row in rows if (cell := row.cells.get(column.key)) is not None and cell.reason]
        for said in dict.fromkeys((cell.state, cell.reason) for cell in cells):
            found.setdefault(said, []).append(column.title)
    return [f"{state.capitalize()}, {' and '.join(titles)}: {reason}" for (state, reason), titles in found.items()]


def _headline(report: Report, row: RowResult) -> Headline:
    base = row.cells.get(plots.measure(report).key)
    of = statistics.median(base.samples) if base is not None and _is_figure(base) else 0
    values = []
    for column in table.plain(report.columns):
        cell = row.cells.get(column.key)
        if cell is not None and _is_figure(cell):
            times = words.times(statistics.median(cell.samples) / of) if of and cell is not base else ""
            entry = table.beside_others(report, row, column.key)
            values.append((column.title, entry.value, entry.marks, times))
    return Headline(row.title, values)


def _is_figure(cell: Cell) -> bool:
    return cell.state == "measured" and bool(cell.samples)


def _guess(report: Report, one: Prediction) -> Guess:
    row = report.row(one.row)
    assert row is not None, "a report knows the rows that its predictions speak of"
    cell = row.cells.get(one.column)
    entry = table.entry(row, cell) if cell is not None else None
    measured = entry.figure.value if entry is not None and entry.figure is not None else None
    return Guess(
        row.title,
        report.column(one.column).title,
        canvas.guess_in_words(one.guess, row.unit),
        entry.short if entry is not None else "not measured",
        "" if measured is None else predict.judged(one.guess, measured),
    )
