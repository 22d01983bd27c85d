"""The plan of a lab follows from the topology and what was asked for, and from nothing else."""

from collections.abc import Iterable, Mapping
from pathlib import Path

import pytest

from lab.model import plan, topology
from lab.model.errors import UsageError
from lab.model.node import LOADBALANCER, STORE, LabPlan, Mode, NodeName, Role
from lab.model.topology import Topology

REPO = Path(__file__).resolve().parents[3]
TOPOLOGY = topology.load(REPO / "topology.toml", ("docker", "vagrant"))
KEYS = {role: f"key-of-{role}" for role in Role}


def configure(workers: Iterable[tuple[str, str]], mode: Mode) -> str:
    return f"{mode}: {dict(workers)}"


def make(
    mode: Mode = Mode.STATELESS,
    workers: tuple[int, ...] = (1, 2),
    slot: int = 0,
    topology: Topology = TOPOLOGY,
    keys: Mapping[Role, str] = KEYS,
    pool: tuple[int, ...] = (),
) -> LabPlan:
    return plan.make(plan.Asked("blue", "docker", slot, mode, workers, pool), topology, keys, "geheim", configure)


def test_every_node_has_its_fixed_address() -> None:
    addresses = {str(node.name): node.address for node in make(workers=(1, 3)).nodes}
    assert addresses == {
        "loadbalancer-1": "10.77.0.10",
        "store-1": "10.77.0.20",
        "worker-1": "10.77.0.101",
        "worker-3": "10.77.0.103",
    }


def test_a_stateless_worker_keeps_nothing_and_a_stateful_one_does() -> None:
    assert [node.keeps for node in make().workers()] == [False, False]
    assert [node.keeps for node in make(Mode.STATEFUL).workers()] == [True, True]
    assert make().node(STORE).keeps


def test_only_workers_and_store_know_the_password() -> None:
    knowing = {str(node.name) for node in make().nodes if any("geheim" in value for value in node.env.values())}
    assert knowing == {"store-1", "worker-1", "worker-2"}


def test_a_plan_never_prints_its_secrets() -> None:
    assert "geheim" not in repr(make())


def test_the_load_balancer_is_configured_with_all_workers() -> None:
    text = make().node(LOADBALANCER).files["haproxy.cfg"]
    assert text == "stateless: {'worker-1': '10.77.0.101', 'worker-2': '10.77.0.102'}"


def test_the_warm_pool_is_made_as_all_workers_are_and_not_in_the_load_balancer() -> None:
    whole, without = make(workers=(1, 4), pool=(2,)), make(workers=(1, 4))
    assert [str(spec.name) for spec in whole.nodes][2:] == ["worker-1", "worker-2", "worker-4"]
    assert [str(spec.name) for spec in whole.workers()] == ["worker-1", "worker-4"]
    assert whole.awake() == without.nodes
    assert whole.node(LOADBALANCER).files == without.node(LOADBALANCER).files
    # So it can be woken into service: nothing about it has to change for that.
    assert whole.node(NodeName(Role.WORKER, 2)) == make(workers=(1, 2, 4)).node(NodeName(Role.WORKER, 2))


def _changed(**tables: dict[str, object]) -> Topology:
    values = TOPOLOGY.model_dump()
    for table, pairs in tables.items():
        (values["substrates"] if table in values["substrates"] else values)[table].update(pairs)
    return Topology.model_validate(values)


@pytest.mark.parametrize(
    ("other", "outdated"),
    [
        (make(workers=(1, 2, 3)), set()),
        (make(keys={**KEYS, Role.WORKER: "new"}), {"worker-1", "worker-2"}),
        (make(topology=_changed(docker={"store_memory_mb": 640})), {"store-1"}),
        (make(topology=_changed(loadbalancer={"cpu_quota": 0.5})), {"loadbalancer-1"}),
        (make(topology=_changed(store={"fsync": False})), {"store-1"}),
        (make(topology=_changed(store={"drive_sync": False})), {"store-1"}),
        (make(topology=_changed(worker={"drain_notice_s": 1})), {"worker-1", "worker-2"}),
    ],
)
def test_a_nodes_digest_changes_with_what_a_running_node_cannot_be_given(other: LabPlan, outdated: set[str]) -> None:
    before = {spec.name: spec.digest for spec in make().nodes}
    assert {str(s.name) for s in other.nodes if s.name in before and s.digest != before[s.name]} == outdated


def test_labs_differ_in_network_and_port() -> None:
    assert (make(slot=0).subnet, make(slot=0).port) == ("10.77.0.0/24", 8080)
    assert (make(slot=3).subnet, make(slot=3).port) == ("10.77.3.0/24", 8083)


@pytest.mark.parametrize("text", ["worker", "worker-0", "worker-01", "worker-1000", "web-1", "worker-1 ", ""])
def test_what_is_no_node_name_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        NodeName.parse(text)
