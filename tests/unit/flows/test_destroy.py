"""Who destroys a lab ends its autoscaler, but not before it is known that they may."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from lab.flows import deployment, destroy
from lab.model.deadline import Deadline
from lab.model.errors import UsageError
from lab.model.node import Mode
from tests.conftest import REPO
from tests.unit.model.test_plan import KEYS, TOPOLOGY

_HOLD = """
import sys, time
from contextlib import ExitStack
from lab.flows import leases
from lab.host import lock
with ExitStack() as held:
    if "autoscale" in sys.argv:
        held.enter_context(leases.leased("blue", "autoscale", "autoscale docker"))
    if "lock" in sys.argv:
        held.enter_context(lock.held(leases.changes("blue"), sys.argv[1], is_brief=sys.argv[1] == "autoscale"))
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def by() -> Deadline:
    return Deadline.after(30, "one test")


@pytest.fixture
def removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The labs that were removed from an engine that has lab blue."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    file, removed = deployment.topology_file(), list[str]()
    lab = deployment.intend("blue", "docker", mode=Mode.STATELESS, workers=1, topology=TOPOLOGY, file=file, keys=KEYS)
    monkeypatch.setattr(type(lab.substrate), "remove", lambda _self, name, *_, **__: removed.append(name))
    return removed


def holder(*words: str) -> "subprocess.Popen[str]":
    process = subprocess.Popen(
        [sys.executable, "-c", _HOLD, *words], stdout=subprocess.PIPE, text=True, cwd=REPO, env=os.environ.copy()
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_beside_somebody_else_it_is_refused_and_the_autoscaler_goes_on(by: Deadline, removed: list[str]) -> None:
    with holder("autoscale") as scaler, holder("up", "lock") as other:
        with pytest.raises(UsageError, match=rf"`lab up` \(pid {other.pid}\) is at work on this"):
            destroy.destroy("blue", ["docker"], lambda _: None, by, volumes=False)
        assert (scaler.poll(), removed) == (None, [])
        for process in (scaler, other):
            process.kill()


def test_an_autoscaler_that_makes_a_change_is_ended(by: Deadline, removed: list[str]) -> None:
    told: list[str] = []
    with holder("autoscale", "lock") as scaler:
        destroy.destroy("blue", ["docker"], told.append, by, volumes=False)
        assert scaler.poll() is not None
    assert (told, removed) == (["ended the autoscaler of docker"], ["blue"])
