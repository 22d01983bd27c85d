"""The record of what was deployed: which file it came from, and who may change it."""

from pathlib import Path

import pytest

from lab.flows import deployment
from lab.host import lock, paths, records
from lab.model.errors import UsageError
from lab.model.node import Mode, Role
from lab.timeline.events import Event, Kind
from tests.conftest import REPO
from tests.unit.model.test_plan import TOPOLOGY


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


def intend(file: Path) -> deployment.Deployed:
    keys = dict.fromkeys(Role, "0")
    deployment.intend("blue", "docker", mode=Mode.STATELESS, workers=1, topology=TOPOLOGY, file=file, keys=keys)
    return deployment.deployed("blue")["docker"]


def test_a_lab_stays_with_the_file_that_its_topology_came_from(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text((REPO / "topology.toml").read_text())
    assert deployment.topology_file(intend(file)) == file


def test_the_kits_own_file_is_not_recorded_by_where_this_clone_lies() -> None:
    found = intend(deployment.topology_file())
    assert found.topology_file is None
    assert deployment.topology_file(found) == REPO / "topology.toml"


def test_a_file_that_is_gone_is_named_with_the_mend(tmp_path: Path) -> None:
    found = intend(tmp_path / "gone.toml")
    with pytest.raises(UsageError, match="is gone") as raised:
        deployment.topology_file(found)
    assert raised.value.where == str(tmp_path / "gone.toml")
    assert "--topology FILE" in raised.value.mend


DAMAGED = ["", '{"lab": "blue", "slot"', "\udcff", "[]", '{"slot": 0}', '{"slot": 0, "substrates": {"docker": 1}}']


@pytest.mark.parametrize("text", DAMAGED)
def test_a_damaged_record_is_named_and_stands_in_the_way_of_no_other_lab_nor_of_its_own_end(text: str) -> None:
    intend(deployment.topology_file())
    record = paths.lab("blue") / "lab.json"
    record.write_text(text, errors="surrogateescape")
    with pytest.raises(UsageError, match="the record of lab blue cannot be read") as raised:
        deployment.deployed("blue")
    assert str(record) in raised.value.where
    assert "lab destroy --name blue" in raised.value.mend
    assert deployment.slot("red") in (0, 1)
    deployment.forget("blue", "docker", volumes=False)
    assert deployment.deployed("blue") == {}


def test_a_record_is_not_changed_while_another_command_changes_records(monkeypatch: pytest.MonkeyPatch) -> None:
    intend(deployment.topology_file())
    monkeypatch.setattr(deployment, "_PATIENCE_S", 0.0)
    with lock.held(paths.state() / "slots.lock", "up"), pytest.raises(UsageError, match="`lab up`"):
        deployment.forget("blue", "docker", volumes=False)
    assert "docker" in deployment.deployed("blue")
    deployment.forget("blue", "docker", volumes=False)
    assert deployment.deployed("blue") == {}


def test_a_lab_that_was_destroyed_has_no_open_faults_left() -> None:
    intend(deployment.topology_file())
    for substrate in ("docker", "vagrant"):
        records.write_json(deployment.open_faults("blue", substrate), [{"fault": "kill", "target": "worker-1"}])
    deployment.forget("blue", "docker", volumes=False)
    assert not deployment.open_faults("blue", "docker").exists()
    assert deployment.open_faults("blue", "vagrant").exists()


def test_a_lab_that_was_destroyed_has_no_timeline_left() -> None:
    intend(deployment.topology_file())
    lab = deployment.load("blue", "docker")
    event = Event(1.0, Kind.CHANGE, "deploy")
    lab.timeline().note(event)
    assert deployment.load("blue", "docker").timeline().read().events == [event]
    deployment.forget("blue", "docker", volumes=False)
    assert lab.timeline().read().events == []
