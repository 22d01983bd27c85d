"""Labs come and go: what outlives a lab, what does not, and what another lab never notices."""

import json
import shutil
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lab.flows import deployment, password, readiness
from lab.flows.deployment import Deployment
from lab.flows.listing import SECRET
from lab.flows.up import Wanted
from lab.flows.up import up as bring_up
from lab.host import network, paths
from lab.model.deadline import Deadline
from lab.model.errors import LabError
from lab.model.node import LOADBALANCER, NodeName, Role
from lab.substrates import registry
from lab.substrates.base import CanPause, CanPowerOff
from lab.substrates.docker import disks
from lab.traffic.visitor import Visitor
from tests.conftest import REPO, type_lab, type_well

Up = Callable[..., Deployment]
W1 = NodeName(Role.WORKER, 1)


@pytest.fixture
def by() -> Deadline:
    return Deadline.after(300, "one test")


@pytest.fixture
def up(substrate_name: str) -> Iterator[Up]:
    """Brings a lab up, and removes it with all its data after the test."""
    made: list[str] = []

    def bring(lab: str, *words: str) -> Deployment:
        made.append(lab)
        type_well("up", substrate_name, "--name", lab, *words)
        return deployment.load(lab, substrate_name)

    yield bring
    for lab in dict.fromkeys(made):
        type_well("destroy", substrate_name, "--volumes", "--yes", "--name", lab)


def visitor_of(lab: Deployment) -> Visitor:
    visitor = Visitor(lab.substrate.url(lab.plan))
    visitor.log_in()
    visitor.write_entry("to be kept")
    visitor.write_file(b"to be kept" * 100)
    return visitor


@pytest.mark.long("vagrant")
def test_a_destroyed_lab_leaves_its_data_and_the_lab_whose_name_begins_alike(up: Up, substrate_name: str) -> None:
    mine = visitor_of(up("test-b", "--workers", "1"))
    others = visitor_of(up("test-b-2", "--workers", "1"))
    destroy = ["destroy", substrate_name, "--yes", "--name", "test-b"]

    type_well(*destroy)
    kept = json.loads(type_well("list", "--json").out)["labs"]["test-b"][substrate_name]
    data = registry.get(substrate_name).data("test-b", Deadline.after(60, "looking"))
    assert data
    assert {*kept} == {*data, SECRET}
    assert others.missing() == []
    up("test-b", "--workers", "1")
    assert mine.missing() == []

    # One that sleeps is destroyed as any other.
    type_well("sleep", substrate_name, "--name", "test-b")
    # Without any file of it nobody knows how it was made, so it is not taken over. Destroying it works by name.
    shutil.rmtree(paths.lab("test-b"))
    refused = type_lab("up", substrate_name, "--name", "test-b")
    assert (refused.code, "of which there is no record here" in refused.err) == (2, True), refused.err
    assert not paths.lab("test-b").exists()
    type_well(*destroy, "--volumes")
    things = registry.get(substrate_name).leftovers(Deadline.after(60, "looking"))
    assert "test-b" not in things
    assert "test-b-2" in things
    assert others.missing() == []


@pytest.mark.long("vagrant")
def test_data_whose_secret_a_hand_removed_is_opened_by_a_new_one(up: Up, substrate_name: str) -> None:
    mine = visitor_of(up("test-key", "--workers", "1"))
    secret = password.path("test-key", substrate_name)
    secret.unlink()
    type_well("status", substrate_name, "--name", "test-key")
    assert not secret.exists(), "who only looks makes none"
    up("test-key")
    assert mine.missing() == []
    type_well("destroy", substrate_name, "--yes", "--name", "test-key")
    # With all that this computer had of the lab.
    shutil.rmtree(paths.lab("test-key"))
    up("test-key", "--workers", "1")
    assert mine.missing() == []


@pytest.mark.long("vagrant")
def test_a_stateful_lab_loses_a_workers_data_with_the_worker_and_no_other(up: Up, substrate_name: str) -> None:
    lab = up("test-state", "--stateful", "--workers", "2")
    visitors = one_visitor_each(lab)
    for spec in lab.plan.workers():
        lab.substrate.restart(lab.lab, spec.name, Deadline.after(120, "restart"))
    up(lab.lab)
    assert [visitor.missing() for visitor in visitors.values()] == [[], []]

    # While its worker is away a user is told so, and not led to another one, who would have nothing of theirs.
    assert isinstance(lab.substrate, CanPowerOff)
    by = Deadline.after(300, "one worker off and on")
    lab.substrate.power_off(lab.lab, W1, by)
    with pytest.raises(LabError, match="said 503") as raised:
        visitors["worker-1"].missing()
    assert "there is no worker that could take this" in raised.value.message
    assert visitors["worker-2"].missing() == []
    lab.substrate.power_on(lab.lab, W1, by)
    readiness.await_serving(lab, lab.plan.worker_names, lambda _: None, by)
    assert [visitor.missing() for visitor in visitors.values()] == [[], []]

    type_well("replace", f"{substrate_name}/worker-1", "--name", lab.lab)
    assert len(visitors["worker-1"].missing()) == visitors["worker-1"].notes.count(), "all of that worker's is gone"
    assert visitors["worker-2"].missing() == []


