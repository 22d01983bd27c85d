"""What is shown while something goes on."""

from collections.abc import Callable

import pytest
from rich.table import Table

from lab.cli import live
from lab.substrates.base import Report


def drawn(count: int) -> Table:
    table = Table("visitors")
    table.add_row(f"{count} of them")
    return table


def work(watch: Callable[[int], None], report: Report) -> str:
    watch(3)
    report("begun")
    watch(4)
    return "done"


@pytest.mark.parametrize("is_terminal", [True, False])
def test_on_a_terminal_what_is_seen_is_drawn_and_anywhere_what_is_reported_is_printed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], is_terminal: bool
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1" if is_terminal else "")
    assert live.shown(drawn, work) == "done"
    told = capsys.readouterr()
    assert told.out == ""
    assert " s  begun\n" in told.err
    assert [f"{count} of them" in told.err for count in (3, 4)] == [is_terminal] * 2
