"""A verdict has three values: yes, no, and could not be told."""

import os
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from lab.flows import deployment
from lab.flows.verify import Finding, joined, parse
from lab.model.node import Mode, Role
from tests.conftest import REPO
from tests.unit.model.test_plan import TOPOLOGY

JUNIT = """<testsuites><testsuite>
<testcase classname="a" name="test_the_service_runs[worker-1]" time="0.1"/>
<testcase classname="a" name="test_the_service_runs[worker-2]"><failure message="assert 1 == 2&#10;more">
long</failure></testcase>
<testcase classname="a" name="test_root_is_read_only"><error message="failed on setup">long</error></testcase>
<testcase classname="a" name="test_other"><skipped message="not asked"/></testcase>
<testcase classname="a" name="test_half"><properties><property name="found" value="only half"/></properties></testcase>
</testsuite></testsuites>"""


def test_each_check_is_found_with_its_node_and_verdict() -> None:
    assert parse(JUNIT) == [
        Finding("the service runs", "worker-1", True, ""),
        Finding("the service runs", "worker-2", False, "assert 1 == 2"),
        Finding("root is read only", "", None, "failed on setup"),
        Finding("other", "", None, "not asked"),
        Finding("half", "", True, "only half"),
    ]


def test_the_reports_of_two_substrates_become_one_with_a_suite_for_each() -> None:
    whole = joined({"docker": JUNIT, "vagrant": JUNIT.replace("worker-1", "worker-9")})
    suites = ElementTree.fromstring(whole)
    assert suites.tag == "testsuites"
    assert [suite.get("name") for suite in suites] == ["docker", "vagrant"]
    assert parse(ElementTree.tostring(suites[0], encoding="unicode")) == parse(JUNIT)
    assert [finding.node for finding in parse(whole)[5:]] == ["worker-9", "worker-2", "", "", ""]


def test_files_that_there_is_nothing_to_compare_with_could_not_be_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    keys = dict.fromkeys(Role, "0")
    file = deployment.topology_file()
    deployment.intend("test-v", "docker", mode=Mode.STATELESS, workers=1, topology=TOPOLOGY, file=file, keys=keys)
    words = ["--lab", "test-v", "--substrate", "docker", "-k", "committed_list", f"--junit-xml={tmp_path}/junit.xml"]
    subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/infra/test_same_bytes.py", *words],
        cwd=REPO,
        env={**os.environ, "PYTHONPATH": str(REPO)},
        capture_output=True,
        timeout=120,
        check=False,
    )
    findings = parse((tmp_path / "junit.xml").read_text())
    assert [finding.ok for finding in findings] == [None, None, None], "one for each node"
    assert all("is not there, so nothing can be compared with it: run `lab build`" in f.found for f in findings)
    assert not (tmp_path / "cache").exists(), "looking made nothing"


# In place of ssh: no connection, or a machine in which nothing runs and every file is empty.
NO_CONNECTION = "exit 255"
NOTHING_THERE = 'case "$*" in *encoding*) echo UTF-8 ;; esac'


@pytest.mark.parametrize(("ssh", "service", "key"), [(NO_CONNECTION, None, None), (NOTHING_THERE, False, True)])
def test_a_node_that_cannot_be_asked_has_not_said_no(
    ssh: str, service: bool | None, key: bool | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    (tmp_path / "ssh").write_text(f"#!/bin/sh\n{ssh}\n")
    (tmp_path / "ssh").chmod(0o755)
    file, keys = deployment.topology_file(), dict.fromkeys(Role, "0")
    deployment.intend("test-v", "vagrant", mode=Mode.STATELESS, workers=1, topology=TOPOLOGY, file=file, keys=keys)
    words = ["--lab", "test-v", "--substrate", "vagrant", "-k", "test_the_service_runs or own_key"]
    told = [f"--junit-xml={tmp_path}/junit.xml", "tests/infra/test_nodes.py"]
    subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *told, *words],
        cwd=REPO,
        env={**os.environ, "PYTHONPATH": str(REPO), "PATH": f"{tmp_path}:{os.environ['PATH']}"},
        capture_output=True,
        timeout=120,
        check=False,
    )
    findings = parse((tmp_path / "junit.xml").read_text())
    asked = {"the service runs": service, "the service runs as whom it should": service}
    wanted = {**asked, "the labs own key alone opens a node": key}
    assert {(found.check, found.ok) for found in findings} == {*wanted.items()}
    assert len(findings) == 3 * 3, "one for each node"


@pytest.mark.parametrize(
    ("mode", "asked", "not_asked"),
    [
        (Mode.STATELESS, "test_a_workers_root_is_read_only", "on_that_workers_own_disk_alone"),
        (Mode.STATEFUL, "on_that_workers_own_disk_alone", "test_a_workers_root_is_read_only"),
    ],
)
def test_a_lab_is_asked_for_what_its_mode_promises(
    mode: Mode, asked: str, not_asked: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    file, keys = deployment.topology_file(), dict.fromkeys(Role, "0")
    deployment.intend("test-v", "docker", mode=mode, workers=1, topology=TOPOLOGY, file=file, keys=keys)
    words = ["--collect-only", "-q", "-p", "no:cacheprovider", "--lab", "test-v", "--substrate", "docker"]
    listed = subprocess.run(
        [sys.executable, "-P", "-m", "pytest", *words, "tests/infra"],
        cwd=REPO,
        env={**os.environ, "PYTHONPATH": str(REPO)},
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    ).stdout
    assert "test_the_service_runs[worker-1]" in listed
    assert asked in listed
    assert not_asked not in listed
