"""Vagrant, run by us: what is tried again. The program is a script that fails as Vagrant was seen to fail."""

import subprocess
import sys
from pathlib import Path

import pytest

from lab.model.deadline import Deadline
from lab.model.errors import LabError
from lab.model.node import STORE
from lab.substrates.vagrant.tool import Tool
from tests.conftest import REPO


def vagrant_that(fails: int, saying: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A `vagrant` on PATH that fails so many times; gives the file that has a line for each time it ran."""
    ran = folder / "ran"
    program = folder / "vagrant"
    program.write_text(
        f'#!/bin/sh\necho run >>{ran}\n[ "$(wc -l <{ran})" -gt {fails} ] || {{ echo "{saying}"; exit 1; }}\n'
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    return ran


def test_nobody_hears_of_a_vagrant_that_is_missing_before_it_is_needed() -> None:
    code = "from lab.substrates.vagrant import tool; print(tool.__name__)"
    words, env = [sys.executable, "-P", "-c", code], {"PYTHONPATH": str(REPO), "PATH": "/nowhere"}
    done = subprocess.run(words, env=env, capture_output=True, text=True, check=False, timeout=60)
    assert (done.stdout, done.stderr) == ("lab.substrates.vagrant.tool\n", "")


SLOW = "timeout during server version negotiating"


@pytest.mark.parametrize("fails", [1, 2])
def test_a_machine_that_is_slow_to_say_its_first_word_is_waited_for_again(
    fails: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran = vagrant_that(fails, SLOW, tmp_path, monkeypatch)
    Tool(tmp_path, Deadline.after(60, "test")).bring_up([STORE])
    assert len(ran.read_text().splitlines()) == fails + 1


@pytest.mark.parametrize(("saying", "times"), [(SLOW, 3), ("no such box", 1)])
def test_it_ends_and_any_other_failure_is_told_at_once(
    saying: str, times: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran = vagrant_that(99, saying, tmp_path, monkeypatch)
    with pytest.raises(LabError, match=saying):
        Tool(tmp_path, Deadline.after(60, "test")).bring_up([STORE])
    assert len(ran.read_text().splitlines()) == times


def test_a_failure_is_told_in_vagrants_words_and_not_by_where_in_its_code_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As Vagrant ends when several machines were asked for at once.
    frames = "\n".join([f"/usr/lib/vagrant/action/warden.rb:{line}:in `call'" for line in range(40)])
    vagrant_that(9, f"the machine has no network\n{frames}".replace("`", "'"), tmp_path, monkeypatch)
    with pytest.raises(LabError, match="no network") as told:
        Tool(tmp_path, Deadline.after(60, "test")).bring_up([STORE])
    assert "warden.rb" not in told.value.message
