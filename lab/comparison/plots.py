"""A comparison as pictures, by Matplotlib: a row in its columns, the phases of a start, all rows at a glance.

Whatever differs by its colour differs by a marker, a hatch or its place too.
"""

import math
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.axes import Axes

from lab.comparison import canvas, svg, words
from lab.comparison.canvas import KEY_LINE, Lane, Look, looks
from lab.comparison.report import Column, Report, RowResult
from lab.comparison.svg import Ink

_LANE, _BAR_LANE, _GLANCE_LANE = 42, 52, 34
# A guess that is further away than this many times all values is drawn at the end of the axis.
_FAR_OFF = 1.5
_PHASES_A_LINE, _COLUMNS_A_LINE, _SHORT = 3, 2, 24
# As many columns can be held against each other.
_FEWEST = 2
_PHASES = (
    *((Ink.RED, "////"), (Ink.YELLOW, ""), (Ink.BLUE, "|||"), (Ink.GREEN, ""), (Ink.PURPLE, "\\\\\\\\"), (Ink.SKY, "")),
)


def dots(report: Report, row: RowResult) -> str:
    """The row in each column where it was measured: every sample, the median, its interval, and what was guessed."""
    lanes = [lane for lane in canvas.lanes(report, row) if lane.cell.state != "not measured"]
    most = _most(lanes)
    unit, per = words.scale(most, row.unit)
    with svg.drawing():
        figure, axes = canvas.canvas(len(lanes) * _LANE, canvas.axis_label(unit, row.better))
        ticks = canvas.ticks(axes, most / per * 1.03, whole=row.kind == "count")
        for number, lane in enumerate(lanes):
            guessed = "" if lane.guess is None else f"\u2003× guess {canvas.guess_in_words(lane.guess, row.unit)}"
            value = lane.entry.short if lane.cell.samples else ""
            canvas.head(axes, number * _LANE, lane.column.title + guessed, value, lane.look)
            _strip(axes, number * _LANE + 28, ticks, lane, per)
        return svg.inline(figure, row.name, row.title, _in_words(lanes))


def _most(lanes: Sequence[Lane]) -> float:
    """The highest value that is drawn, in the row's unit."""
    found = max((value for lane in lanes for value in lane.cell.samples), default=0.0)
    return max([found, *(min(lane.guess, _FAR_OFF * found) for lane in lanes if lane.guess is not None)])


def _strip(axes: Axes, y: float, ticks: Sequence[float], lane: Lane, per: float) -> None:
    """The samples of a lane, or why there are none."""
    figure, ink = lane.entry.figure, lane.look.ink
    if figure is None:
        canvas.note(axes, y + 4, lane.entry.told)
        return
    axes.vlines(ticks, y - 6, y + 6, color=Ink.GRID, lw=0.8)
    axes.axhline(y, color=Ink.GRID, lw=0.8)
    runs = [value / per for value in lane.cell.samples]
    axes.plot(runs, [y] * len(runs), "o", color=ink, ms=4.5, alpha=0.4, mew=0, clip_on=False)
    if figure.low is not None and figure.high is not None:
        axes.hlines(y, figure.low / per, figure.high / per, color=ink, lw=4)
    is_doubtful = bool(lane.entry.marks) or lane.cell.state == "failed"
    canvas.mark(axes, figure.value / per, y, lane.look, is_doubtful=is_doubtful, ms=9)
    if lane.guess is not None:
        at = min(lane.guess / per, axes.get_xlim()[1])
        axes.plot([at], [y], "x", color=Ink.INK, ms=7, mew=2, clip_on=False)


def _in_words(lanes: Sequence[Lane]) -> str:
    """What a picture shows, for those who do not see it."""
    return " ".join(f"{one.column.title}: {one.entry.told}." for one in lanes)


def phases(report: Report, whole: RowResult, parts: Sequence[RowResult]) -> str:
    """How long each phase of the whole takes in each column, as bars; each begins where the one before it ends."""
    lanes = canvas.lanes(report, whole)
    most = max((sum(_medians(parts, lane.column)) for lane in lanes), default=0.0)
    unit, per = words.scale(most, whole.unit)
    label = canvas.axis_label(unit, whole.better)
    return _stacked(lanes, parts, whole, label, most / per, lambda lane: (per, lane.entry.short))


def shares(report: Report, whole: RowResult, parts: Sequence[RowResult]) -> str:
    """Which part of the whole each phase takes, each column for itself."""
    lanes = [lane for lane in canvas.lanes(report, whole) if sum(_medians(parts, lane.column))]
    label = "share of the whole, in percent (%)"
    return _stacked(lanes, parts, whole, label, 100, lambda lane: (sum(_medians(parts, lane.column)) / 100, _odd(lane)))


