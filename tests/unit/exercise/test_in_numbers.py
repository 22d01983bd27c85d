"""Which reports the ninth exercise takes for the learner's own, and what it takes from them."""

from collections.abc import Mapping
from datetime import UTC, datetime
from types import ModuleType

import pytest

from lab.comparison.report import Cell, Column, Report, RowResult
from tests.unit.exercise import loaded

HERE = {"processor": "2 cores, made up", "memory": "1 GiB"}
MADE_AT = "2026-11-26T12:00:00Z"
BEGAN_AT = datetime(2026, 11, 26, 12, tzinfo=UTC).timestamp()
COLUMNS = (
    Column(key="bare", title="Bare process"),
    Column(key="cold", title="Machine, cold", substrate="machine"),
    Column(key="warm", title="Machine, warm", substrate="machine"),
)


@pytest.fixture(scope="module")
def check() -> ModuleType:
    return loaded.check_of("09-in-numbers")


def cell(*samples: float) -> Cell:
    return Cell(state="measured", samples=samples) if samples else Cell(state="failed", reason="it fell over")


def made_up(cells: Mapping[str, Cell], **changes: object) -> Report:
    row = RowResult(
        name="start",
        title="Start",
        unit="s",
        kind="time",
        better="lower",
        measures="What it measures.",
        why="Why it differs.",
        group="start",
        cells=dict(cells),
    )
    whole = Report(made_at=MADE_AT, host=HERE, columns=COLUMNS, rows=(row,), complete=True)
    return whole.model_copy(update=changes)


@pytest.mark.parametrize(
    ("changes", "whole", "cut", "says"),
    [
        ({}, 1, 0, "Nothing was measured yet"),
        ({"complete": False}, 0, 1, "This measurement was cut off"),
        ({"made_at": "2026-11-26T11:59:00Z"}, 0, 0, "These are somebody's figures"),
        ({"host": {**HERE, "processor": "16 cores"}}, 0, 0, "These are somebody's figures"),
    ],
)
def test_a_report_counts_that_was_begun_here_after_the_exercise_and_has_gone_to_its_end(
    check: ModuleType, changes: Mapping[str, object], whole: int, cut: int, says: str
) -> None:
    # Half a second after a report that is written in whole seconds.
    seen = check.sorted_out([made_up({"cold": cell(1.0)}, **changes)], BEGAN_AT + 0.5, HERE)
    assert (len(seen.whole), len(seen.cut)) == (whole, cut)
    assert len(seen.others) == 1 - whole - cut
    assert whole or says in check._none(seen)


def test_what_was_made_from_nothing_counts_and_of_two_reports_the_one_with_more_runs(check: ModuleType) -> None:
    few, more = made_up({"cold": cell(1.0), "warm": cell(1.0, 2.0, 3.0)}), made_up({"cold": cell(1.0, 2.0)})
    assert check.best([few, more], "machine", "start") == cell(1.0, 2.0)
    assert check.best([made_up({"cold": cell()}), few], "machine", "start") == cell(1.0)
    assert check.best([few], "machine", "memory") is None
    assert check.best([few], "box", "start") is None


@pytest.mark.parametrize(
    ("found", "says"),
    [(None, "says nothing of a start"), (cell(), "it fell over"), (cell(1.0), "measured once is a story")],
)
def test_a_start_that_is_not_enough_gets_its_own_message(check: ModuleType, found: Cell | None, says: str) -> None:
    assert says in check._too_few(found, "machine")
