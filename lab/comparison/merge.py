"""Two reports of one computer as one: its substrates measured one after the other, or some rows now and some later.

Pure. It does not matter which of the two comes first.
"""

import json
from collections.abc import Mapping
from itertools import chain

from lab.comparison.columns import BARE
from lab.comparison.measure import other_computer
from lab.comparison.report import SCHEMA_VERSION, Cell, Column, Prediction, Report, RowResult, dump
from lab.model.errors import UsageError

_MEASURE = "measure both on one computer, with one version of the kit"
_SETTINGS = "measure the older one again as things are now; `lab compare diff` says what changed between them"


def merged(one: Report, other: Report) -> Report:
    """Both reports together; of what is told differently without being measured, the younger one's words are taken.

    Raises UsageError where they are of two computers, of two versions of a row, or have both measured the same.
    """
    if differs := other_computer(one.host, other.host):
        raise _refused(f"the first was measured on another computer: {differs}", "the host of both")
    # By age; of the same age by what stands in them: either way the order does not depend on who was named first.
    older, younger = sorted((one, other), key=lambda report: (report.made_at, json.dumps(dump(report))))
    columns = _columns(older, younger)
    return Report(
        schema_version=SCHEMA_VERSION,
        made_at=younger.made_at,
        host=host_of_both(older.host, younger.host),
        notes=tuple(dict.fromkeys((*older.notes, *younger.notes))),
        repeats=older.repeats if older.repeats == younger.repeats else None,
        parts=older.parts if older == younger else older.parts + younger.parts,
        columns=tuple(columns[key] for key in sorted(columns, key=lambda key: (key != BARE, key))),
        rows=_rows(older, younger, columns),
        predictions=_predictions(older, younger),
        complete=older.complete and younger.complete,
    )


def _refused(message: str, where: str, mend: str = _MEASURE) -> UsageError:
    return UsageError(f"these two cannot be put together: {message}", where=where, mend=mend)


def host_of_both(older: Mapping[str, str], younger: Mapping[str, str]) -> dict[str, str]:
    """What is told of the computer; what was told differently at two times is told twice."""
    told = {key: f"{older.get(key, '')}; {younger.get(key, '')}".split("; ") for key in {**older, **younger}}
    return {key: "; ".join(dict.fromkeys(filter(None, values))) for key, values in told.items()}


def _columns(older: Report, younger: Report) -> dict[str, Column]:
    found: dict[str, Column] = {}
    for column in chain(older.columns, younger.columns):
        before = found.setdefault(column.key, column)
        if other := before.other_setting(column):
            message = f"column {column.title} was measured with other settings: {other}"
            raise _refused(message, f"column {column.key}", _SETTINGS)
        found[column.key] = column if column.settings else before.model_copy(update={"title": column.title})
    return found


def _rows(older: Report, younger: Report, columns: Mapping[str, Column]) -> tuple[RowResult, ...]:
    """All rows: those of the report that has the more of them first, in its order."""
    first, then = sorted((older, younger), key=lambda report: -len(report.rows))
    names = dict.fromkeys(row.name for row in (*first.rows, *then.rows))
    return tuple(_row(older.row(name), younger.row(name), columns) for name in names)


def _row(older: RowResult | None, younger: RowResult | None, columns: Mapping[str, Column]) -> RowResult:
    if older is None or younger is None:
        row = older or younger
        assert row is not None
        return row
    if other := [
        name for name in ("unit", "kind", "better", "phases_of") if getattr(older, name) != getattr(younger, name)
    ]:
        raise _refused(f"row {older.title} has another {other[0]} in each", f"row {older.name}")
    cells = {
        key: _cell(older.cells.get(key), younger.cells.get(key), f"row {older.name}, column {key}")
        for key in columns
        if key in older.cells or key in younger.cells
    }
    return younger.model_copy(update={"cells": cells})


def _cell(older: Cell | None, younger: Cell | None, where: str) -> Cell:
    if older is None or younger is None:
        cell = older or younger
        assert cell is not None
        return cell
    if older == younger:
        return older
    if _has_seen(older) and _has_seen(younger):
        mend = "`lab compare diff` says what changed between them"
        raise _refused("both have measured the same, and found something else", where, mend)
    # What was seen is more than why nothing was; that something failed is more than that it was not tried.
    return max(younger, older, key=lambda cell: (_has_seen(cell), cell.state == "failed"))


def _has_seen(cell: Cell) -> bool:
    return bool(cell.samples or cell.text)


def _predictions(older: Report, younger: Report) -> tuple[Prediction, ...]:
    found = {(one.row, one.column): one for one in (*older.predictions, *younger.predictions)}
    return tuple(found[key] for key in sorted(found))
