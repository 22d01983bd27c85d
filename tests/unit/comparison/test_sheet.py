"""A report while it is being filled."""

import dataclasses

import pytest

from lab.comparison import sheet
from lab.comparison.probes.base import Seen
from lab.comparison.report import Column, Prediction, Report
from lab.comparison.sheet import PENDING, Run
from lab.model.errors import UsageError
from tests.unit.comparison.reports import HOST
from tests.unit.comparison.test_schedule import BOX, COLD, LONG, QUICK, WARM

PLACES = [BOX, COLD, WARM]
ABOUT = Report(
    schema_version=1,
    made_at="2026-11-26T12:00:00Z",
    host=HOST,
    columns=tuple(Column(key=place.key, title=place.title, substrate=place.substrate) for place in PLACES),
    rows=(),
    complete=False,
)
BATCHES = [QUICK, LONG]
BLANK = sheet.blank(BATCHES, PLACES, ABOUT)


def _valid(report: Report) -> Report:
    """The report, if it could be read from a file."""
    return Report.model_validate_json(report.model_dump_json())


def test_a_blank_report_has_every_cell_pending_or_says_why_it_makes_no_sense() -> None:
    told = {(row.name, key): cell.reason for row in _valid(BLANK).rows for key, cell in row.cells.items()}
    assert told == {
        **{("quick", key): PENDING for key in ("box", "cold", "warm")},
        **{("long", "box"): PENDING, ("long", "cold"): PENDING},
        ("long", "warm"): LONG.impossible(WARM),
    }
    assert not BLANK.complete


def test_runs_are_added_with_what_the_computer_did_meanwhile() -> None:
    found = sheet.measured(BLANK, "box", Run({"quick": 1.5}, 0.3, 0.0))
    found = _valid(sheet.measured(found, "box", Run({"quick": Seen(2, "counted twice")}, 0.4, 0.2)))
    cell = found.rows[0].cells["box"]
    assert (cell.state, cell.reason, cell.samples) == ("measured", "", (1.5, 2.0))
    assert (cell.loads, cell.others, cell.noisy) == ((0.3, 0.4), (0.0, 0.2), True)
    assert (cell.note, cell.extrapolated) == ("in one of the runs: counted twice", False)
    assert found.rows[0].cells["cold"].reason == PENDING
    assert sheet.done(found, QUICK, "box") == 2
    assert sheet.done(found, QUICK, "cold") == 0


@pytest.mark.parametrize(
    ("told", "note"),
    [
        (("per second", "per second", "per second"), "per second"),
        (("", "", ""), ""),
        (("of 7", "of 8", "of 9"), "in one of the runs: of 9"),
        (("of 7", "of 8", "of 8"), "in one of the runs: of 8"),
        (("of 7", "of 7", "of 8"), "in one of the runs: of 8"),
        (("of 7", "of 8", ""), "in one of the runs: of 8"),
        (("of 7", "", ""), "in one of the runs: of 7"),
        (("", "of 7"), "in one of the runs: of 7"),
    ],
)
def test_what_one_run_told_is_not_said_of_the_median_of_all(told: tuple[str, ...], note: str) -> None:
    found = BLANK
    for said in told:
        found = sheet.measured(found, "box", Run({"quick": Seen(1, said)}, 0, 0))
    assert found.rows[0].cells["box"].note == note


def test_once_extrapolated_a_cell_stays_so() -> None:
    found = sheet.measured(BLANK, "box", Run({"quick": Seen(8, "computed", extrapolated=True)}, 0, 0))
    found = sheet.measured(found, "box", Run({"quick": 7}, 0, 0))
    assert found.rows[0].cells["box"].extrapolated


def test_words_are_kept_as_they_are() -> None:
    found = _valid(sheet.measured(BLANK, "box", Run({"quick": "it sees nothing"}, 0.1, 0.0)))
    assert (found.rows[0].cells["box"].state, found.rows[0].cells["box"].text) == ("measured", "it sees nothing")
    assert sheet.done(found, QUICK, "box") == 1


def test_what_failed_keeps_what_was_measured_before() -> None:
    found = sheet.measured(BLANK, "box", Run({"quick": 1.5}, 0.3, 0.0))
    found = _valid(sheet.failed(found, "box", QUICK.rows, "it broke"))
    cell = found.rows[0].cells["box"]
    assert (cell.state, cell.reason, cell.samples) == ("failed", "it broke", (1.5,))


def test_what_cannot_be_measured_says_why_and_is_no_failure() -> None:
    found = sheet.impossible(BLANK, "box", {"quick": "needs root"})
    found = _valid(sheet.failed(found, "box", QUICK.rows, "it broke"))
    assert (found.rows[0].cells["box"].state, found.rows[0].cells["box"].reason) == ("not measured", "needs root")


def test_a_resumed_report_has_what_was_measured_and_tries_again_what_was_not() -> None:
    old = sheet.measured(BLANK, "box", Run({"quick": 1.5}, 0.3, 0.0))
    old = sheet.failed(sheet.measured(old, "cold", Run({"quick": 9.0}, 0, 0)), "cold", QUICK.rows, "it broke")
    old = sheet.impossible(old, "warm", {"quick": "needs root"})
    found = _valid(sheet.resumed(BLANK, old, BATCHES, "report.json"))
    cells = found.rows[0].cells
    assert cells["box"].samples == (1.5,)
    assert (cells["cold"].state, cells["cold"].reason, cells["cold"].samples) == ("measured", "", (9.0,))
    assert cells["warm"].reason == PENDING
    assert found.parts == 1
    assert (sheet.done(found, QUICK, "box"), sheet.done(found, QUICK, "warm")) == (1, 0)


