"""`lab verify`: the suite in tests/infra on a running lab, each check by name with what it found."""

import os
import sys
import tempfile
import xml.etree.ElementTree as ElementTree
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from lab.flows import deployment
from lab.host import paths
from lab.host.run import run
from lab.model.deadline import Deadline
from lab.model.errors import LabError, UnknownError
from lab.model.node import State

# pytest's exit codes: "Exit codes" in its manual. 2 to 4 mean that nothing could be told.
_PYTEST = {0: "all passed", 1: "some failed"}


@dataclass(frozen=True)
class Finding:
    """One check: `ok` is None where it could not be told."""

    check: str
    node: str
    ok: bool | None
    found: str

    def as_json(self) -> dict[str, object]:
        """The shape that `verify --json` promises."""
        return asdict(self)


def refuse_unless_up(lab: str, substrate: str, by: Deadline) -> None:
    """Raises UnknownError where the engine does not tell of the lab, or a node of it does not run: a check that nobody
    answers has not said no."""
    found = deployment.load(lab, substrate)
    try:
        states = found.states(by)
    except LabError as error:
        raise UnknownError(error.message, where=error.where, mend=error.mend) from error
    seen = {spec.name: states.get(spec.name, State.ABSENT) for spec in found.plan.awake()}
    if away := [f"{name} is {state}" for name, state in seen.items() if state is not State.RUNNING]:
        verb = "wake" if State.SLEEPING in seen.values() else "up"
        raise UnknownError(
            f"what does not run cannot be checked: {', '.join(away)}",
            where=f"lab {lab} on {substrate}",
            mend=found.typed(f"{verb} @"),
        )


def verify(lab: str, substrate: str, by: Deadline) -> str:
    """What the suite said of a running lab on a substrate, as JUnit XML."""
    deployment.load(lab, substrate)
    suite = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(paths.REPO / "tests" / "infra")]
    where = f"lab {lab} on {substrate}"
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "junit.xml"
        result = run(
            [*suite, "--lab", lab, "--substrate", substrate, f"--junit-xml={report}"],
            by=by,
            ok={**_PYTEST, 2: "interrupted", 3: "internal error", 4: "usage error", 5: "no tests"},
            cwd=paths.REPO,
            env={"PYTHONPATH": str(paths.REPO), "PATH": os.environ["PATH"]},
            where=where,
        )
        if result.status not in _PYTEST:
            raise UnknownError(
                f"the suite did not run: {result.meaning}\n{result.out[-2000:]}", where=where, mend="`lab doctor`"
            )
        return report.read_text()


def joined(reports: Mapping[str, str]) -> str:
    """One JUnit report from those of several substrates: a suite for each, named after it. Pure."""
    whole = ElementTree.Element("testsuites")
    for substrate, report in reports.items():
        for suite in ElementTree.fromstring(report).iter("testsuite"):
            suite.set("name", substrate)
            whole.append(suite)
    return ElementTree.tostring(whole, encoding="unicode", xml_declaration=True)


def parse(junit: str) -> list[Finding]:
    """The findings in a JUnit report. A test that failed to set up could not be told; a skipped one neither. Pure."""
    return [_finding(case) for case in ElementTree.fromstring(junit).iter("testcase")]


def _finding(case: ElementTree.Element) -> Finding:
    name, _, parameter = case.get("name", "").partition("[")
    failure, error, skipped = case.find("failure"), case.find("error"), case.find("skipped")
    problem = next((found for found in (error, failure, skipped) if found is not None), None)
    ok = None if error is not None or skipped is not None else failure is None
    # A check that said yes may have a remark.
    remark = case.find("properties/property[@name='found']")
    text = (problem.get("message") or problem.text or "").strip() if problem is not None else ""
    if problem is None and remark is not None:
        text = remark.get("value", "")
    return Finding(in_words(name), parameter.rstrip("]"), ok, text.splitlines()[0] if text else "")


def in_words(test: str) -> str:
    """A test's name as a sentence."""
    return test.removeprefix("test_").replace("_", " ")
