"""What `up` does with workers that somebody left half-woken, and with one that cannot be asked to end."""

from collections.abc import Callable
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from lab.flows import clocks, deployment, fleet, readiness, unfinished, up
from lab.flows.changes import Changes
from lab.flows.deployment import Deployment
from lab.flows.leases import leased
from lab.loadbalancer.config import Server
from lab.loadbalancer.runtime import LoadBalancer
from lab.model.deadline import Deadline
from lab.model.errors import LabError, LateError
from lab.model.node import LOADBALANCER, STORE, Mode, Node, NodeName, Role, State
from lab.timeline.events import Kind
from tests.unit.model.test_plan import KEYS, TOPOLOGY

W1, W2, W3, W4, W5 = (NodeName(Role.WORKER, number) for number in range(1, 6))


@pytest.fixture
def by() -> Deadline:
    return Deadline.after(600, "one test")


@pytest.fixture(autouse=True)
def told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """What was done, in its order, in a lab whose load balancer knows worker 1 only."""
    told: list[tuple[Any, ...]] = []
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setattr(LoadBalancer, "servers", lambda *_: [Server("worker-1", "UP", 0, 0)])
    monkeypatch.setattr(up, "freshen", lambda _lab, names, *_: told.append(("freshen", *names)))
    monkeypatch.setattr(Deployment, "states", lambda *_: {W2: State.RUNNING})
    return told


def blue(monkeypatch: pytest.MonkeyPatch, told: list[tuple[Any, ...]], mode: Mode = Mode.STATELESS) -> Deployment:
    file = deployment.topology_file()
    lab = deployment.intend("blue", "docker", mode=mode, workers=4, topology=TOPOLOGY, file=file, keys=KEYS)
    engine = type(lab.substrate)
    monkeypatch.setattr(engine, "wake", lambda _self, _lab, names, _by: told.append(("wake", *names)))
    monkeypatch.setattr(engine, "destroy", lambda _self, _lab, name, _by: told.append(("destroy", name)))
    return lab


def test_who_was_left_half_woken_gets_the_time_and_the_source_and_nobody_else_does(
    told: list[tuple[Any, ...]], monkeypatch: pytest.MonkeyPatch, by: Deadline
) -> None:
    # Worker 3 was just made, worker 4 is about to be made anew.
    changes = Changes(create=(W3,), renew=(W4,))
    lab = blue(monkeypatch, told)
    up._finish_waking(lab, changes, pytest.fail, by)
    assert told == [("wake", W2), ("freshen", W2)]
    up._finish_waking(lab, Changes(create=(W2, W3, W4)), pytest.fail, by)
    assert told[2:] == []


@pytest.mark.parametrize("error", [LateError, LabError])
def test_one_that_hangs_is_removed_all_the_same_where_it_keeps_nothing(
    error: type[LabError], told: list[tuple[Any, ...]], monkeypatch: pytest.MonkeyPatch, by: Deadline
) -> None:
    def hang(_self: object, _lab: str, name: NodeName, within: Deadline) -> None:
        told.append(("stop", name, round(within.left(), -1)))
        raise error("no answer over ssh\n  more", where="here", mend="wait")

    lab = blue(monkeypatch, told)
    monkeypatch.setattr(type(lab.substrate), "stop", hang)
    said: list[str] = []
    up.end(lab, W2, said.append, by)
    assert told == [("stop", W2, 120), ("destroy", W2)]
    assert said == ["worker-2 could not be asked to end, and goes without: no answer over ssh"]

    told.clear()
    keeps = blue(monkeypatch, told, Mode.STATEFUL)
    with pytest.raises(error):
        up.end(keeps, W2, said.append, by)
    assert told == [("stop", W2, 600)], "its users' data is on it"


def awaited(told: list[tuple[Any, ...]]) -> Callable[..., None]:
    """In the place of the wait for workers to serve; whoever waits in the visitors' queue for that is told of."""

    def wait(_lab: Deployment, names: list[NodeName], *_: object, asks_door: bool = True) -> None:
        told.append(("await at the door" if asks_door else "await", *names))

    return wait


def test_who_is_brought_into_service_brings_nobody_with_them_who_may_not_be_ready(
    told: list[tuple[Any, ...]], monkeypatch: pytest.MonkeyPatch, by: Deadline
) -> None:
    lab = blue(monkeypatch, told)
    there = [Server("worker-1", "DRAIN", 0, 0), Server("worker-2", "DOWN", 0, 0), Server("worker-9", "DOWN", 0, 0)]
    monkeypatch.setattr(LoadBalancer, "servers", lambda *_: there)
    monkeypatch.setattr(LoadBalancer, "add", lambda _self, name, *_: told.append(("add", name)))
    monkeypatch.setattr(LoadBalancer, "resume", lambda _self, names, _by: told.append(("resume", *names)))
    monkeypatch.setattr(LoadBalancer, "remove", lambda _self, name, _by: told.append(("remove", name)))
    monkeypatch.setattr(type(lab.substrate), "nodes", lambda *_: [])
    monkeypatch.setattr(LoadBalancer, "write", lambda *_: None)
    monkeypatch.setattr(readiness, "await_serving", awaited(told))
    # Worker 4 is woken at this moment, and runs what was the newest before it slept; nobody wants worker 5.
    fleet.admit(lab, [W2, W3, W5], pytest.fail, by)
    assert told == [("add", "worker-3"), ("resume", "worker-2"), ("remove", "worker-9"), ("await", W2, W3)]