def test_a_resumed_report_still_says_why_a_row_cannot_be_measured_where_others_of_its_batch_were() -> None:
    both = dataclasses.replace(QUICK, rows=(*QUICK.rows, dataclasses.replace(QUICK.rows[0], name="stop")))
    blank = sheet.blank([both], [BOX, WARM], ABOUT)
    old = sheet.impossible(blank, "warm", {"stop": "it is put to sleep again instead"})
    old = sheet.measured(old, "warm", Run({"quick": 1.5}, 0.3, 0.0))
    old = sheet.impossible(old, "box", {"quick": "needs root", "stop": "needs root"})
    found = _valid(sheet.resumed(blank, old, [both], "report.json"))
    told = {(row.name, key): row.cells[key].reason for row in found.rows for key in ("box", "warm")}
    assert told == {
        ("quick", "warm"): "",
        ("stop", "warm"): "it is put to sleep again instead",
        # Of this task nothing was measured, so it is asked anew.
        ("quick", "box"): PENDING,
        ("stop", "box"): PENDING,
    }
    assert sheet.done(found, both, "warm") == 1


def test_a_resumed_report_keeps_rows_columns_and_guesses_that_are_not_asked_for_now() -> None:
    old = sheet.blank([LONG], [BOX, COLD], ABOUT.model_copy(update={"columns": ABOUT.columns[:2], "notes": ("old",)}))
    old = sheet.measured(old, "box", Run({"long": 60.0}, 0.1, 0.0))
    old = old.model_copy(update={"predictions": (Prediction(row="long", column="box", guess=3.0),)})
    fresh = sheet.blank([QUICK], [WARM], ABOUT.model_copy(update={"columns": ABOUT.columns[2:], "notes": ("new",)}))
    found = _valid(sheet.resumed(fresh, old, BATCHES, "report.json"))
    assert [row.name for row in found.rows] == ["long", "quick"]
    assert [column.key for column in found.columns] == ["box", "cold", "warm"]
    assert found.rows[0].cells["box"].samples == (60.0,)
    assert {cell.reason for cell in found.rows[1].cells.values()} == {PENDING}
    assert (found.notes, found.guess("long", "box")) == (("old", "new"), 3.0)
    assert found.parts == 1, "nothing is measured in it yet"


def test_a_later_guess_of_a_cell_takes_the_place_of_an_earlier_one() -> None:
    def guess(row: str, guess: float) -> Prediction:
        return Prediction(row=row, column="box", guess=guess)

    found = sheet.guessed(BLANK, [guess("quick", 1), guess("long", 2)])
    found = _valid(sheet.guessed(found, [guess("quick", 3)]))
    assert {(one.row, one.guess) for one in found.predictions} == {("quick", 3), ("long", 2)}


def test_a_cell_is_late_where_others_of_its_row_were_measured_before() -> None:
    assert sheet.late(BLANK) == frozenset()
    old = sheet.measured(BLANK, "box", Run({"quick": 1.5}, 0.3, 0.0))
    old = sheet.measured(old, "cold", Run({"long": "words alone"}, 0.3, 0.0))
    assert sheet.late(old) == {("quick", "cold"), ("quick", "warm")}
    assert sheet.put_together(sheet.put_together(old)).parts == 3


def _told(settings: dict[str, str]) -> Report:
    columns = tuple(one.model_copy(update={"settings": settings if one.key == "box" else {}}) for one in ABOUT.columns)
    return BLANK.model_copy(update={"columns": columns})


def test_samples_of_two_settings_do_not_come_into_one_cell() -> None:
    before, now = _told({"engine": "Box 1"}), _told({"engine": "Box 2"})
    old = sheet.measured(before, "box", Run({"quick": 1.5}, 0.3, 0.0))
    with pytest.raises(UsageError) as refused:
        sheet.resumed(now, old, BATCHES, "there/report.json")
    assert refused.value.message == ("this comparison was begun with other settings: Box, engine was Box 1, then Box 2")
    assert "--out" in refused.value.mend
    unmeasured = sheet.measured(before, "cold", Run({"quick": 1.5}, 0.3, 0.0))
    assert sheet.resumed(now, unmeasured, BATCHES, "there/report.json").column("box").settings == {"engine": "Box 2"}


def test_an_engine_that_is_away_now_leaves_what_it_told_of_its_samples() -> None:
    old = sheet.measured(_told({"engine": "Box 1"}), "box", Run({"quick": 1.5}, 0.3, 0.0))
    assert sheet.resumed(_told({}), old, BATCHES, "there/report.json").column("box").settings == {"engine": "Box 1"}


def test_what_the_computer_told_at_two_times_is_told_twice() -> None:
    first = BLANK.model_copy(update={"host": {**HOST, "kit": "1"}})
    again = sheet.resumed(BLANK.model_copy(update={"host": {**HOST, "kit": "2"}}), first, BATCHES, "report.json")
    assert again.host["kit"] == "1; 2"
    assert (
        sheet.resumed(BLANK.model_copy(update={"host": {**HOST, "kit": "2"}}), again, BATCHES, "report.json").host
        == again.host
    )


def test_another_computers_report_is_not_resumed() -> None:
    old = BLANK.model_copy(update={"host": {**HOST, "processor": "64 cores"}})
    with pytest.raises(UsageError) as refused:
        sheet.resumed(BLANK, old, BATCHES, "there/report.json")
    assert refused.value.message == (
        "this comparison was begun on another computer: its processor is 64 cores, not 2 cores, made up"
    )
    assert refused.value.where == "there/report.json"
