"""`lab verify` as it is typed: a table, JSON, JUnit XML, and an exit code that says what came of it."""

import json
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from lab.flows import deployment
from lab.flows.deployment import Deployment
from lab.host import paths
from lab.model.deadline import Deadline
from lab.model.plan import WORKER_PORT
from tests.conftest import type_lab, type_well

SAYS = "the labs secrets are readable for their owner only"


@pytest.fixture
def words(running_lab: Deployment) -> list[str]:
    return ["verify", running_lab.plan.substrate, "--name", running_lab.lab]


# To make the worker again takes a machine a while.
@pytest.mark.long("vagrant")
def test_a_lab_of_which_a_worker_is_away_could_not_be_told(words: list[str], whole: Deployment) -> None:
    type_well("kill", f"{words[1]}/worker-1", "--name", whole.lab)
    gave = type_lab(*words)
    assert (gave.code, gave.out) == (3, "")
    assert "error: what does not run cannot be checked: worker-1 is absent\n" in gave.err
    assert f"`lab up {words[1]} --name {whole.lab}`" in gave.err


# The suite takes ten seconds on containers and minutes on machines, and CI runs it once without the verb anyway.
@pytest.mark.long("vagrant")
def test_a_lab_that_is_right_gets_a_table_a_report_and_0_whoever_has_its_lock(
    words: list[str], running_lab: Deployment, by: Deadline, tmp_path: Path
) -> None:
    file = tmp_path / "verify.xml"
    with deployment.changing(running_lab.lab, "test", by):
        lines = type_well(*words, "--junit", str(file)).out.splitlines()
    assert {line.split()[0] for line in lines} == {"ok"}
    assert any(line.split()[1:3] == [words[1], "worker-1"] and line.endswith("the service runs") for line in lines)
    suites = ElementTree.fromstring(file.read_text())
    assert [(suite.get("name"), len(suite)) for suite in suites] == [(words[1], len(lines))]


@pytest.fixture
def opened(running_lab: Deployment) -> Iterator[Path]:
    """A secret of the lab that everybody on this computer can read."""
    secret = next((paths.lab(running_lab.lab) / "secrets").glob("*"))
    secret.chmod(0o644)
    yield secret
    secret.chmod(0o600)


@pytest.mark.long
def test_a_check_that_says_no_is_told_and_exits_1(words: list[str], opened: Path) -> None:
    gave = type_lab(*words, "--json")
    assert gave.code == 1, gave.err
    found = json.loads(gave.out)[words[1]]
    assert [row["check"] for row in found if row["ok"] is False] == [SAYS], opened
    assert all(set(row) == {"check", "node", "ok", "found"} for row in found)


@pytest.mark.long
def test_what_there_is_nothing_to_compare_with_is_marked_and_exits_3(words: list[str], tmp_path: Path) -> None:
    gave = type_lab(*words, env={"XDG_CACHE_HOME": str(tmp_path)})
    assert gave.code == 3, gave.err
    marks = {line.split()[0] for line in gave.out.splitlines()}
    assert marks == {"ok", "??"}
    assert "is not there, so nothing can be compared with it: run `lab build`" in gave.out


@pytest.mark.long
def test_a_lab_whose_workers_keep_what_they_are_given_is_right_too(substrate_name: str) -> None:
    lab = "test-keeps"
    try:
        type_well("up", substrate_name, "--stateful", "--name", lab)
        found = json.loads(type_well("verify", substrate_name, "--json", "--name", lab).out)[substrate_name]
        addresses = [spec.address for spec in deployment.load(lab, substrate_name).plan.workers()]
        left = [httpx.get(f"http://{one}:{WORKER_PORT}/files", timeout=60, trust_env=False).json() for one in addresses]
    finally:
        type_well("destroy", substrate_name, "--volumes", "--yes", "--name", lab)
    checks = {row["check"] for row in found}
    assert "a file written through one worker is on that workers own disk alone" in checks
    assert "a workers root is read only and a write fails" not in checks
    assert left == [{"files": []}] * 2
