"""What all pictures of a comparison share: their width, lanes, axes, and how a column is told from others."""

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from lab.comparison import svg, words
from lab.comparison.report import Better, Cell, Column, Report, RowResult
from lab.comparison.svg import Ink
from lab.comparison.table import Entry, beside_others

# As wide as a phone, so that letters are as large there as those around them.
WIDTH = 400
KEY_LINE = 17
_LEFT, _RIGHT, _FOOT = 2, 11, 40
_LETTERS_A_LINE = 58
_TICKS = 5
_INDENT = 0.04
_LOOKS = (
    *((Ink.BLUE, "s"), (Ink.RED, "D"), (Ink.YELLOW, "^"), (Ink.GREEN, "v")),
    *((Ink.PURPLE, "P"), (Ink.SKY, "X"), (Ink.BLUE, "<"), (Ink.RED, ">")),
)
_UNITS = {
    **{"min": "minutes (min)", "s": "seconds (s)", "ms": "milliseconds (ms)", "µs": "microseconds (µs)"},
    **{"GB": "gigabytes (GB)", "MB": "megabytes (MB)", "kB": "kilobytes (kB)", "B": "bytes (B)"},
}


@dataclass(frozen=True)
class Look:
    """How a column is told from others: by its colour, and by its marker, as Matplotlib calls it."""

    ink: Ink
    marker: str


@dataclass(frozen=True)
class Lane:
    """A row in one column; `guess` is in the row's unit."""

    column: Column
    cell: Cell
    entry: Entry
    look: Look
    guess: float | None


def looks(columns: Sequence[Column]) -> dict[str, Look]:
    """The look of each column, by its key; a bare process, beside which the others are seen, is grey."""
    others = iter(_LOOKS * len(columns))
    return {one.key: Look(*next(others)) if one.substrate else Look(Ink.QUIET, "o") for one in columns}


def lanes(report: Report, row: RowResult) -> list[Lane]:
    """The row in each column that it has a cell for."""
    seen = looks(report.columns)
    return [
        Lane(one, cell, beside_others(report, row, one.key), seen[one.key], report.guess(row.name, one.key))
        for one in report.columns
        if (cell := row.cells.get(one.key)) is not None
    ]


def canvas(height: float, label: str) -> tuple[Figure, Axes]:
    """A figure of our width, and its axes: the vertical unit is a pixel, downwards; `label` names the other one."""
    whole = height + _FOOT
    figure = Figure(figsize=(WIDTH / 72, whole / 72), facecolor="none")
    inner = (_LEFT / WIDTH, _FOOT / whole, 1 - (_LEFT + _RIGHT) / WIDTH, height / whole)
    axes = figure.add_axes(inner, facecolor="none")
    axes.set_ylim(height, 0)
    axes.yaxis.set_visible(False)
    axes.spines[["left", "right", "top"]].set_visible(False)
    axes.set_xlabel(label, gid=f"{svg.PART}axis-label")
    return figure, axes


def axis_label(unit: str, better: Better) -> str:
    """A unit in full, and which way is the better one."""
    told = _UNITS.get(unit, unit.replace("/s", " a second"))
    return told if better == "neither" else f"{told}; {'less' if better == 'lower' else 'more'} is better"


def ticks(axes: Axes, end: float, *, whole: bool = False) -> list[float]:
    """Ends the axis, which begins at 0, there, and gives it some round figures, or `whole` ones."""
    axes.set_xlim(0, end or 1)
    axes.xaxis.set_major_locator(MaxNLocator(_TICKS, integer=whole))
    axes.xaxis.set_major_formatter(lambda value, _: plain(value))
    return [float(tick) for tick in axes.get_xticks() if tick <= axes.get_xlim()[1]]


def plain(number: float) -> str:
    """A round number without noughts behind the point: "5", not "5.00"."""
    return f"{number:,.0f}" if number == round(number) else f"{number:.3g}"


def guess_in_words(guess: float, unit: str) -> str:
    """A guess as somebody would type it: "5 s"."""
    name, per = words.scale(guess, unit)
    return f"{plain(float(f'{guess / per:.3g}'))} {name}"


def head(axes: Axes, y: float, left: str, right: str = "", look: Look | None = None) -> None:
    """A line of words above what is drawn of a lane: its name, and its figure."""
    across = axes.get_yaxis_transform()
    if look is not None:
        sign(axes, 0, y + 10, look)
    axes.text(_INDENT if look else 0, y + 14, left, transform=across)
    axes.text(1, y + 14, right, transform=across, ha="right", weight="bold")


def sign(axes: Axes, x: float, y: float, look: Look) -> None:
    """The marker of a column, at a part `x` of the width."""
    across = axes.get_yaxis_transform()
    axes.plot([x + 0.012], [y], look.marker, color=look.ink, ms=7, mew=0, transform=across, clip_on=False)


def note(axes: Axes, y: float, text: str) -> None:
    """Quiet words in a lane where nothing can be drawn; one line of them."""
    said = textwrap.shorten(text, _LETTERS_A_LINE, placeholder=" …")
    axes.text(_INDENT, y, said, color=Ink.QUIET, transform=axes.get_yaxis_transform())


def mark(axes: Axes, x: float, y: float, look: Look, **more: Any) -> None:
    """A value: the column's marker, hollow where it `is_doubtful`."""
    hollow = more.pop("is_doubtful", False)
    face, edge = (Ink.PAPER, look.ink) if hollow else (look.ink, Ink.PAPER)
    axes.plot([x], [y], look.marker, mfc=face, mec=edge, mew=1.4 if hollow else 1, clip_on=False, **more)
