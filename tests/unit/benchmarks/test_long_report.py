"""The page of the long tests, from pytest's own words."""

from pathlib import Path

from benchmarks.long_report import page

XML = """<testsuites><testsuite>
<testcase classname="tests.cli.test_interrupted" name="test_up[booting]" time="61.24"/>
<testcase classname="tests.cli.test_labs" name="test_two" time="3"><failure message="no">trace</failure></testcase>
<testcase classname="tests.cli.test_labs" name="test_setup" time="0.1"><error message="no">trace</error></testcase>
<testcase classname="tests.cli.test_labs" name="test_three" time="0"><skipped message="why"/></testcase>
</testsuite></testsuites>"""


def test_each_test_has_its_line_and_what_failed_stands_out(tmp_path: Path) -> None:
    (tmp_path / "docker.xml").write_text(XML)
    lines = page([tmp_path / "docker.xml"], {"date": "today"}).splitlines()
    assert "date: today." in lines
    assert "1 of 4 passed." in lines
    assert "| test_interrupted: test_up[booting] | passed | 61.2 |" in lines
    assert "| test_labs: test_two | **failed** | 3.0 |" in lines
    assert "| test_labs: test_setup | **failed** | 0.1 |" in lines
    assert "| test_labs: test_three | skipped | 0.0 |" in lines


def test_a_run_that_did_not_end_is_told(tmp_path: Path) -> None:
    text = page([tmp_path / "vagrant.xml"], {})
    assert "## vagrant\n\nDid not run to its end." in text