def noted(lab: Deployment) -> list[str]:
    return [f"{one.what} {one.fields['state']}" for one in lab.timeline().read().events if one.kind is Kind.NODE]


def test_only_who_is_made_anew_is_noted_as_such(
    told: list[tuple[Any, ...]], monkeypatch: pytest.MonkeyPatch, by: Deadline
) -> None:
    lab = blue(monkeypatch, told)
    monkeypatch.setattr(type(lab.substrate), "create", lambda *_: None)
    lab.note(State.SLEEPING, W1, STORE)
    up.wake(lab, [W1, STORE], lambda _: None, by)
    monkeypatch.setattr(up, "_seed", lambda *_: None)
    monkeypatch.setattr(readiness, "await_node", lambda *_: None)
    changes = Changes(create=(W2, W3, LOADBALANCER), start=(W3, LOADBALANCER))
    up._create_and_seed(lab, changes, lambda _: None, by)
    assert noted(lab) == [
        *("worker-1 sleeping", "store-1 sleeping", "worker-1 waking", "store-1 waking"),
        *("worker-2 creating", "worker-3 starting", "loadbalancer-1 starting"),
    ]


def test_a_worker_that_is_drained_is_noted_with_what_it_had_under_way(
    told: list[tuple[Any, ...]], monkeypatch: pytest.MonkeyPatch, by: Deadline
) -> None:
    lab = blue(monkeypatch, told)
    there = [Server("worker-1", "UP", 2, 1), Server("worker-2", "UP", 0, 0)]
    monkeypatch.setattr(LoadBalancer, "servers", lambda *_: there)
    monkeypatch.setattr(LoadBalancer, "drain", lambda _self, name, _by: told.append(("drain", name)))
    monkeypatch.setattr(readiness, "await_drained", lambda *_: None)
    monkeypatch.setattr(up, "end", lambda _lab, name, *_: told.append(("end", name)))
    for name in (W1, W2):
        up.retire(lab, name, pytest.fail, by)
    assert told == [("drain", "worker-1"), ("end", W1), ("drain", "worker-2"), ("end", W2)]
    draining = [(one.what, one.fields["requests"]) for one in lab.timeline().read().events]
    assert draining == [("worker-1", 3), ("worker-2", 0)]


def test_who_was_removed_by_an_engines_own_tool_is_noted_as_gone(
    told: list[tuple[Any, ...]], monkeypatch: pytest.MonkeyPatch, by: Deadline
) -> None:
    lab = blue(monkeypatch, told)
    lab.note("ready", *(spec.name for spec in lab.plan.nodes))
    before = noted(lab)
    there = {spec.name: Node(spec.name, State.RUNNING, "", spec.digest) for spec in lab.plan.nodes}
    monkeypatch.setattr(type(lab.substrate), "nodes", lambda *_: [*there.values()])
    monkeypatch.setattr(type(lab.substrate), "accelerator", lambda *_: None)
    up._changes(lab, by)
    assert noted(lab) == before
    del there[W1], there[W3]
    for _ in range(2):
        assert up._changes(lab, by).create == (W1, W3)
    assert noted(lab) == [*before, "worker-1 absent", "worker-3 absent"]


def test_whom_a_refresh_has_yet_to_check_nobody_else_gives_traffic(
    told: list[tuple[Any, ...]], monkeypatch: pytest.MonkeyPatch, by: Deadline
) -> None:
    def write(_self: object, workers: list[tuple[str, str]], _by: Deadline) -> None:
        written.append([name for name, _ in workers])

    lab, written = blue(monkeypatch, told), list[list[str]]()
    monkeypatch.setattr(LoadBalancer, "add", lambda _self, name, *_: told.append(("add", name)))
    monkeypatch.setattr(LoadBalancer, "write", write)
    monkeypatch.setattr(type(lab.substrate), "nodes", lambda *_: [])
    monkeypatch.setattr(readiness, "await_serving", awaited(told))
    unfinished.launched("blue", "docker", [W3])
    fleet.admit(lab, [W2, W3], pytest.fail, by)
    assert told == [("add", "worker-2"), ("await", W2)]
    assert written == [["worker-1", "worker-2"]]
    told.clear()
    unfinished.settled("blue", "docker", [W3])
    fleet.admit(lab, [W3], pytest.fail, by)
    assert told == [("add", "worker-3"), ("await", W3)]


