"""A report while it is being filled: begun, resumed, and one run after the other written down. Pure."""

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass

from lab.comparison import quiet
from lab.comparison.catalogue import Batch, RowSpec
from lab.comparison.columns import Place
from lab.comparison.measure import other_computer
from lab.comparison.merge import host_of_both
from lab.comparison.probes.base import Seen, Value
from lab.comparison.report import Cell, Column, Prediction, Report, RowResult
from lab.model.errors import UsageError

PENDING = "its turn has not come"
_OF_ONE = "in one of the runs: "


@dataclass(frozen=True)
class Run:
    """What one run saw, the load average of one minute before it, and the share of processor time that others took."""

    values: Mapping[str, Value]
    load: float
    others: float


def blank(batches: Sequence[Batch], places: Sequence[Place], about: Report) -> Report:
    """The report `about` a comparison that has no rows yet, with a row for each that is to be measured."""
    rows = tuple(_row(spec, batch, places) for batch in batches for spec in batch.rows)
    return about.model_copy(update={"rows": rows, "complete": False})


def _row(spec: RowSpec, batch: Batch, places: Sequence[Place]) -> RowResult:
    return row_of(spec, {place.key: not_measured(batch.impossible(place) or PENDING) for place in places})


def row_of(spec: RowSpec, cells: dict[str, Cell]) -> RowResult:
    """A row of the catalogue with these cells, as a report has it."""
    return RowResult(
        name=spec.name,
        title=spec.title,
        unit=spec.unit,
        kind=spec.kind,
        better=spec.better,
        measures=spec.measures,
        why=spec.why,
        group=str(spec.group),
        phases_of=spec.phases_of,
        cells=cells,
    )


def not_measured(reason: str) -> Cell:
    """A cell of which nothing is known, and why."""
    return Cell(state="not measured", reason=reason)


def resumed(fresh: Report, old: Report, batches: Sequence[Batch], file: str) -> Report:
    """A blank report with what an older one, in `file`, has of it, and whatever else that has. What failed there is to
    be tried again. Raises UsageError where it is another computer's, or has samples of other settings."""
    if differs := other_computer(old.host, fresh.host):
        raise _refused(f"this comparison was begun on another computer: {differs}", file)
    columns = {column.key: column for column in old.columns}
    for column in fresh.columns:
        before = columns.get(column.key, column)
        if (other := before.other_setting(column)) and _is_measured(old, column):
            raise _refused(f"this comparison was begun with other settings: {column.title}, {other}", file)
        columns[column.key] = column if column.settings else before
    rows = {row.name: row for row in (*old.rows, *fresh.rows)}
    explained = _explained(old, batches)
    rows |= {row.name: _with_old(rows[row.name], row, columns, explained) for row in old.rows}
    kept = {
        "host": host_of_both(old.host, fresh.host),
        "columns": tuple(columns.values()),
        "rows": tuple(_filled(row, columns) for row in rows.values()),
        "notes": tuple(dict.fromkeys((*old.notes, *fresh.notes))),
        "parts": old.parts,
        "predictions": old.predictions,
    }
    return fresh.model_copy(update=kept)


def guessed(report: Report, guesses: Iterable[Prediction]) -> Report:
    """The report with these guesses too; a later one of a cell takes the place of an earlier one."""
    found = {(one.row, one.column): one for one in (*report.predictions, *guesses)}
    return report.model_copy(update={"predictions": tuple(found.values())})


def late(report: Report) -> frozenset[tuple[str, str]]:
    """The cells, by row and column, without a sample in rows that have some. What is measured in one of them from now
    on is not measured in turns with those."""
    return frozenset(
        (row.name, key)
        for row in report.rows
        if any(cell.samples for cell in row.cells.values())
        for key, cell in row.cells.items()
        if not cell.samples
    )


def put_together(report: Report) -> Report:
    """The report, as it is where one comparison more came to those that it was put together of."""
    return report.model_copy(update={"parts": report.parts + 1})


def _refused(message: str, file: str) -> UsageError:
    return UsageError(message, where=file, mend="name another folder with --out; it is measured anew there")


def _is_measured(report: Report, column: Column) -> bool:
    return any(_has_seen(row.cells[column.key]) for row in report.rows if column.key in row.cells)


