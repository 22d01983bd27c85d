"""Whom `replace` replaces and `kill` kills, where somebody else changed the lab meanwhile; what becomes of the lab."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from lab.flows import deployment, unfinished, workers
from lab.flows.leases import leased
from lab.model.deadline import Deadline
from lab.model.errors import UsageError
from lab.model.node import Mode, NodeName, Role
from lab.timeline.events import Kind
from tests.unit.model.test_plan import KEYS, TOPOLOGY


@pytest.mark.parametrize("verb", [workers.replace, workers.kill])
def test_one_that_is_not_wanted_any_more_is_neither_replaced_nor_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, verb: Callable[..., None]
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    file = deployment.topology_file()
    lab = deployment.intend("blue", "docker", mode=Mode.STATELESS, workers=2, topology=TOPOLOGY, file=file, keys=KEYS)
    monkeypatch.setattr(type(lab.substrate), "destroy", lambda *_: pytest.fail("it was destroyed"))
    deployment.restaff(lab, [1], pool=[])
    with pytest.raises(UsageError) as raised:
        verb(lab, NodeName(Role.WORKER, 2), lambda _: None, Deadline.after(10, "one test"))
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
    events = lab.timeline().read().events
    changes = [(event.what, event.fields["why"]) for event in events if event.kind is Kind.CHANGE]
    assert changes == [("kill", "worker-2 goes without warning")] * 3


def test_whom_a_refresh_has_yet_to_check_nobody_replaces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    file = deployment.topology_file()
    lab = deployment.intend("blue", "docker", mode=Mode.STATELESS, workers=3, topology=TOPOLOGY, file=file, keys=KEYS)
    monkeypatch.setattr(type(lab.substrate), "destroy", lambda *_: pytest.fail("it was destroyed"))
    unfinished.launched("blue", "docker", [NodeName(Role.WORKER, 3)])
    with pytest.raises(UsageError) as raised:
        workers.replace(lab, NodeName(Role.WORKER, 3), lambda _: None, Deadline.after(10, "one test"))
    assert str(raised.value) == (
        "a refresh made worker-3, and has not checked it yet: it serves nobody\n"
        "  where: lab blue on docker\n"
        "  mend:  wait for the refresh; where it was cut off, `lab refresh docker --name blue` goes on"
    )