def _odd(lane: Lane) -> str:
    """What is odd about a lane whose figure is not told."""
    return lane.entry.short if lane.cell.state == "failed" else ", ".join(lane.entry.marks)


def _stacked(
    lanes: Sequence[Lane],
    parts: Sequence[RowResult],
    whole: RowResult,
    label: str,
    end: float,
    scale: Callable[[Lane], tuple[float, str]],
) -> str:
    """Bars of phases under their key. `scale` gives of a lane what one on the axis is, and its figure."""
    top = math.ceil(len(parts) / _PHASES_A_LINE) * KEY_LINE + 8
    with svg.drawing():
        figure, axes = canvas.canvas(top + len(lanes) * _BAR_LANE, label)
        canvas.ticks(axes, end)
        for number, part in enumerate(parts):
            x, y = number % _PHASES_A_LINE / _PHASES_A_LINE, number // _PHASES_A_LINE * KEY_LINE
            _segment(axes, number, (x, 0.04), y + 8, 10, transform=axes.get_yaxis_transform())
            axes.text(x + 0.055, y + 12, f"{number + 1} {phase_title(part)}", transform=axes.get_yaxis_transform())
        for number, lane in enumerate(lanes):
            per, value = scale(lane)
            y = top + number * _BAR_LANE
            canvas.head(axes, y, lane.column.title, value, lane.look)
            _bar(axes, y, [value / per for value in _medians(parts, lane.column)], lane)
        return svg.inline(figure, f"{whole.name} {label}", f"{whole.title}: {label}", _phases_in_words(lanes, parts))


def _bar(axes: Axes, y: float, lengths: Sequence[float], lane: Lane) -> None:
    """A bar of a lane, and the numbers of those of its phases that have room for one."""
    if not sum(lengths):
        canvas.note(axes, y + 32, lane.entry.told)
    room = axes.get_xlim()[1] * 0.03
    for phase, length in enumerate(lengths):
        begin = sum(lengths[:phase])
        if length:
            _segment(axes, phase, (begin, length), y + 27, 15)
        if length > room:
            axes.text(begin + length / 2, y + 46, str(phase + 1), ha="center", color=Ink.QUIET, size=10)


def _segment(axes: Axes, phase: int, place: tuple[float, float], y: float, height: float, **more: Any) -> None:
    ink, hatch = _PHASES[phase % len(_PHASES)]
    begin, length = place
    axes.barh([y], [length], height, left=begin, color=ink, hatch=hatch, edgecolor=Ink.PAPER, lw=0.8, **more)


def _medians(parts: Sequence[RowResult], column: Column) -> list[float]:
    """The median of each phase in a column, 0 where it is not known."""
    cells = [part.cells.get(column.key) for part in parts]
    return [statistics.median(cell.samples) if cell is not None and cell.samples else 0.0 for cell in cells]


def phase_title(part: RowResult) -> str:
    """What a phase is called beside the others."""
    return part.title[:1].upper() + part.title[1:]


def _phases_in_words(lanes: Sequence[Lane], parts: Sequence[RowResult]) -> str:
    told = []
    for lane in lanes:
        values = zip(parts, _medians(parts, lane.column), strict=True)
        said = ", ".join(f"{part.title} {words.value(value, part.unit)}" for part, value in values)
        told.append(f"{lane.column.title}: {lane.entry.told}; of it {said}.")
    return " ".join(told)


@dataclass(frozen=True)
class Held:
    """A row, what each column needs of it as a multiple of `measure`, and what is odd about that: about its figure, or
    about the one that it is held against."""

    row: RowResult
    found: Mapping[str, float]
    marks: Mapping[str, Sequence[str]]

    def told(self, key: str) -> str:
        """The multiple of a column, in words."""
        return ", ".join((words.times(self.found[key]), *self.marks[key]))


def _held(report: Report) -> list[Held]:
    """The rows of figures that can be held against `measure`, and are no phase."""
    found = []
    for row in report.rows:
        if row.phases_of is None and len(seen := multiples(report, row)) >= _FEWEST:
            marks = {lane.column.key: lane.entry.marks for lane in canvas.lanes(report, row)}
            base = marks[measure(report).key]
            found.append(Held(row, seen, {key: tuple(dict.fromkeys((*marks[key], *base))) for key in seen}))
    return found


