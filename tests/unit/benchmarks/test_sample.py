"""The sample of a comparison: a report that is read again, with the page that the kit makes of it."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from benchmarks import sample
from lab.comparison import page, report
from tests.unit.comparison.reports import measured, row
from tests.unit.comparison.reports import report as of_rows

REPORT = of_rows(row("start", {"box": measured(1.5, 1.25)}))


def test_a_sample_is_a_report_with_its_page(tmp_path: Path) -> None:
    sample.write(REPORT, tmp_path / "here")
    assert report.load(tmp_path / "here") == REPORT
    assert (tmp_path / "here" / "report.html").read_text() == page.render(REPORT)


def test_the_page_is_written_anew_from_the_kept_report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sample, "FOLDER", tmp_path)
    report.save(REPORT, tmp_path)
    done = CliRunner().invoke(sample.main, ["--page"])
    assert done.exit_code == 0, done.output
    assert (tmp_path / "report.html").read_text() == page.render(REPORT)
