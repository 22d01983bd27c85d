"""docs/long.md: how each of the long tests last ended, on which version of the kit, and which were never run.

    PYTHONPATH=. .venv/bin/python -m benchmarks.long_report FOLDER

`tox -e long` runs them, all or a part, with `--junit-xml` into a folder, and then this. What the runs gave is added to
benchmarks/long-results.json, over what an earlier run of the same tests gave.
"""

import os
import sys
import xml.etree.ElementTree as ElementTree
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import NotRequired, TypedDict

from benchmarks.page import head, line
from benchmarks.runs import commit, deadline
from lab.comparison.measure import circumstances
from lab.host import paths, records
from lab.host.run import run
from lab.substrates import registry

RESULTS = paths.REPO / "benchmarks" / "long-results.json"
PAGE = paths.REPO / "docs" / "long.md"
_OUTCOMES = ("passed", "skipped", "failed")
_HEAD = """# The long tests

`bin/lab test -e long` wrote this page: what CI has no time for, each test as it last ended, and when. A part of them is
run by naming it, on both substrates or on one: `bin/lab test -e long-docker -- tests/cli/test_build.py`. The others
stay."""


class AboutJson(TypedDict):
    """When and on what tests were run."""

    date: str
    commit: str
    system: str


class RunJson(AboutJson):
    """How a test last ended, and the figures that it saw, where it tells them (`record_property("saw", …)`)."""

    outcome: str
    seconds: float
    saw: NotRequired[str]


def main() -> None:
    """Adds what stands in the folder that the command line names: a file for each substrate, named like it."""
    before, where = records.read_json(RESULTS) or {}, circumstances()
    about = AboutJson(date=where["date"], commit=commit(), system=where["system"])
    there = {name: collected(name) for name in registry.NAMES}
    results = {}
    for name, tests in there.items():
        file = Path(sys.argv[1]) / f"{name}.xml"
        new = outcomes(file.read_text(), about) if file.exists() else {}
        results[name] = merged(before.get(name, {}), new, tests)
    records.write_json(RESULTS, results)
    records.write(PAGE, page(results, there))


def collected(substrate: str) -> list[str]:
    """The long tests that this substrate has, by pytest's own account."""
    words = ["--collect-only", "-q", "-m", "long", f"--substrate={substrate}", "--ignore=tests/unit", "tests"]
    env = {"PYTEST_ADDOPTS": ""}
    said = run([sys.executable, "-P", "-m", "pytest", *words], by=deadline(), env=env, cwd=paths.REPO).out
    return [test for test in said.splitlines() if "::" in test]


def outcomes(junit: str, about: AboutJson) -> dict[str, RunJson]:
    """How each test in a file of pytest's ended. One that failed to clean up after it passed has two cases there."""
    found: dict[str, RunJson] = {}
    for case in ElementTree.fromstring(junit).iter("testcase"):
        file = case.get("classname", "").replace(".", os.sep)
        test = f"{file}.py::{case.get('name', '')}"
        outcome, seconds = _outcome(case), float(case.get("time", 0))
        if (other := found.get(test)) is not None:
            outcome, seconds = max(outcome, other["outcome"], key=_OUTCOMES.index), seconds + other["seconds"]
        date, commit_, system = about["date"], about["commit"], about["system"]
        row = RunJson(outcome=outcome, seconds=round(seconds, 1), date=date, commit=commit_, system=system)
        if (saw := case.find("properties/property[@name='saw']")) is not None:
            row["saw"] = saw.get("value", "")
        found[test] = row
    return found


def _outcome(case: ElementTree.Element) -> str:
    if case.find("failure") is not None or case.find("error") is not None:
        return "failed"
    return "skipped" if case.find("skipped") is not None else "passed"


def merged(before: Mapping[str, RunJson], new: Mapping[str, RunJson], there: Collection[str]) -> dict[str, RunJson]:
    """What is known of the tests that are there: the newest outcome of each, whatever it was before."""
    known = {**before, **new}
    return {test: known[test] for test in sorted(there) if test in known}


def page(results: Mapping[str, Mapping[str, RunJson]], there: Mapping[str, Collection[str]]) -> str:
    """The page for what is known of the tests that are there, by substrate."""
    return "\n".join([_HEAD, *(text for name in there for text in _section(name, results[name], there[name]))]) + "\n"


def _section(substrate: str, known: Mapping[str, RunJson], there: Collection[str]) -> Iterator[str]:
    ended = [row["outcome"] for row in known.values()]
    counts = [f"{ended.count(outcome)} {outcome}" for outcome in _OUTCOMES]
    yield f"\n## {substrate}\n"
    yield f"Of {len(there)} tests {', '.join(counts)}, {len(there) - len(ended)} not run.\n"
    yield from head("test", "outcome", "seconds", "when", "commit", "system")
    for test in sorted(there):
        row = known.get(test)
        name = test.removeprefix("tests/").replace("|", "\\|")
        yield line(name, *(_cells(row) if row else ("**not run**", "", "", "", "")))


def _cells(row: RunJson) -> tuple[str, ...]:
    outcome = "**failed**" if row["outcome"] == "failed" else row["outcome"]
    outcome += f": {saw}" if (saw := row.get("saw")) else ""
    return outcome, f"{row['seconds']:.1f}", row["date"], row["commit"], row["system"]


if __name__ == "__main__":
    main()
