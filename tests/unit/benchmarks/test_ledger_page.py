"""What the generator and the audit did is kept side by side, and held against what is asked of them."""

from pathlib import Path

import pytest

from benchmarks import ledger_page
from benchmarks.ledger_page import RATE, WRITES, audit, keep, late

WHERE = {"load": "0.1", "commit": "abc"}


def test_each_keeps_its_own_and_the_page_holds_both_against_what_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(ledger_page, "RESULTS", tmp_path / "results.json")
    monkeypatch.setattr(ledger_page, "PAGE", tmp_path / "page.md")
    keep("generator", WHERE, {late(RATE, "p50"): (0.2, "ms"), late(RATE, "p99"): (6.1, "ms")}, dry=False)
    keep("audit", WHERE, {audit(WRITES): (7.5, "s"), audit(WRITES, "memory"): (640, "MB")}, dry=False)
    text = (tmp_path / "page.md").read_text()
    reached = [line.split(" | ")[-1] for line in text.splitlines() if "| at most |" not in line and "too few" in line][
        :3
    ]
    assert reached == ["**no** |", "yes |", "yes |"]
    assert "| begun after due, 1000 requests a second: p50 | 0.2 ms |" in text
    keep("audit", WHERE, {audit(WRITES): (70, "s")}, dry=True)
    assert "**no**" in capsys.readouterr().out
    assert (tmp_path / "page.md").read_text() == text, "a dry run keeps nothing"
