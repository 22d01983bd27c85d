"""Which command puts a machine to sleep or wakes it, by its state; and how a woken one gets the right time."""

import os
import time
from pathlib import Path

import pytest

from lab.model.deadline import Deadline
from lab.model.node import NodeName, Role
from lab.substrates.base import Reach
from lab.substrates.vagrant import machines, ssh
from lab.substrates.vagrant.names import title

W1, W2, W3, W4, W5 = (NodeName(Role.WORKER, number) for number in range(1, 6))
STATES = {W1: "running", W2: "paused", W3: "saved", W4: "shut off"}
# Answers the list of all machines, and notes what else it is told.
VIRSH = """#!/bin/sh
shift 3
case $1 in
    list) cat "$0.table" ;;
    *) echo "$@" >>"$0.log" ;;
esac
"""
# Refuses its first connection, as a machine does that is just being woken, and notes what it is told after that.
NODE = """#!/bin/sh
if [ ! -e "$0.met" ]; then touch "$0.met"; echo "connection refused" >&2; exit 255; fi
echo "$@" >>"$0.log"
"""


@pytest.fixture
def by() -> Deadline:
    return Deadline.after(30, "one test")


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What virsh was told to do with the machines in the table above."""
    program = _program(tmp_path / "virsh", VIRSH)
    rows = [f" -   labkit-blue_{name}   {state}   {title('blue', name, 'ab')}\n" for name, state in STATES.items()]
    (tmp_path / "virsh.table").write_text("".join(rows))
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    return program.with_name("virsh.log")


def _program(path: Path, text: str) -> Path:
    path.write_text(text)
    path.chmod(0o755)
    return path


def test_only_a_machine_that_runs_or_is_paused_is_put_to_sleep_and_will_run_when_it_wakes(
    log: Path, by: Deadline
) -> None:
    machines.sleep("blue", [W1, W2, W3, W4, W5], by)
    told = ["managedsave --running labkit-blue_worker-1", "managedsave --running labkit-blue_worker-2"]
    assert sorted(log.read_text().splitlines()) == told


def test_only_a_machine_that_sleeps_is_woken_and_who_runs_is_told(log: Path, by: Deadline) -> None:
    assert machines.wake("blue", [W5, W4, W3, W2, W1], by) == [W1]
    assert sorted(log.read_text().splitlines()) == ["resume labkit-blue_worker-2", "start labkit-blue_worker-3"]


def test_nobody_to_wake_is_nothing_to_do(log: Path, by: Deadline) -> None:
    assert machines.wake("blue", [], by) == []
    assert not log.exists()


def test_the_time_is_told_over_a_connection_that_is_open(tmp_path: Path, by: Deadline) -> None:
    node = _program(tmp_path / "node", NODE)
    ssh.set_clock(Reach((str(node),), (), False, "node"), W1, by)
    opening, setting = (tmp_path / "node.log").read_text().splitlines()
    assert opening == "true"
    assert abs(float(setting.removeprefix("date --set=@")) - time.time()) < 10
