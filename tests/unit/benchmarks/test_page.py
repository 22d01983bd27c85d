"""The page of what was measured."""

from benchmarks.demands import DEMANDS
from benchmarks.page import RowJson, missed, page

QUIET = {"load": "0.2"}


def _row(*values: float, unit: str = "s") -> RowJson:
    return {"unit": unit, "values": list(values), "loads": [0.5] * len(values)}


def _line(text: str, begin: str) -> str:
    return next(line for line in text.splitlines() if line.startswith(f"| {begin}"))


def test_a_demand_that_was_reached_says_so_with_its_interval() -> None:
    text = page({"docker": {"circumstances": QUIET, "rows": {"lab --help": _row(0.1, 0.1, 0.1, 0.11, 0.11, 0.11)}}})
    assert _line(text, "`lab --help`") == "| `lab --help` | 0.25 s | 0.105 s | 0.1 to 0.11 | 6 | yes |"


def test_a_demand_that_was_missed_says_so() -> None:
    rows = {"lab up docker": _row(3.0), "compose up of the rendered file": _row(2.0)}
    text = page({"docker": {"circumstances": QUIET, "rows": rows}})
    assert _line(text, "`up docker` / Compose") == (
        "| `up docker` / Compose | 1 x | 1.5 x | too few runs | 1 | **no** |"
    )


def test_a_script_knows_what_was_missed_and_nothing_of_what_was_not_measured() -> None:
    rows = {"lab up docker": _row(3.0), "compose up of the rendered file": _row(2.0), "lab --help": _row(0.1)}
    assert missed({"docker": {"circumstances": QUIET, "rows": rows}}) == ["`up docker` / Compose"]
    assert missed({}) == []


def test_what_was_not_measured_is_not_known() -> None:
    text = page({})
    assert text.count("| not measured |  | 0 | not known |") == len(DEMANDS)


def test_every_row_stands_with_its_spread_and_load() -> None:
    text = page({"docker": {"circumstances": {**QUIET, "date": "today"}, "rows": {"a row": _row(1, 2, 3, unit="MB")}}})
    assert "date: today" in text
    assert _line(text, "a row") == "| a row | 2 MB | too few runs | 3 | 1 | 3 | 0.5 |"


def test_a_busy_computer_is_told_of() -> None:
    rows = {"a row": _row(1)}
    assert "was busy" in page({"docker": {"circumstances": {"load": "3.1"}, "rows": rows}})
    assert "was busy" not in page({"docker": {"circumstances": QUIET, "rows": rows}})