@pytest.mark.parametrize(
    ("names", "there"), [([W2], ["worker-1", "worker-2"]), ([], ["worker-1"]), ([W2, W5], ["worker-1", "worker-2"])]
)
def test_a_load_balancer_that_starts_again_has_nobody_who_is_still_on_the_way(
    names: list[NodeName], there: list[str], monkeypatch: pytest.MonkeyPatch, by: Deadline
) -> None:
    """Of four that are wanted it knows worker 1, and nobody wants worker 5, which it knows as well. It does not answer
    at once, which says nothing of whom it knows."""
    lab, written = blue(monkeypatch, []), list[str]()
    answers = iter([None, [Server("worker-1", "DOWN", 0, 0), Server("worker-5", "UP", 0, 0)]])
    monkeypatch.setattr(LoadBalancer, "servers", lambda *_: next(answers))
    monkeypatch.setattr(LoadBalancer, "write", lambda _self, workers, _by: written.extend(name for name, _ in workers))
    up.write_workers(lab, names, by)
    assert written == there


@pytest.mark.parametrize(
    ("sticky", "verb", "holder", "retired"),
    [
        (True, "autoscale", "autoscale docker", [W4]),
        (True, "refresh", "refresh docker", [W4]),
        (True, "autoscale", "autoscale vagrant", [W3, W4]),
        (False, "autoscale", "autoscale docker", [W3, W4]),
    ],
)
def test_a_drain_in_which_somebody_at_work_awaits_users_who_stay_is_left_to_them(
    sticky: bool,
    verb: str,
    holder: str,
    retired: list[NodeName],
    told: list[tuple[Any, ...]],
    monkeypatch: pytest.MonkeyPatch,
    by: Deadline,
) -> None:
    file, mode, said = deployment.topology_file(), Mode.STATELESS, list[str]()
    lab = deployment.intend(
        "blue", "docker", mode=mode, workers=2, topology=TOPOLOGY, file=file, keys=KEYS, sticky=sticky
    )
    there = [Server("worker-3", "DRAIN", 0, 0), Server("worker-4", "UP", 0, 0)]
    monkeypatch.setattr(LoadBalancer, "servers", lambda *_: there)
    monkeypatch.setattr(type(lab.substrate), "prepare", lambda *_: None)
    monkeypatch.setattr(clocks, "mend", lambda *_: None)
    for name in ("wake", "_remove_first", "_create_and_seed", "write_workers", "_finish_waking", "register"):
        monkeypatch.setattr(up, name, lambda *_: None)
    for name in ("await_node", "await_serving"):
        monkeypatch.setattr(readiness, name, lambda *_: None)
    monkeypatch.setattr(up, "retire", lambda _lab, name, *_: told.append(("retire", name)))
    with leased("blue", verb, holder):
        up._apply(lab, Changes(retire=(W3, W4)), said.append, by)
    assert told == [("retire", name) for name in retired]
    assert any(step.startswith("leaving worker-3 to ") for step in said) is (W3 not in retired)
    told.clear()
    up._apply(lab, Changes(retire=(W3, W4)), said.append, by)
    assert told == [("retire", W3), ("retire", W4)], "nobody is at work any more"


@pytest.mark.parametrize(
    ("changes", "unchecked", "wanted"),
    [
        (Changes(create=(LOADBALANCER, W1)), [], []),
        (Changes(create=(LOADBALANCER, W1)), [W2], ["write"]),
        (Changes(create=(LOADBALANCER, W1), start=(LOADBALANCER,)), [], ["write", "register"]),
        (Changes(create=(W1,)), [], ["write", "register"]),
    ],
)
def test_a_load_balancer_that_did_not_come_with_its_workers_is_told_of_them(
    changes: Changes, unchecked: list[NodeName], wanted: list[str], monkeypatch: pytest.MonkeyPatch, by: Deadline
) -> None:
    lab, did = blue(monkeypatch, []), list[str]()
    monkeypatch.setattr(type(lab.substrate), "prepare", lambda *_: None)
    monkeypatch.setattr(clocks, "mend", lambda *_: None)
    for name in ("wake", "_remove_first", "_create_and_seed", "_finish_waking"):
        monkeypatch.setattr(up, name, lambda *_: None)
    monkeypatch.setattr(up, "write_workers", lambda *_: did.append("write"))
    monkeypatch.setattr(up, "register", lambda *_: did.append("register"))
    for name in ("await_node", "await_serving"):
        monkeypatch.setattr(readiness, name, lambda *_: None)
    unfinished.launched("blue", "docker", unchecked)
    up._apply(lab, changes, lambda _: None, by)
    assert did == wanted


def test_while_nodes_are_made_it_is_told_who_is_not_ready(
    told: list[tuple[Any, ...]], monkeypatch: pytest.MonkeyPatch, by: Deadline
) -> None:
    lab, heard = blue(monkeypatch, told), Event()

    def boot(*_: object) -> None:
        assert heard.wait(10), "nothing was told while it boots"

    def hear(line: str) -> None:
        told.append((line,))
        heard.set()

    monkeypatch.setattr(readiness, "_TELL_EVERY_S", 0.02)
    monkeypatch.setattr(readiness, "seen", lambda *_: "no answer")
    monkeypatch.setattr(type(lab.substrate), "create", boot)
    up.create(lab, [W2], hear, by)
    assert told == [("worker-2 is not ready yet: no answer",)]
