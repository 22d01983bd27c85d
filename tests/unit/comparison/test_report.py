"""report.json: what is written is read again, and what is no report is refused with one clear error."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given

from lab.comparison import report as reports_room
from lab.comparison.report import Report, dump, load, schema
from lab.host import paths, records
from lab.model.errors import UsageError
from tests.unit.comparison.reports import BARE, BOX, measured, report, reports, row

SCHEMA = paths.REPO / "lab" / "comparison" / "report.schema.json"
SAMPLE = report(row("start", {"bare": measured(0.5, 0.6), "box": measured(1.5, 1.25)}), columns=(BARE, BOX))


@given(reports())
def test_a_report_survives_being_written_and_read(one: Report) -> None:
    assert Report.model_validate_json(json.dumps(dump(one))) == one


def test_a_report_is_read_from_its_file_and_from_its_folder(tmp_path: Path) -> None:
    records.write_json(tmp_path / "report.json", dump(SAMPLE))
    assert load(tmp_path) == load(tmp_path / "report.json") == SAMPLE


def test_the_schema_in_the_kit_is_that_of_the_code() -> None:
    regenerate = "write it anew: json.dumps(report.schema(), indent=2)"
    assert json.loads(SCHEMA.read_text()) == schema(), regenerate


@given(reports())
def test_every_report_fits_the_schema(one: Report) -> None:
    jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text())).validate(dump(one))


def test_the_schema_asks_for_the_version_as_the_kit_does() -> None:
    told = {key: value for key, value in dump(SAMPLE).items() if key != "schema_version"}
    with pytest.raises(jsonschema.ValidationError, match="'schema_version' is a required property"):
        jsonschema.validate(told, json.loads(SCHEMA.read_text()))


@pytest.mark.parametrize("change", [{"schema_version": 2}, {"made_at": "yesterday"}, {"rows": [{"name": "start"}]}])
def test_what_is_no_report_does_not_fit_the_schema(change: dict[str, Any]) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**dump(SAMPLE), **change}, json.loads(SCHEMA.read_text()))


def _cell(**change: Any) -> Callable[[dict[str, Any]], None]:
    return lambda found: found["rows"][0]["cells"]["box"].update(change)


def _row(**change: Any) -> Callable[[dict[str, Any]], None]:
    return lambda found: found["rows"][0].update(change)


def _top(**change: Any) -> Callable[[dict[str, Any]], None]:
    return lambda found: found.update(change)


SAMPLES = "rows.0.cells.box.samples.0"
# What was done to a good report, what the error says, and where.
DOCTORED: dict[str, tuple[Callable[[dict[str, Any]], object], str, str]] = {
    "a unit is missing": (_row(unit=""), "its unit is missing", "rows.0"),
    "a unit of one blank": (_row(unit=" "), "its unit is missing", "rows.0"),
    "more than all of the processor": (
        _cell(others=[0.0, 1.5]),
        "1.5 is no share: it is more than 1",
        "rows.0.cells.box.others.1",
    ),
    "a long number": (_cell(samples=[10**4000, 1]), "10000", SAMPLES),
    "a long version": (
        _top(schema_version=10**4000),
        f"it has version 1{'0' * 39}… of the format; this kit reads version 1",
        "schema_version",
    ),
    "the key of the unit is missing": (lambda found: found["rows"][0].pop("unit"), "unit is missing", "rows.0.unit"),
    "no number": (_cell(samples=[float("nan"), 1]), "nan is no finite number", SAMPLES),
    "infinite": (_cell(samples=[float("inf"), 1]), "inf is no finite number", SAMPLES),
    "negative": (_cell(samples=[-1.5, 1]), "-1.5 is negative", SAMPLES),
    "words for a number": (_cell(samples=["1.5", 1]), "'1.5' is not right: Input should be a valid number", SAMPLES),
    "another version": (
        _top(schema_version=2),
        "it has version 2 of the format; this kit reads version 1",
        "schema_version",
    ),
    "true for a version": (_top(schema_version=True), "it has version True of the format", "schema_version"),
    "no version": (
        lambda found: found.pop("schema_version"),
        "it does not say which version of the format it has",
        "schema_version",
    ),
    "a column that there is not": (
        lambda found: found["rows"][0]["cells"].update(cloud=found["rows"][0]["cells"]["box"]),
        "row start speaks of column cloud, which the report does not have",
        "",
    ),
    "a column twice": (lambda found: found["columns"].append(found["columns"][0]), "it has column bare twice", ""),
    "a row twice": (lambda found: found["rows"].append(found["rows"][0]), "it has row start twice", ""),
    "a phase of nothing": (_row(phases_of="end"), "row start speaks of row end, which the report does not have", ""),
    "a guess of nothing": (
        _top(predictions=[{"row": "end", "column": "box", "guess": 1}]),
        "a prediction speaks of row end, which the report does not have",
        "",
    ),
    "failed without a reason": (_cell(state="failed"), "it is failed, and has no reason", "rows.0.cells.box"),
    "measured without a sample": (
        _cell(samples=[], loads=[], others=[]),
        "it is said to be measured, and has neither samples nor words",
        "rows.0.cells.box",
    ),
    "a load too few": (_cell(loads=[0.1]), "it has 2 samples, and 1 loads", "rows.0.cells.box"),
    "a key that there is not": (_cell(colour="red"), "colour is not known", "rows.0.cells.box.colour"),
    "larger than the world": (
        _cell(samples=[1e300, 1]),
        "1e+300 is larger than anything that can be measured",
        SAMPLES,
    ),
    "no column": (
        lambda found: (found.update(columns=[]), found["rows"][0].update(cells={})),
        "its columns are missing",
        "columns",
    ),
    "a day that there is not": (_top(made_at="2026-02-30T12:00:00Z"), "day is out of range for month", "made_at"),
    "a date that is none": (_top(made_at="yesterday"), "'yesterday' is not right: String should match", "made_at"),
}


@pytest.mark.parametrize("case", DOCTORED)
def test_a_doctored_report_is_refused_with_one_error(case: str, tmp_path: Path) -> None:
    change, message, where = DOCTORED[case]
    found = json.loads(json.dumps(dump(SAMPLE)))
    change(found)
    file = tmp_path / "report.json"
    file.write_text(json.dumps(found))
    with pytest.raises(UsageError) as refused:
        load(file)
    assert refused.value.message.startswith(f"this is no report of a comparison: {message}")
    assert refused.value.where == (f"{file}, {where}" if where else str(file))
    assert refused.value.mend


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (json.dumps(dump(SAMPLE)).encode()[:-40], "this is no report of a comparison: it is no JSON, or was cut off: "),
        (b"", "this is no report of a comparison: it is no JSON, or was cut off: "),
        (b"[" * 100_000, "this is no report of a comparison: it is nested too deeply"),
        (b"\xff\xfe", "this is no report of a comparison: it is no text"),
        (
            json.dumps(dump(SAMPLE)).replace("0.5", "9" * 5000).encode(),
            "this is no report of a comparison: it has a number that is far too long",
        ),
        (b"[]", "this is no report of a comparison: it does not say which version of the format it has"),
    ],
)
def test_a_file_that_is_cut_off_or_no_json_is_refused(content: bytes, message: str, tmp_path: Path) -> None:
    (tmp_path / "report.json").write_bytes(content)
    with pytest.raises(UsageError) as refused:
        load(tmp_path)
    assert refused.value.message.startswith(message)


def test_a_report_that_is_not_there_is_told_by_its_name(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no report of a comparison") as refused:
        load(tmp_path)
    assert refused.value.where == str(tmp_path / "report.json")
    with pytest.raises(UsageError, match="there is no report") as refused:
        load(tmp_path / "nowhere")
    assert refused.value.where == str(tmp_path / "nowhere")


def test_a_report_that_cannot_be_kept_says_so(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")
    with pytest.raises(UsageError, match="it cannot be kept there: ") as refused:
        reports_room.save(SAMPLE, tmp_path / "taken")
    assert refused.value.where == str(tmp_path / "taken" / "report.json")
    reports_room.save(SAMPLE, tmp_path / "new" / "one")
    assert load(tmp_path / "new" / "one") == SAMPLE


def test_a_report_tells_a_row_a_column_and_a_guess() -> None:
    guessed = SAMPLE.model_copy(
        update={"predictions": (reports_room.Prediction(row="start", column="box", guess=2.0),)}
    )
    assert guessed.guess("start", "box") == 2.0
    assert guessed.guess("start", "bare") is None
    assert guessed.row("start") is guessed.rows[0]
    assert guessed.row("end") is None
    assert guessed.column("box") == BOX
