"""report.json: what a comparison found, with every sample. lab/comparison/report.schema.json describes it to others."""

import json
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, ValidationError, field_validator, model_validator
from pydantic_core import ErrorDetails

from lab.host import records
from lab.model.errors import UsageError

SCHEMA_VERSION: Literal[1] = 1
FILE = "report.json"

State = Literal["measured", "failed", "not measured"]
Kind = Literal["time", "rate", "bytes", "count", "ratio", "words"]
Better = Literal["lower", "higher", "neither"]
MOST = 1e18
"""No computer has as many bytes, or as many seconds behind it."""
Sample = Annotated[FiniteFloat, Field(ge=0, le=MOST)]
Share = Annotated[FiniteFloat, Field(ge=0, le=1)]
Named = Annotated[str, Field(min_length=1)]


class _Value(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Cell(_Value):
    """One row in one column.

    `samples` are in the row's unit and in the order of the runs; a cell that failed keeps those it has. `loads` is the
    load average of one minute before each of them, `others` the share of this computer's processor time, 0 to 1, that
    others took during each. `noisy` says that they took too much too often (`lab.comparison.quiet`). `text` is what a
    row of words saw; `note` is for people, of runs that told different things that of one.
    """

    state: State
    reason: str = ""
    samples: tuple[Sample, ...] = ()
    loads: tuple[Sample, ...] = ()
    others: tuple[Share, ...] = ()
    noisy: bool = False
    text: str = ""
    extrapolated: bool = False
    note: str = ""

    @model_validator(mode="after")
    def _is_whole(self) -> "Cell":
        if self.state == "measured" and not (self.samples or self.text):
            raise ValueError("it is said to be measured, and has neither samples nor words")
        if self.state != "measured" and not self.reason:
            raise ValueError(f"it is {self.state}, and has no reason")
        for name in ("loads", "others"):
            if (told := getattr(self, name)) and len(told) != len(self.samples):
                raise ValueError(f"it has {len(self.samples)} samples, and {len(told)} {name}")
        return self


class RowResult(_Value):
    """One row: what was measured, in which unit, and its cells by column; `phases_of` names the row that it is part of.

    `measures` and `why` are a sentence each for people: what this is, and why the columns differ in it.
    """

    name: Named
    title: Named
    unit: str
    kind: Kind
    better: Better
    measures: Named
    why: Named
    group: Named
    phases_of: str | None = None
    cells: dict[str, Cell]

    @model_validator(mode="after")
    def _has_a_unit(self) -> "RowResult":
        if not self.unit.strip() and self.kind != "words":
            raise ValueError("its unit is missing")
        return self


class Column(_Value):
    """What is compared: `settings` tell with what (accelerator, storage, versions); `substrate` is "" for a bare
    process."""

    key: Named
    title: Named
    substrate: str = ""
    settings: dict[str, str] = {}

    def other_setting(self, later: "Column") -> str | None:
        """What shows, in words, that the same column had other settings later; None where nothing does. An engine that
        was away had nothing to tell of itself."""
        if not self.settings or not later.settings:
            return None
        differ = [
            key for key in {**self.settings, **later.settings} if self.settings.get(key) != later.settings.get(key)
        ]
        told = (one.settings.get(differ[0], "not told") for one in (self, later)) if differ else ()
        return f"{differ[0]} was {', then '.join(told)}" if differ else None


class Prediction(_Value):
    """What somebody guessed, in the row's unit, before it was measured."""

    row: Named
    column: Named
    guess: Sample


class Report(_Value):
    """A whole comparison; `complete` is false where it was interrupted, and can be resumed.

    `repeats` is how often each row was to be measured, where somebody said so: None is as often as the catalogue says.
    `parts` is of how many comparisons it was put together, measured one after the other: 1 where it was not.
    """

    schema_version: Literal[1]
    made_at: Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?Z$")]
    host: dict[str, str]
    notes: tuple[str, ...] = ()
    repeats: Annotated[int, Field(ge=1)] | None = None
    parts: Annotated[int, Field(ge=1)] = 1
    columns: Annotated[tuple[Column, ...], Field(min_length=1)]
    rows: tuple[RowResult, ...]
    predictions: tuple[Prediction, ...] = ()
    complete: bool

    @field_validator("made_at")
    @classmethod
    def _is_a_moment(cls, told: str) -> str:
        datetime.fromisoformat(told)
        return told

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> "Report":
        columns, rows = [one.key for one in self.columns], [one.name for one in self.rows]
        _check_unique(columns, "column")
        _check_unique(rows, "row")
        for row in self.rows:
            _check_known(row.cells, columns, f"row {row.name}", "column")
            _check_known([row.phases_of] if row.phases_of else [], rows, f"row {row.name}", "row")
        _check_known([one.column for one in self.predictions], columns, "a prediction", "column")
        _check_known([one.row for one in self.predictions], rows, "a prediction", "row")
        return self

    def row(self, name: str) -> RowResult | None:
        """The row of this name, None where it was not asked for."""
        return next((row for row in self.rows if row.name == name), None)

    def column(self, key: str) -> Column:
        """The column of this key, which the report has."""
        return next(column for column in self.columns if column.key == key)

    def guess(self, row: str, column: str) -> float | None:
        """What was guessed of a cell, None where nobody did."""
        return next((one.guess for one in self.predictions if (one.row, one.column) == (row, column)), None)


def _check_unique(names: list[str], what: str) -> None:
    if twice := [name for name in names if names.count(name) > 1]:
        raise ValueError(f"it has {what} {twice[0]} twice")


def _check_known(names: Iterable[str], known: list[str], who: str, what: str) -> None:
    if unknown := [name for name in names if name not in known]:
        raise ValueError(f"{who} speaks of {what} {unknown[0]}, which the report does not have")


def schema() -> dict[str, Any]:
    """The JSON Schema of report.json."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **Report.model_json_schema()}


def dump(report: Report) -> dict[str, Any]:
    """The report as JSON has it."""
    return report.model_dump(mode="json")


def save(report: Report, folder: Path) -> None:
    """Keeps a report in a folder. Raises UsageError as `keep` does."""
    keep(folder / FILE, json.dumps(dump(report), indent=2) + "\n")


def keep(file: Path, text: str) -> None:
    """Keeps a text, whole or not at all. Raises UsageError where there is no room or right for it."""
    try:
        records.write(file, text)
    except OSError as error:
        mend = "make room on that disk, or name a folder that you may write to"
        raise UsageError(f"it cannot be kept there: {error.strerror}", where=str(file), mend=mend) from error


def load(path: Path) -> Report:
    """The report at `path`: the file, or the folder that holds its report.json.

    Raises UsageError that says what is wrong with it, and where: not there, cut off or no JSON, of another version of
    the format, without a unit, with a time that is negative or no number, or at odds with itself.
    """
    file = path / FILE if path.is_dir() else path
    text = _read(file)
    _check_version(text, file)
    try:
        return Report.model_validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise _refused(_in_words(first), f"{file}, {where}" if where else str(file)) from error


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        mend = "name the folder that `lab compare --out` was given, or the report.json in it"
        raise UsageError("there is no report of a comparison", where=str(file), mend=mend) from error
    except OSError as error:
        mend = "name a file that you may read"
        raise UsageError(f"the report cannot be read: {error.strerror}", where=str(file), mend=mend) from error
    except UnicodeDecodeError as error:
        raise _refused("it is no text", str(file)) from error


def _check_version(text: str, file: Path) -> None:
    try:
        found = json.loads(text)
    except json.JSONDecodeError as error:
        message = f"it is no JSON, or was cut off: {error.msg}"
        raise _refused(message, f"{file}, line {error.lineno}") from error
    except ValueError as error:
        # int() refuses what would take it long: sys.set_int_max_str_digits.
        raise _refused("it has a number that is far too long", str(file)) from error
    except RecursionError as error:
        raise _refused("it is nested too deeply", str(file)) from error
    if not isinstance(found, dict) or "schema_version" not in found:
        raise _refused("it does not say which version of the format it has", f"{file}, schema_version")
    if (version := found["schema_version"]) != SCHEMA_VERSION or isinstance(version, bool):
        message = f"it has version {_short(version)} of the format; this kit reads version {SCHEMA_VERSION}"
        raise _refused(message, f"{file}, schema_version", "read it with the kit that made it, or measure again")


def _refused(message: str, where: str, mend: str = "") -> UsageError:
    mend = mend or "take the file as `lab compare` wrote it, or measure again"
    return UsageError(f"this is no report of a comparison: {message}", where=where, mend=mend)


def _in_words(error: ErrorDetails) -> str:
    value = error["input"]
    match error["type"]:
        case "missing":
            return f"{error['loc'][-1]} is missing"
        case "extra_forbidden":
            return f"{error['loc'][-1]} is not known"
        case "finite_number":
            return f"{_short(value)} is no finite number"
        case "greater_than_equal":
            return f"{_short(value)} is negative"
        case "less_than_equal" if error["loc"][-2] == "others":
            return f"{_short(value)} is no share: it is more than 1"
        case "less_than_equal":
            return f"{_short(value)} is larger than anything that can be measured"
        case "too_short":
            return f"its {error['loc'][-1]} are missing"
        case "value_error":
            return error["msg"].removeprefix("Value error, ")
    return f"{_short(value)} is not right: {error['msg']}"


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:40]}…"
