"""What terminal and page say of a cell, and with what it was measured."""

import re

import pytest

from lab.comparison import table
from lab.comparison.report import Cell, Column
from tests.unit.comparison import made_up

REPORT = made_up.report()
START = REPORT.rows[0]


def test_a_cell_says_its_median_its_interval_and_how_many_runs_it_had() -> None:
    said = table.entry(START, Cell(state="measured", samples=tuple(1 + n / 100 for n in range(20))))
    assert said.value == "1.10 s"
    assert re.fullmatch(r"1\.0\d to 1\.1\d s, 20 runs, 95 % below 1\.18 s", said.detail)


def test_few_runs_have_no_percentile_and_one_has_no_interval() -> None:
    assert table.entry(START, Cell(state="measured", samples=(1.0, 3.0))).detail == "2 runs, all in 1.00 to 3.00 s"
    assert table.entry(START, Cell(state="measured", samples=(1.0,))).detail == "1 run"


def test_runs_that_are_all_alike_have_nothing_else_to_tell() -> None:
    assert table.entry(START, Cell(state="measured", samples=(0.0,) * 20)).detail == "20 runs, all alike"


def test_an_interval_that_reaches_from_end_to_end_is_told_once() -> None:
    samples = (1.0, 1.0, 1.0, 2.0, 2.0, 2.0)
    assert table.entry(START, Cell(state="measured", samples=samples)).detail == "1.00 to 2.00 s, 6 runs"


def test_few_runs_show_the_lowest_and_the_highest_and_no_interval() -> None:
    samples = (1.0, 1.5, 2.0, 1.2, 1.7)
    assert table.entry(START, Cell(state="measured", samples=samples)).detail == "5 runs, all in 1.00 to 2.00 s"


def test_what_was_not_measured_says_why() -> None:
    said = table.entry(START, Cell(state="not measured", reason="needs root"))
    assert (said.value, said.told, said.figure) == ("not measured", "not measured: needs root", None)


def test_what_failed_is_no_figure_though_it_has_samples() -> None:
    said = table.entry(START, Cell(state="failed", reason="it hung", samples=(1.0, 2.0)))
    assert (said.value, said.detail) == ("failed", "it hung")


def test_what_is_doubtful_is_marked() -> None:
    said = table.entry(START, Cell(state="measured", samples=(1.0,), noisy=True, extrapolated=True, note="to 16"))
    assert said.marks == ("noisy", "extrapolated")
    assert said.told == "1.00 s (noisy, extrapolated): 1 run; to 16"


def test_a_row_of_words_says_what_was_seen() -> None:
    words = next(row for row in REPORT.rows if row.kind == "words")
    assert (
        table.entry(words, Cell(state="measured", text="6.18", note="this computer's")).told == "6.18: this computer's"
    )


def test_all_rows_are_told_once_in_the_order_of_the_groups() -> None:
    found = table.tables(REPORT)
    assert [one.group for one in found] == list(dict.fromkeys(one.group for one in found))
    assert [one.group for one in found][:3] == ["start", "life", "memory"]
    assert sorted(line.row.name for one in found for line in one.lines) == sorted(row.name for row in REPORT.rows)
    assert any(line.published for one in found for line in one.lines)


def _column(key: str, title: str, **settings: str) -> Column:
    return Column(key=key, title=title, substrate=key.partition("-")[0], settings=settings)


@pytest.mark.parametrize(
    ("columns", "told"),
    [
        ([_column("a", "A", engine="A 1", disk="x"), _column("b", "B")], "A: engine A 1, disk x"),
        ([_column("a-cold", "A VM, cold", v="1"), _column("a-warm", "A VM, warm", v="1")], "A VM: v 1"),
        ([_column("a", "A", v="1", w="2"), _column("a-tuned", "A, tuned", v="1", w="3")], "A: v 1, w 2; A, tuned: w 3"),
        ([_column("a", "A", v="1"), _column("b", "B", v="1")], "A: v 1; B: v 1"),
        ([], ""),
    ],
)
def test_circumstances_are_told_once_and_differences_alone(columns: list[Column], told: str) -> None:
    assert table.circumstances(columns) == told
