"""The page of the long tests, from pytest's own words."""

from benchmarks.long_report import AboutJson, RunJson, merged, outcomes, page

XML = """<testsuites><testsuite>
<testcase classname="tests.cli.test_interrupted" name="test_up[booting, a: b]" time="61.24">
<properties><property name="other" value="1"/><property name="saw" value="2 of 3"/></properties></testcase>
<testcase classname="tests.cli.test_labs" name="test_two" time="3"><failure message="no">trace</failure></testcase>
<testcase classname="tests.cli.test_labs" name="test_setup" time="0.1"><error message="no">trace</error></testcase>
<testcase classname="tests.cli.test_labs" name="test_three" time="0"><skipped message="why"/></testcase>
<testcase classname="tests.cli.test_labs" name="test_left_something" time="2"/>
<testcase classname="tests.cli.test_labs" name="test_left_something" time="1"><error/></testcase>
</testsuite></testsuites>"""
ABOUT = AboutJson(date="today", commit="abc", system="Debian")


def _run(outcome: str, date: str = "today") -> RunJson:
    return RunJson(outcome=outcome, seconds=1.0, date=date, commit="abc", system="Debian")


def test_a_test_is_found_in_a_file_of_pytests_by_the_id_that_is_typed() -> None:
    found = outcomes(XML, ABOUT)
    assert {test: (run["outcome"], run["seconds"]) for test, run in found.items()} == {
        "tests/cli/test_interrupted.py::test_up[booting, a: b]": ("passed", 61.2),
        "tests/cli/test_labs.py::test_two": ("failed", 3.0),
        "tests/cli/test_labs.py::test_setup": ("failed", 0.1),
        "tests/cli/test_labs.py::test_three": ("skipped", 0.0),
        "tests/cli/test_labs.py::test_left_something": ("failed", 3.0),
    }
    assert {test: run["saw"] for test, run in found.items() if "saw" in run} == {
        "tests/cli/test_interrupted.py::test_up[booting, a: b]": "2 of 3"
    }
    assert all(run["commit"] == "abc" and run["date"] == "today" for run in found.values())


def test_what_a_part_gave_stands_beside_what_earlier_parts_gave_and_a_failure_over_an_earlier_pass() -> None:
    before = {"a": _run("passed", "before"), "b": _run("passed", "before"), "gone": _run("passed")}
    found = merged(before, {"b": _run("failed"), "c": _run("passed")}, ["c", "b", "a", "never"])
    assert found == {"a": _run("passed", "before"), "b": _run("failed"), "c": _run("passed")}


def test_the_page_has_a_line_for_each_test_also_for_one_that_was_never_run() -> None:
    saw = RunJson(**_run("passed"), saw="2 of 3")
    results = {"docker": {"tests/cli/x.py::a": saw, "tests/cli/x.py::b[1|2]": _run("failed")}, "vagrant": {}}
    there = {"docker": ["tests/cli/x.py::b[1|2]", "tests/cli/x.py::a"], "vagrant": ["tests/cli/x.py::a"]}
    docker, vagrant = page(results, there).split("## docker")[1].split("## vagrant")
    assert "Of 2 tests 1 passed, 0 skipped, 1 failed, 0 not run." in docker
    assert "| cli/x.py::a | passed: 2 of 3 | 1.0 | today | abc | Debian |" in docker
    assert "| cli/x.py::b[1\\|2] | **failed** | 1.0 | today | abc | Debian |" in docker
    assert "Of 1 tests 0 passed, 0 skipped, 0 failed, 1 not run." in vagrant
    assert "| cli/x.py::a | **not run** |  |  |  |  |" in vagrant