def one_visitor_each(lab: Deployment) -> dict[str, Visitor]:
    """A visitor who wrote, by the worker that they stay with."""
    found: dict[str, Visitor] = {}
    for _ in range(20):
        visitor = Visitor(lab.substrate.url(lab.plan))
        worker = visitor.log_in()
        found[worker] = visitor
        wrote = {visitor.write_entry(f"entry {number}") for number in range(5)} | {visitor.write_file(b"file")}
        assert wrote == {worker}, "a user stays with their worker"
        if len(found) == len(lab.plan.workers()):
            return found
    pytest.fail(f"of twenty visitors none came to another worker than {', '.join(found)}")


@pytest.mark.only("docker")
def test_a_lab_cannot_change_its_mode_under_its_users(up: Up, substrate_name: str) -> None:
    up("test-mode", "--workers", "1")
    gave = type_lab("up", substrate_name, "--stateful", "--name", "test-mode")
    assert gave.code == 2
    assert "is stateless, so it cannot become stateful" in gave.err


@pytest.mark.only("docker")
def test_destroy_with_volumes_leaves_no_file_of_a_lab_that_was_proved(up: Up, substrate_name: str) -> None:
    lab = up("test-proved", "--workers", "2").lab
    type_well("prove", "run", substrate_name, "--kills", "0", "--duration", "1", "--name", lab)
    assert list(paths.lab(lab).glob("runs/*.jsonl"))
    destroy = ["destroy", substrate_name, "--volumes", "--yes", "--name", lab]
    told = type_well(*destroy, "--dry-run").out.splitlines()
    assert told[-1] == "would remove the journals of its proofs"
    assert "removed the journals of its proofs" in type_well(*destroy).err
    assert not paths.lab(lab).exists()


@pytest.mark.only("docker")
def test_up_says_where_the_stores_data_has_no_bound(
    up: Up, substrate_name: str, by: Deadline, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    told: list[str] = []
    monkeypatch.setattr(disks, "_CONTROL", tmp_path / "loop-control")
    bring_up(Wanted("test-unbound", substrate_name, workers=1), told.append, by)
    up("test-unbound", "--workers", "1")
    assert [line for line in told if line.startswith("the store's data has no bound on its size")]


@pytest.mark.only("docker")
def test_a_busy_port_is_named_before_anything_starts(substrate_name: str, tmp_path: Path) -> None:
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        port = busy.getsockname()[1]
        file = tmp_path / "topology.toml"
        # The lab's slot decides its port, so every slot's first port is made the busy one.
        slot = deployment.slot("test-busy")
        text = (REPO / "topology.toml").read_text()
        file.write_text(text.replace("first_port = 8080", f"first_port = {port - slot}"))
        gave = type_lab("up", substrate_name, "--name", "test-busy", "--topology", str(file))
    assert gave.code == 2
    assert f"port {port} of 127.0.0.1 is in use" in gave.err
    assert f"{file}, key substrates.docker.first_port = {port - slot}" in gave.err
    assert "test-busy" not in registry.get(substrate_name).leftovers(Deadline.after(60, "looking"))
    assert not paths.lab("test-busy").exists()


@pytest.mark.only("docker")
def test_a_port_that_was_taken_while_the_lab_was_off_is_named_too(up: Up, substrate_name: str, by: Deadline) -> None:
    lab = up("test-retaken", "--workers", "1")
    again = ["up", substrate_name, "--name", lab.lab]
    lab.substrate.stop(lab.lab, LOADBALANCER, by)
    with socket.socket() as busy:
        busy.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        busy.bind(("127.0.0.1", lab.plan.port))
        busy.listen()
        gave = type_lab(*again)
    assert (gave.code, gave.err.splitlines()[0]) == (2, f"error: port {lab.plan.port} of 127.0.0.1 is in use")
    assert isinstance(lab.substrate, CanPause)
    type_well(*again)
    # Its own use of the port is no obstacle, also while it is frozen.
    lab.substrate.pause(lab.lab, LOADBALANCER, by)
    type_well(*again)
    type_well(*again)


@pytest.mark.only("docker")
def test_a_network_that_this_computer_already_uses_is_named_before_anything_starts(
    substrate_name: str, tmp_path: Path
) -> None:
    # Docker has a bridge of its own besides the labs' networks, and that one is wide enough for every slot.
    used = next(each for each in network.routed() if each.prefixlen <= 18)
    subnet = next(used.subnets(new_prefix=18))
    file = tmp_path / "topology.toml"
    file.write_text((REPO / "topology.toml").read_text().replace('subnets = "10.77.0.0/18"', f'subnets = "{subnet}"'))
    gave = type_lab("up", substrate_name, "--name", "test-room", "--topology", str(file))
    assert gave.code == 2
    assert f" overlaps {used}, which this computer already uses" in gave.err
    assert f"{file}, key substrates.docker.subnets = '{subnet}'" in gave.err
    assert "test-room" not in registry.get(substrate_name).leftovers(Deadline.after(60, "looking"))
    assert not paths.lab("test-room").exists()
