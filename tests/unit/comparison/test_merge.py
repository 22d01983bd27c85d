"""Two reports as one."""

import pytest
from hypothesis import assume, given

from lab.comparison.merge import merged
from lab.comparison.report import Cell, Prediction, Report
from lab.model.errors import UsageError
from tests.unit.comparison.reports import BARE, BOX, COLD, HOST, measured, report, reports, row

FAILED = Cell(state="failed", reason="it broke")
NOT = Cell(state="not measured", reason="needs root")


def _or_refusal(one: Report, other: Report) -> Report | str:
    try:
        return merged(one, other)
    except UsageError as refused:
        return refused.message


@given(reports(), reports())
def test_it_does_not_matter_which_comes_first(one: Report, other: Report) -> None:
    assert _or_refusal(one, other) == _or_refusal(other, one)


@given(reports((BARE, BOX)), reports((COLD,)))
def test_reports_of_different_columns_lose_nothing(one: Report, other: Report) -> None:
    both = merged(one, other)
    assert Report.model_validate_json(both.model_dump_json()) == both
    for report_ in (one, other):
        for each in report_.rows:
            whole = both.row(each.name)
            assert whole is not None
            assert {key: whole.cells[key] for key in each.cells} == each.cells
    assert both.complete == (one.complete and other.complete)


@given(reports())
def test_a_report_with_itself_is_itself_but_for_the_order(one: Report) -> None:
    both = merged(one, one)
    assert sorted(both.columns, key=lambda column: column.key) == sorted(one.columns, key=lambda column: column.key)
    assert both.rows == one.rows
    assert both.host == one.host


def test_what_was_seen_stands_before_what_was_not() -> None:
    first = report(row("a", {"bare": measured(1), "box": FAILED, "machine-cold": NOT}))
    second = report(row("a", {"bare": NOT, "box": measured(2), "machine-cold": FAILED}))
    assert merged(first, second).rows[0].cells == {"bare": measured(1), "box": measured(2), "machine-cold": FAILED}


def test_the_same_measured_twice_with_two_results_is_refused() -> None:
    first, second = report(row("a", {"box": measured(1)})), report(row("a", {"box": measured(2)}))
    with pytest.raises(UsageError) as refused:
        merged(first, second)
    assert refused.value.message == (
        "these two cannot be put together: both have measured the same, and found something else"
    )
    assert refused.value.where == "row a, column box"
    assert "lab compare diff" in refused.value.mend


def test_two_computers_are_not_put_together() -> None:
    other = report(row("a", {"box": measured(1)})).model_copy(update={"host": {**HOST, "memory": "9 GiB"}})
    with pytest.raises(UsageError, match="another computer: its memory is 1 GiB, not 9 GiB"):
        merged(report(row("a", {"bare": measured(1)})), other)


def test_other_settings_of_one_column_are_refused() -> None:
    tuned = BOX.model_copy(update={"settings": {"engine": "Box 2"}})
    with pytest.raises(UsageError, match="column Box was measured with other settings") as refused:
        merged(report(columns=(BOX,)), report(columns=(tuned,)))
    assert refused.value.mend.startswith("measure the older one again as things are now")


def test_a_report_that_does_not_tell_what_its_workers_were_made_from_is_not_put_to_one_that_does() -> None:
    newer = BOX.model_copy(update={"settings": {**BOX.settings, "worker build": "abc"}})
    with pytest.raises(UsageError, match="other settings: worker build was not told, then abc"):
        merged(report(columns=(BOX,)), report(columns=(newer,), made_at="2026-11-27T12:00:00Z"))


def test_an_engine_that_was_away_takes_the_settings_that_the_other_knows() -> None:
    away = BOX.model_copy(update={"settings": {}})
    assert merged(report(columns=(BOX,)), report(columns=(away,))).columns == (BOX,)


def test_another_unit_of_one_row_is_refused() -> None:
    with pytest.raises(UsageError, match="row A has another unit in each"):
        merged(report(row("a", {}, "s")), report(row("a", {}, "ms")))


def test_what_was_told_at_two_times_is_told_twice() -> None:
    later = report(made_at="2026-11-27T12:00:00Z").model_copy(update={"host": {**HOST, "load": "3.0"}})
    both = merged(later, report())
    assert both.host["load"] == "0.1; 3.0"
    assert both.made_at == later.made_at


def test_a_bare_process_comes_first_and_guesses_are_kept() -> None:
    guess = Prediction(row="a", column="box", guess=2.0)
    first = report(row("a", {}), columns=(BOX,)).model_copy(update={"predictions": (guess,)})
    both = merged(first, report(row("a", {}), columns=(COLD, BARE)))
    assert [column.key for column in both.columns] == ["bare", "box", "machine-cold"]
    assert both.predictions == (guess,)


@given(reports(), reports())
def test_what_is_put_together_is_a_report(one: Report, other: Report) -> None:
    both = _or_refusal(one, other)
    assume(isinstance(both, Report))
    assert isinstance(both, Report)
    assert Report.model_validate_json(both.model_dump_json()) == both


def test_of_how_many_comparisons_it_was_put_together_is_kept() -> None:
    first, second, third = (report(columns=(one,)) for one in (BARE, BOX, COLD))
    both = merged(first, second)
    assert (first.parts, both.parts, merged(both, third).parts) == (1, 2, 3)
    assert merged(first, first).parts == 1
