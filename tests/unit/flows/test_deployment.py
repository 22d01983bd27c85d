"""The record of what was deployed: which file it came from, and who may change it."""

from pathlib import Path

import pytest

from lab.flows import deployment, destroy
from lab.host import lock, paths, records
from lab.model.deadline import Deadline
from lab.model.errors import UsageError
from lab.model.node import LOADBALANCER, STORE, Mode, Role
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


def test_the_warm_pool_stays_whatever_up_is_asked_for() -> None:
    intend(deployment.topology_file())
    lab = deployment.restaff(deployment.load("blue", "docker"), workers=[1], pool=[3, 2])
    assert (lab.deployed.workers, lab.deployed.pool) == ((1,), (2, 3))
    keys = dict.fromkeys(Role, "0")
    again = deployment.intend(
        "blue",
        "docker",
        mode=Mode.STATELESS,
        workers=2,
        topology=TOPOLOGY,
        file=deployment.topology_file(),
        keys=keys,
    )
    assert (again.deployed.workers, again.deployed.pool) == ((1, 4), (2, 3))
    assert [str(spec.name) for spec in again.plan.workers()] == ["worker-1", "worker-4"]


def test_a_record_of_before_there_was_a_warm_pool_has_none() -> None:
    intend(deployment.topology_file())
    record = paths.lab("blue") / "lab.json"
    entry = records.read_json(record)
    assert entry is not None
    del entry["substrates"]["docker"]["pool"]
    records.write_json(record, entry)
    assert deployment.deployed("blue")["docker"].pool == ()


def test_more_workers_than_a_lab_can_have_are_refused_and_nothing_is_written() -> None:
    intend(deployment.topology_file())
    with pytest.raises(UsageError) as raised:
        deployment.restaff(deployment.load("blue", "docker"), workers=range(1, 100), pool=[100, 101])
    assert str(raised.value) == (
        "a lab has 100 workers at most, those that sleep included\n"
        "  where: lab blue on docker\n"
        "  mend:  ask for fewer, or for a smaller warm pool"
    )
    assert deployment.deployed("blue")["docker"].workers == (1,)


def test_a_lab_that_was_destroyed_meanwhile_gets_no_record_again() -> None:
    intend(deployment.topology_file())
    lab = deployment.load("blue", "docker")
    deployment.forget("blue", "docker", volumes=False)
    with pytest.raises(UsageError, match="lab blue is not up on docker"):
        deployment.restaff(lab, workers=[1, 2], pool=[])
    assert deployment.deployed("blue") == {}


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
    destroy.forget("blue", "docker", volumes=False)
    assert not deployment.open_faults("blue", "docker").exists()
    assert deployment.open_faults("blue", "vagrant").exists()


def test_a_disk_that_was_filled_is_remembered_as_long_as_it_is_kept() -> None:
    intend(deployment.topology_file())
    full = {"fault": "disk-full", "target": "store-1"}
    records.write_json(deployment.open_faults("blue", "docker"), [{"fault": "kill", "target": "worker-1"}, full])
    destroy.forget("blue", "docker", volumes=False)
    assert records.read_json(deployment.open_faults("blue", "docker")) == [full]
    destroy.forget("blue", "docker", volumes=True)
    assert not deployment.open_faults("blue", "docker").exists()


def test_what_happened_to_a_lab_is_forgotten_together_with_its_data() -> None:
    intend(deployment.topology_file())
    lab = deployment.load("blue", "docker")
    event = Event(1.0, Kind.CHANGE, "deploy")
    lab.timeline().note(event)
    assert deployment.load("blue", "docker").timeline().read().events == [event]
    destroy.forget("blue", "docker", volumes=False)
    assert lab.timeline().read().events == [event]
    destroy.forget("blue", "docker", volumes=True)
    assert lab.timeline().read().events == []


def test_a_lab_that_was_refused_before_anything_was_written_down_leaves_nothing() -> None:
    by = Deadline.after(10, "one test")
    with pytest.raises(UsageError, match="refused"), deployment.changing("blue", "up", by):
        raise UsageError("refused", where="here", mend="none")
    assert not paths.lab("blue").exists()
    intend(deployment.topology_file())
    with pytest.raises(UsageError, match="refused"), deployment.changing("blue", "up", by):
        raise UsageError("refused", where="here", mend="none")
    assert deployment.names() == ["blue"]


def test_who_goes_with_a_lab_whose_data_stay_is_noted_as_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    intend(deployment.topology_file())
    lab = deployment.load("blue", "docker")
    lab.note("ready", STORE, LOADBALANCER)
    removed = list[str]()
    monkeypatch.setattr(type(lab.substrate), "remove", lambda _self, name, *_, **__: removed.append(name))
    destroy.destroy("blue", ["docker"], lambda _: None, Deadline.after(10, "one test"), volumes=False)
    told = [f"{event.what} {event.fields['state']}" for event in lab.timeline().read().events]
    assert told == ["store-1 ready", "loadbalancer-1 ready", "loadbalancer-1 absent", "store-1 absent"]
    assert removed == ["blue"]