def glance(report: Report) -> str:
    """The rows of figures that are no phase, as multiples of what the first engine needs; on a logarithmic axis.

    A rate, of which more is better, is turned round: further to the right is worse in all rows. "" where nothing can be
    held against anything; `left_out` says of which rows that is so.
    """
    shown = _held(report)
    if not shown:
        return ""
    columns = [column for column in report.columns if any(column.key in held.found for held in shown)]
    a_line = _COLUMNS_A_LINE if all(len(column.title) <= _SHORT for column in columns) else 1
    top = math.ceil(len(columns) / a_line) * KEY_LINE + 12
    seen = looks(report.columns)
    label = f"times: {measure(report).title} is 1; logarithmic; less is better"
    with svg.drawing():
        figure, axes = canvas.canvas(top + len(shown) * _GLANCE_LANE, label)
        _glance_axis(axes, [value for held in shown for value in held.found.values()])
        for number, column in enumerate(columns):
            x, y = number % a_line / a_line, number // a_line * KEY_LINE
            canvas.sign(axes, x, y + 8, seen[column.key])
            axes.text(x + 0.04, y + 12, column.title, transform=axes.get_yaxis_transform())
        for number, held in enumerate(shown):
            _glance_lane(axes, top + number * _GLANCE_LANE, held, seen)
        return svg.inline(figure, "glance", f"All rows at a glance: {label}", _glance_in_words(report, shown))


def _glance_axis(axes: Axes, found: Sequence[float]) -> None:
    axes.set_xscale("log")
    axes.set_xlim(min([*found, 0.8]) / 1.2, max([*found, 12]) * 1.2)
    axes.xaxis.set_major_formatter(lambda value, _: f"{canvas.plain(value)}×")
    axes.xaxis.minorticks_off()


def _glance_lane(axes: Axes, y: float, held: Held, seen: Mapping[str, Look]) -> None:
    furthest = max(held.found, key=lambda key: abs(math.log(held.found[key])))
    canvas.head(axes, y, held.row.title, held.told(furthest))
    axes.axhline(y + 22, color=Ink.GRID, lw=0.8)
    axes.vlines([1], y + 16, y + 28, color=Ink.QUIET, lw=1.2)
    for key, value in held.found.items():
        canvas.mark(axes, value, y + 22, seen[key], is_doubtful=bool(held.marks[key]), ms=8)


def _glance_in_words(report: Report, shown: Sequence[Held]) -> str:
    told = []
    for held in shown:
        said = "; ".join(f"{report.column(key).title} {held.told(key)}" for key in held.found)
        told.append(f"{held.row.title}: {said}.")
    return " ".join([*told, *(f"Not drawn, {said}." for said in left_out(report))])


def left_out(report: Report) -> list[str]:
    """What the glance does not show of the rows of figures that are no phase: each reason, and the rows' titles."""
    found: dict[str, list[str]] = {}
    for row in report.rows:
        if row.kind != "words" and row.phases_of is None:
            for why in _why_out(report, row):
                found.setdefault(why, []).append(row.title)
    return [f"{why}: {', '.join(titles)}" for why, titles in found.items()]


def _why_out(report: Report, row: RowResult) -> list[str]:
    """Why a row is not in the glance, or which columns of it are not."""
    base, seen = measure(report), _measured(row)
    if row.better == "neither":
        return ["neither more nor less is better"]
    if base.key not in seen:
        return [f"there is no figure of {base.title}"]
    if not seen[base.key]:
        return [f"{base.title} has 0, of which nothing is a multiple"]
    if len(seen) < _FEWEST:
        return [f"there is no figure but that of {base.title}"]
    nothing = [one.title for one in report.columns if seen.get(one.key) == 0]
    return [f"{title} has 0, for which there is no place on this axis" for title in nothing]


def measure(report: Report) -> Column:
    """The column that others are held against: the first that an engine made."""
    return next((column for column in report.columns if column.substrate), report.columns[0])


def multiples(report: Report, row: RowResult) -> dict[str, float]:
    """What each column needs of this row as a multiple of `measure`; none where that is not known, or nothing."""
    found = _measured(row)
    base = found.get(measure(report).key)
    if row.better == "neither" or not base:
        return {}
    known = {key: found[key] for key in (column.key for column in report.columns) if found.get(key)}
    return {key: value / base if row.better == "lower" else base / value for key, value in known.items()}


def _measured(row: RowResult) -> dict[str, float]:
    """The median of each column that was measured: what failed half-way is no figure."""
    cells = row.cells.items()
    return {key: statistics.median(cell.samples) for key, cell in cells if cell.samples and cell.state == "measured"}
