"""What is shown of one node."""

from pathlib import Path

import pytest

from lab.flows import artefacts, deployment, readiness, status
from lab.flows.deployment import Deployed, Deployment
from lab.flows.status import node_status, with_skew
from lab.loadbalancer.config import Server
from lab.loadbalancer.runtime import LoadBalancer
from lab.model.deadline import Deadline
from lab.model.errors import LabError, LateError
from lab.model.node import STORE, Mode, Node, NodeName, Role, State
from lab.store import source
from lab.store.source import Version
from lab.substrates import registry
from tests.unit.model.test_plan import KEYS, TOPOLOGY, make

W1, W2 = (NodeName(Role.WORKER, number) for number in (1, 2))
SOURCE = "the source service"

Case = tuple[NodeName, State, tuple[bool, str | None], bool, bool, tuple[bool, str | None]]
CASES: dict[str, Case] = {
    "its app is not fetched yet, for the source is away": (
        *(W1, State.RUNNING, (False, None), True, False),
        (False, SOURCE),
    ),
    "it boots": (W1, State.RUNNING, (False, None), True, True, (False, None)),
    "it runs, and the source went away later": (W1, State.RUNNING, (True, "abc"), True, False, (True, None)),
    "it was woken, and the source is away": (W1, State.RUNNING, (True, "abc"), False, False, (False, SOURCE)),
    "it was woken": (W1, State.RUNNING, (True, "abc"), False, True, (True, None)),
    "it runs and waits for the database": (W1, State.RUNNING, (False, "abc"), True, False, (False, None)),
    "it sleeps": (W1, State.SLEEPING, (False, None), True, False, (False, None)),
    "the store waits for no source": (STORE, State.RUNNING, (False, None), False, False, (False, None)),
    "the load balancer knows no store": (STORE, State.RUNNING, (True, None), False, True, (True, None)),
}


@pytest.mark.parametrize("case", CASES)
def test_a_worker_says_what_it_waits_for(case: str) -> None:
    name, state, probed, is_known, has_source, told = CASES[case]
    row, bools = (name, state, "10.77.0.101"), {"is_known": is_known, "has_source": has_source}
    shown = node_status(row, str(state), probed, is_old=False, in_pool=False, **bools)
    assert (shown.ready, shown.waits_for) == told


@pytest.mark.parametrize("has_source", [True, False])
def test_a_worker_of_the_pool_is_never_ready(has_source: bool) -> None:
    row = (W1, State.RUNNING, "10.77.0.101")
    about = {"in_pool": True, "is_known": False, "has_source": has_source}
    shown = node_status(row, "running", (True, "abc"), is_old=None, **about)
    assert (shown.in_pool, shown.ready, shown.waits_for) == (True, False, None)


@pytest.mark.parametrize(("commit", "behind"), [("new", False), ("old", True), (None, None)])
def test_a_worker_that_runs_another_version_than_the_newest_is_behind(commit: str | None, behind: bool | None) -> None:
    row = (W1, State.RUNNING, "10.77.0.101")
    shown = node_status(row, "running", (True, commit), is_old=False, in_pool=False, is_known=True, has_source=True)
    assert shown.behind is None
    (told,) = with_skew([shown], [Version("new", "t2", 2, "Second"), Version("old", "t1", 1, "First")])
    assert told.behind is behind


