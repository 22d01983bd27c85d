"""A fault that was only ordered proves nothing: where nothing changed, there is no evidence."""

import time
from collections.abc import Callable

import pytest

from lab.faults import catalogue
from lab.faults.catalogue import FAULTS, Planned
from lab.loadbalancer.runtime import LoadBalancer
from lab.model.deadline import Deadline
from lab.model.errors import LabError
from lab.model.node import LOADBALANCER, STORE, NodeName, Role, State
from tests.unit.faults.ground import Told, told
from tests.unit.faults.test_network import DELAYED, LOSSY

W1 = NodeName.parse("worker-1")
TARGETS = {Role.WORKER: W1, Role.STORE: STORE, Role.LOADBALANCER: LOADBALANCER}
# A word of what a node is asked, with its answer. The first one that fits counts.
BEFORE = {
    **{"postmaster.pid": "71", "nfsd": "8", "output=avail": "51200\n51200", "EPOCHREALTIME": "900"},
    **{"/dev/tcp": "yes", "qdisc show": "qdisc noqueue 0: root refcnt 2"},
}
AFTER: dict[str, dict[str, str]] = {
    "database-kill": {"postmaster.pid": "84"},
    "drive-away": {"nfsd": "0"},
    "disk-full": {"output=avail": "0\n64"},
    "cut-store": {"/dev/tcp": "no"},
    "cut-balancer": {"/dev/tcp": "no"},
    "delay": {"EPOCHREALTIME": "90900", "qdisc show": DELAYED},
    "loss": {"qdisc show": LOSSY},
}
STATES = {"kill": State.ABSENT, "stop": State.STOPPED, "pause": State.SLEEPING, "store-off": State.STOPPED}
ELSEWHERE = {"answer-cut"}  # test_answer.py
LATER_S = {"balancer-restart": 2.0}
AHEAD_S = {"clock": 300.0}


@pytest.fixture
def on(monkeypatch: pytest.MonkeyPatch) -> Told:
    """All nodes run, and nothing is wrong with any."""
    monkeypatch.setattr(LoadBalancer, "servers", lambda *_: [])
    monkeypatch.setattr(LoadBalancer, "started_at", lambda *_: 1000.0)
    ground = told(answers=BEFORE | {"date +%s": f"{time.time():.0f}"})
    ground.states.update(dict.fromkeys(TARGETS.values(), State.RUNNING))
    return ground


def evidence(name: str, on: Told, change: Callable[[], object]) -> str:
    """What is seen of a fault, at the end of its hold, where this changed; raises LabError where that is nothing."""
    by = Deadline.after(0.3, "one test")
    fault = catalogue.of(on, Planned(name, TARGETS[FAULTS[name].role]))
    before = fault.before(by)
    change()
    return fault.confirm(fault.verify(before, by), by)


@pytest.mark.parametrize("name", sorted(FAULTS.keys() - ELSEWHERE))
def test_what_did_not_happen_is_not_seen(on: Told, name: str) -> None:
    with pytest.raises(LabError):
        evidence(name, on, lambda: None)


@pytest.mark.parametrize("name", sorted(FAULTS.keys() - ELSEWHERE))
def test_what_happened_is_seen(on: Told, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    def happen() -> None:
        on.answers.update(AFTER.get(name, {}))
        on.answers["date +%s"] = f"{time.time() + AHEAD_S.get(name, 0.0):.0f}"
        on.states[TARGETS[FAULTS[name].role]] = STATES.get(name, State.RUNNING)
        monkeypatch.setattr(LoadBalancer, "started_at", lambda *_: 1000.0 + LATER_S.get(name, 0.0))

    assert evidence(name, on, happen)


@pytest.mark.parametrize("name", ["kill", "stop"])
def test_a_worker_that_did_not_run_before_was_not_ended(on: Told, name: str) -> None:
    on.states[W1] = State.FAILED
    with pytest.raises(LabError, match="it was failed and is "):
        evidence(name, on, lambda: on.states.update({W1: STATES[name]}))


@pytest.mark.parametrize("name", ["cut-store", "cut-balancer"])
def test_a_node_that_was_out_of_reach_before_was_not_cut_off(on: Told, name: str) -> None:
    on.answers.update(AFTER[name])
    with pytest.raises(LabError, match="before: False, now: False"):
        evidence(name, on, lambda: None)


def test_one_full_disk_of_two_is_not_enough(on: Told) -> None:
    with pytest.raises(LabError, match="blocks of 4 KB free: 0 and 65"):
        evidence("disk-full", on, lambda: on.answers.update({"output=avail": "0\n65"}))


def test_a_network_that_has_lost_nothing_yet_was_not_lossy(on: Told) -> None:
    idle = LOSSY.replace("dropped 9", "dropped 0")
    with pytest.raises(LabError, match="a loss on worker-1"):
        evidence("loss", on, lambda: on.answers.update({"qdisc show": idle}))
