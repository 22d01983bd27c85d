"""What an interrupted refresh left is no worker that somebody asked for."""

from dataclasses import replace
from pathlib import Path

import pytest

from lab.flows import artefacts, build, deployment, leases, unfinished, up
from lab.flows.deployment import Deployed
from lab.host import lock
from lab.model.deadline import Deadline
from lab.model.node import Mode
from tests.unit.faults.ground import KEYS
from tests.unit.model.test_plan import TOPOLOGY

BEFORE = Deployed(0, Mode.STATELESS, (1, 2, 3), TOPOLOGY, KEYS)


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    unfinished.begin("blue", "docker", 2)


def counted(workers: int | None = None) -> int:
    return up._count(up.Wanted("blue", "docker", workers), BEFORE, TOPOLOGY)


def test_up_brings_a_lab_back_to_the_workers_that_were_wanted() -> None:
    assert counted() == 2
    assert up._count(up.Wanted("blue", "vagrant"), BEFORE, TOPOLOGY) == 3, "another substrate has its own"
    unfinished.end("blue", "docker")
    assert counted() == 3


def test_a_record_without_workers_is_brought_back_to_what_the_topology_says() -> None:
    unfinished.end("blue", "docker")
    emptied = replace(BEFORE, workers=())
    assert up._count(up.Wanted("blue", "docker"), emptied, TOPOLOGY) == TOPOLOGY.worker.count > 0


def test_who_says_how_many_workers_gets_so_many() -> None:
    assert counted(5) == 5


def test_up_keeps_the_workers_that_came_while_it_built(monkeypatch: pytest.MonkeyPatch) -> None:
    unfinished.end("blue", "docker")
    file = deployment.topology_file()
    lab = deployment.intend("blue", "docker", mode=Mode.STATELESS, workers=2, topology=TOPOLOGY, file=file, keys=KEYS)
    monkeypatch.setattr(build, "build", lambda *_: deployment.restaff(lab, [1, 2, 4], pool=[3]))
    monkeypatch.setattr(artefacts, "keys", lambda *_: KEYS)
    for name in ("_check_place", "_check_room", "_settle"):
        monkeypatch.setattr(up, name, lambda *_: None)
    told = up.up(up.Wanted("blue", "docker"), lambda _: None, Deadline.after(10, "one test"))
    assert (told.deployed.workers, told.deployed.pool) == ((1, 2, 4), (3,))


def test_a_refresh_that_goes_on_keeps_its_one_more() -> None:
    with lock.held(leases.lease("blue", "refresh"), "refresh docker"):
        assert counted() == 3
    with lock.held(leases.lease("blue", "refresh"), "refresh vagrant"):
        assert counted() == 2, "one on another substrate knows nothing of it"


def test_a_lab_that_is_destroyed_takes_its_note_along() -> None:
    deployment.forget("blue", "docker", volumes=False)
    assert unfinished.wanted("blue", "docker") is None
    assert counted() == 3