def test_a_worker_that_is_closed_for_good_is_draining_as_one_that_is_only_drained(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    words = {"worker-1": "UP", "worker-2": "DRAIN", "worker-3": "MAINT", "worker-4": "DOWN 1/2"}
    servers = [Server(name, word, 0, 0) for name, word in words.items()]
    monkeypatch.setattr(LoadBalancer, "servers", lambda *_: servers)
    lab = Deployment("blue", registry.get("docker"), Deployed(0, Mode.STATELESS, (1, 2), TOPOLOGY, KEYS), make())
    found = status._servers(lab, Deadline.after(10, "one test"))
    assert found is not None
    told = [status._word((NodeName.parse(name), State.RUNNING, "10.77.0.101"), found) for name in words]
    assert told == ["running", "draining", "draining", "running"]


@pytest.mark.parametrize(
    ("made_for", "told"), [(["tcg", "tcg"], "tcg"), (["kvm", "tcg"], "tcg"), (["kvm", None], "kvm"), ([], "kvm")]
)
def test_the_accelerator_is_what_the_machines_run_under_not_what_others_would(
    made_for: list[str | None], told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    file = deployment.topology_file()
    lab = deployment.intend("blue", "vagrant", mode=Mode.STATELESS, workers=2, topology=TOPOLOGY, file=file, keys=KEYS)
    names = (NodeName(Role.WORKER, number) for number in (1, 2))
    found = [Node(name, State.STOPPED, "", "", accelerator) for name, accelerator in zip(names, made_for, strict=False)]
    engine = type(lab.substrate)
    monkeypatch.setattr(engine, "nodes", lambda *_: found)
    monkeypatch.setattr(engine, "known_accelerator", lambda _: "kvm")
    monkeypatch.setattr(LoadBalancer, "servers", lambda *_: None)
    gathered = status.gather("blue", ["vagrant"], Deadline.after(10, "one test"))
    assert gathered["vagrant"].as_json()["accelerator"] == told


@pytest.mark.parametrize(
    ("fails", "error", "answers", "is_ready", "waits_for"),
    [
        ("fetch", LateError, True, True, None),
        ("fetch", LateError, False, False, SOURCE),
        ("fetch", LabError, True, False, SOURCE),
        # Here the copy on this computer is at fault, and no service.
        ("history", LabError, True, True, None),
        ("history", LateError, True, True, None),
    ],
)
def test_a_store_whose_source_service_refuses_is_not_ready_and_one_that_is_late_is_if_its_database_answers(
    fails: str,
    error: type[LabError],
    answers: bool,
    is_ready: bool,
    waits_for: str | None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*_: object) -> None:
        raise error("no", where="here", mend="wait")

    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    file = deployment.topology_file()
    lab = deployment.intend("blue", "docker", mode=Mode.STATELESS, workers=1, topology=TOPOLOGY, file=file, keys=KEYS)
    nodes = [Node(spec.name, State.RUNNING, spec.address, spec.digest) for spec in lab.plan.nodes]
    probed = {spec.name: (answers and spec.name == STORE, None) for spec in lab.plan.nodes}
    monkeypatch.setattr(type(lab.substrate), "nodes", lambda *_: nodes)
    monkeypatch.setattr(LoadBalancer, "servers", lambda *_: None)
    monkeypatch.setattr(readiness, "probe_all", lambda *_: probed)
    monkeypatch.setattr(source, "fetch", lambda *_: "abc")
    monkeypatch.setattr(source, fails, fail)
    found = status.gather("blue", ["docker"], Deadline.after(10, "one test"))["docker"]
    shown = {node.name: node for node in found.nodes or []}
    assert (shown["store-1"].ready, shown["worker-1"].waits_for) == (is_ready, waits_for)
    assert found.newest is None


def test_also_a_worker_of_the_warm_pool_is_told_as_outdated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    file = deployment.topology_file()
    lab = deployment.intend("blue", "docker", mode=Mode.STATELESS, workers=1, topology=TOPOLOGY, file=file, keys=KEYS)
    lab = deployment.restaff(lab, [1], pool=[2])
    wanted = make(workers=(1,), pool=(2,))
    monkeypatch.setattr(artefacts, "plan_now", lambda *_: wanted)
    digests = {W1: wanted.node(W1).digest, W2: "made of something else"}
    nodes = [Node(name, State.SLEEPING, "", digest) for name, digest in digests.items()]
    assert status._outdated(lab, nodes) == {W2}
