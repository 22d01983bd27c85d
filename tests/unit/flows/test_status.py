"""What is shown of one node."""

from pathlib import Path

import pytest

from lab.flows import deployment, readiness, status
from lab.flows.deployment import Deployed, Deployment
from lab.flows.status import node_status, with_skew
from lab.loadbalancer.config import Server
from lab.loadbalancer.runtime import LoadBalancer
from lab.model.deadline import Deadline
from lab.model.node import STORE, Mode, Node, NodeName, Role, State
from lab.store.source import Version
from lab.substrates import registry
from tests.unit.model.test_plan import KEYS, TOPOLOGY, make

W1 = NodeName(Role.WORKER, 1)
SOURCE = "the source service"

CASES: dict[str, tuple[NodeName, State, tuple[bool, str | None], bool, str | None]] = {
    "its app is not fetched yet, for the source is away": (W1, State.RUNNING, (False, None), False, SOURCE),
    "it boots": (W1, State.RUNNING, (False, None), True, None),
    "it runs, and the source went away later": (W1, State.RUNNING, (True, "abc"), False, None),
    "it runs and waits for the database": (W1, State.RUNNING, (False, "abc"), False, None),
    "it sleeps": (W1, State.SLEEPING, (False, None), False, None),
    "the store waits for no source": (STORE, State.RUNNING, (False, None), False, None),
}


@pytest.mark.parametrize("case", CASES)
def test_a_worker_says_what_it_waits_for(case: str) -> None:
    name, state, probed, has_source, waits_for = CASES[case]
    row = (name, state, "10.77.0.101")
    shown = node_status(row, str(state), probed, is_old=False, in_pool=False, has_source=has_source)
    assert (shown.ready, shown.waits_for) == (probed[0], waits_for)


def test_a_worker_of_the_pool_is_never_ready() -> None:
    row = (W1, State.RUNNING, "10.77.0.101")
    shown = node_status(row, "running", (True, "abc"), is_old=None, in_pool=True, has_source=True)
    assert (shown.in_pool, shown.ready) == (True, False)


@pytest.mark.parametrize(("commit", "behind"), [("new", False), ("old", True), (None, None)])
def test_a_worker_that_runs_another_version_than_the_newest_is_behind(commit: str | None, behind: bool | None) -> None:
    row = (W1, State.RUNNING, "10.77.0.101")
    shown = node_status(row, "running", (True, commit), is_old=False, in_pool=False, has_source=True)
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
    assert status._draining(lab, Deadline.after(10, "one test")) == {"worker-2", "worker-3"}


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
    monkeypatch.setattr(readiness, "has_source", lambda *_: False)
    gathered = status.gather("blue", ["vagrant"], Deadline.after(10, "one test"))
    assert gathered["vagrant"].as_json()["accelerator"] == told