def _explained(old: Report, batches: Iterable[Batch]) -> set[tuple[str, str]]:
    """The cells, by row and column, that cannot be measured where others of their batch were. A task that is done with
    those is not asked once more, so nobody else would tell the reason again."""
    found = set()
    for batch in batches:
        rows = [row for spec in batch.rows if (row := old.row(spec.name)) is not None]
        for key in (column.key for column in old.columns):
            cells = {row.name: row.cells[key] for row in rows if key in row.cells}
            if any(map(_has_seen, cells.values())):
                found |= {(name, key) for name, cell in cells.items() if not _is_open(cell)}
    return found


def _with_old(
    row: RowResult, old: RowResult, columns: Iterable[str], explained: Container[tuple[str, str]]
) -> RowResult:
    """A row with what an older one knows; what failed, or could not be measured then, has its turn once more."""
    known = {key: old.cells[key] for key in columns if key in old.cells}
    kept = {
        key: _kept(cell)
        for key, cell in known.items()
        if _has_seen(cell) or key not in row.cells or (row.name, key) in explained
    }
    return _changed(row, kept)


def _has_seen(cell: Cell) -> bool:
    return bool(cell.samples or cell.text)


def _kept(cell: Cell) -> Cell:
    if cell.state == "measured" or not _has_seen(cell):
        return cell
    return cell.model_copy(update={"state": "measured", "reason": ""})


def _filled(row: RowResult, columns: Iterable[str]) -> RowResult:
    return _changed(row, {key: not_measured(PENDING) for key in columns if key not in row.cells})


def done(report: Report, batch: Batch, key: str) -> int:
    """How often a batch was measured in a column: as often as its row of which the fewest samples are there."""
    cells = [row.cells[key] for spec in batch.rows if (row := report.row(spec.name)) and key in row.cells]
    counts = [max(len(cell.samples), int(bool(cell.text))) for cell in cells if _is_open(cell)]
    return min(counts, default=0)


def told(report: Report, batch: Batch, key: str) -> tuple[float, ...]:
    """The seconds that the first row of a batch told in a column, where that is a time."""
    row = report.row(batch.rows[0].name) if batch.is_time else None
    return row.cells[key].samples if row is not None and key in row.cells else ()


def _is_open(cell: Cell) -> bool:
    return cell.state != "not measured" or cell.reason == PENDING


def impossible(report: Report, key: str, reasons: Mapping[str, str]) -> Report:
    """The report, where these rows cannot be measured in a column."""
    return _with_cells(report, key, reasons, lambda name, _: not_measured(reasons[name]))


def failed(report: Report, key: str, rows: Iterable[RowSpec], reason: str) -> Report:
    """The report, where measuring these rows in a column failed: what was measured before is kept."""
    names = [spec.name for spec in rows]
    return _with_cells(report, key, names, lambda _, cell: _failed(cell, reason))


def _failed(cell: Cell, reason: str) -> Cell:
    return cell.model_copy(update={"state": "failed", "reason": reason}) if _is_open(cell) else cell


def measured(report: Report, key: str, run: Run) -> Report:
    """The report with one more run of a column."""
    return _with_cells(report, key, run.values, lambda name, cell: _with_run(cell, run.values[name], run))


def _with_run(cell: Cell, value: Value, run: Run) -> Cell:
    if isinstance(value, str):
        return Cell(state="measured", text=value)
    seen = value if isinstance(value, Seen) else Seen(value)
    others = (*cell.others, run.others)
    return Cell(
        state="measured",
        samples=(*cell.samples, float(seen.value)),
        loads=(*cell.loads, run.load),
        others=others,
        noisy=quiet.is_noisy(others),
        extrapolated=cell.extrapolated or seen.extrapolated,
        note=_note(cell, seen.note),
    )


def _note(cell: Cell, told: str) -> str:
    """What a cell's figure has to be read with, of which a run more told this: where runs told different things, what
    one of them did, and that it was one."""
    if not cell.samples or told == cell.note:
        return told
    return _OF_ONE + (told or cell.note.removeprefix(_OF_ONE))


def _with_cells(report: Report, key: str, names: Iterable[str], changed: Callable[[str, Cell], Cell]) -> Report:
    wanted = set(names)
    rows = tuple(
        _changed(row, {key: changed(row.name, row.cells[key])}) if row.name in wanted else row for row in report.rows
    )
    return report.model_copy(update={"rows": rows})


def _changed(row: RowResult, cells: Mapping[str, Cell]) -> RowResult:
    return row.model_copy(update={"cells": {**row.cells, **cells}})
