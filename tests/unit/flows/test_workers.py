"""Whom `replace` replaces, where somebody else changed the lab meanwhile; what `kill` says becomes of the lab."""

import os
from pathlib import Path

import pytest

from lab.flows import deployment, workers
from lab.flows.leases import leased
from lab.model.deadline import Deadline
from lab.model.errors import UsageError
from lab.model.node import Mode, NodeName, Role
from tests.unit.model.test_plan import KEYS, TOPOLOGY


def test_one_that_is_not_wanted_any_more_is_not_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    file = deployment.topology_file()
    lab = deployment.intend("blue", "docker", mode=Mode.STATELESS, workers=2, topology=TOPOLOGY, file=file, keys=KEYS)
    deployment.restaff(lab, [1], pool=[])
    with pytest.raises(UsageError) as raised:
        workers.replace(lab, NodeName(Role.WORKER, 2), lambda _: None, Deadline.after(10, "one test"))
    assert raised.value.message == "lab blue on docker has no worker-2"


def test_a_kill_says_who_replaces_the_worker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    file = deployment.topology_file()
    lab = deployment.intend("blue", "docker", mode=Mode.STATELESS, workers=2, topology=TOPOLOGY, file=file, keys=KEYS)
    monkeypatch.setattr(type(lab.substrate), "destroy", lambda *_: None)
    told, by = list[str](), Deadline.after(10, "one test")
    workers.kill(lab, NodeName(Role.WORKER, 2), told.append, by)
    with leased("blue", "autoscale", "autoscale vagrant"):
        workers.kill(lab, NodeName(Role.WORKER, 2), told.append, by)
    with leased("blue", "autoscale", "autoscale docker"):
        workers.kill(lab, NodeName(Role.WORKER, 2), told.append, by)
    alone = (
        "worker-2 is gone, without warning; the lab has one worker less until `lab up docker --name blue` or "
        "`lab replace docker/worker-2 --name blue`"
    )
    scaled = f"worker-2 is gone, without warning; the autoscaler at work (pid {os.getpid()}) replaces it"
    assert told == [alone, alone, scaled]
