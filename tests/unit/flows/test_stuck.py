"""What `up` does with a node that runs and does not become ready, and with whom it leaves alone."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from lab.flows import clocks, deployment, readiness, stuck, up
from lab.flows.changes import Changes
from lab.flows.deployment import Deployment
from lab.flows.readiness import UnreadyError
from lab.loadbalancer.runtime import LoadBalancer
from lab.model.deadline import Deadline
from lab.model.errors import LabError, LateError
from lab.model.node import LOADBALANCER, STORE, Mode, NodeName, Role, State
from lab.substrates.base import UnstartedError
from tests.unit.model.test_plan import KEYS, TOPOLOGY

W1, W2 = (NodeName(Role.WORKER, number) for number in (1, 2))


@dataclass
class Blue:
    """A lab of two workers: which nodes are not ready, what was done, and who fails to be started again."""

    lab: Deployment
    silent: set[NodeName] = field(default_factory=set)
    done: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    fails: LabError | None = None
    is_mended: bool = True

    def restart(self, _self: object, _lab: str, name: NodeName, _by: Deadline) -> None:
        self.done.append(f"restart {name}")
        if self.fails:
            raise self.fails
        if self.is_mended:
            self.silent.discard(name)

    def power_on(self, _self: object, _lab: str, name: NodeName, _by: Deadline) -> None:
        self.done.append(f"power on {name}")
        self.silent.discard(name)

    def create(self, _self: object, _plan: object, names: list[NodeName], *_: object) -> None:
        self.done.append(f"create {', '.join(map(str, names))}")
        self.silent.difference_update(names)

    def seen(self, _engine: object, _role: Role, address: str, by: Deadline, **_: bool) -> str | None:
        name = next(spec.name for spec in self.lab.plan.nodes if spec.address == address)
        return "no answer" if name in self.silent or by.is_over() else None


Make = Callable[..., Blue]


@pytest.fixture
def make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Make:
    def made(*silent: NodeName, mode: Mode = Mode.STATELESS) -> Blue:
        file = deployment.topology_file()
        lab = deployment.intend("blue", "docker", mode=mode, workers=2, topology=TOPOLOGY, file=file, keys=KEYS)
        blue, engine = Blue(lab, {*silent}), type(lab.substrate)
        for verb in ("restart", "power_on", "create"):
            does = getattr(blue, verb)
            monkeypatch.setattr(engine, verb, lambda *words, does=does: does(*words))
        for verb in ("power_off", "destroy"):
            note = f"{verb.replace('_', ' ')} {{}}"
            monkeypatch.setattr(engine, verb, lambda *words, note=note: blue.done.append(note.format(words[2])))
        monkeypatch.setattr(readiness, "seen", lambda *words, **more: blue.seen(*words, **more))
        return blue

    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setattr(stuck, "_READY_S", 0.3)
    monkeypatch.setattr(stuck, "_LOOK_S", 0.1)
    monkeypatch.setattr(readiness, "log_tail", lambda *_: "its log")
    every = (LOADBALANCER, STORE, W1, W2)
    monkeypatch.setattr(Deployment, "states", lambda *_: dict.fromkeys(every, State.RUNNING))
    return made


@pytest.fixture
def by() -> Deadline:
    return Deadline.after(60, "one test")


@pytest.fixture
def soon() -> Deadline:
    return Deadline.after(1, "one test")


@pytest.mark.parametrize("name", [STORE, LOADBALANCER])
def test_a_store_or_balancer_that_runs_and_does_not_serve_is_started_again(
    make: Make, name: NodeName, by: Deadline
) -> None:
    blue = make(name)
    stuck.await_node(blue.lab, name, [W1], blue.said.append, by)
    assert blue.done == [f"restart {name}"]
    assert f"{name} runs and does not become ready: starting it again" in blue.said
    stuck.await_node(blue.lab, name, [], blue.said.append, by)
    assert len(blue.done) == 1, "it is ready by now"


def test_who_just_boots_is_left_alone(make: Make, soon: Deadline) -> None:
    blue = make(STORE, W1)
    with pytest.raises(UnreadyError, match="store-1 did not become ready"):
        stuck.await_node(blue.lab, STORE, [STORE], blue.said.append, soon)
    with pytest.raises(UnreadyError, match="worker-1 did not become ready"):
        stuck.await_workers(blue.lab, [W1], blue.said.append, soon)
    assert blue.done == []


def test_one_into_which_nobody_gets_any_more_is_switched_off_and_on(make: Make, by: Deadline) -> None:
    blue = make(STORE)
    blue.fails = LateError("no answer over ssh\n  more", where="here", mend="wait")
    stuck.await_node(blue.lab, STORE, [], blue.said.append, by)
    assert blue.done == ["restart store-1", "power off store-1", "power on store-1"]
    assert "store-1 could not be told to, and is switched off and on: no answer over ssh" in blue.said


def test_one_that_does_not_come_up_is_not_tried_again_and_again(make: Make, soon: Deadline) -> None:
    blue = make(STORE)
    blue.is_mended = False
    with pytest.raises(UnreadyError, match="store-1 did not become ready"):
        stuck.await_node(blue.lab, STORE, [], blue.said.append, soon)
    assert blue.done == ["restart store-1"]
    blue.fails = UnstartedError("its services did not come up", where="here", mend="wait")
    with pytest.raises(UnstartedError, match="did not come up") as raised:
        stuck.await_node(blue.lab, STORE, [], blue.said.append, Deadline.after(60, "one test"))
    assert blue.done == ["restart store-1"] * 2
    assert "`lab provision docker --apply --name blue` repairs" in raised.value.mend


def test_only_workers_that_are_not_ready_after_a_while_are_given_up(make: Make, by: Deadline) -> None:
    # The second one is asked after the first one had all the time that there is.
    blue = make(W1)
    assert stuck.await_workers(blue.lab, [], blue.said.append, by) == [W1]
    assert stuck.await_workers(make(W1, W2).lab, [], blue.said.append, by) == [W1, W2]
    assert stuck.await_workers(make().lab, [], blue.said.append, by) == []
    assert blue.done == []


def test_a_worker_that_keeps_its_users_data_is_started_again_and_never_made_anew(make: Make, by: Deadline) -> None:
    blue = make(W1, mode=Mode.STATEFUL)
    assert stuck.await_workers(blue.lab, [], blue.said.append, by) == []
    assert blue.done == ["restart worker-1"]


def test_no_worker_is_given_up_while_the_store_is_away(make: Make, soon: Deadline, by: Deadline) -> None:
    blue = make(W1, W2, STORE)
    with pytest.raises(UnreadyError, match="store-1 did not become ready"):
        stuck.await_workers(blue.lab, [], blue.said.append, soon)

    def come_back(line: str) -> None:
        if line == "waiting for store-1":
            blue.silent.clear()

    assert stuck.await_workers(blue.lab, [], come_back, by) == [], "they were waiting for the store"


@pytest.mark.parametrize("state", [State.STOPPED, State.SLEEPING, State.ABSENT])
def test_a_worker_that_ended_meanwhile_is_no_stuck_one(
    state: State, make: Make, by: Deadline, monkeypatch: pytest.MonkeyPatch
) -> None:
    blue = make(W1)
    monkeypatch.setattr(Deployment, "states", lambda *_: {W1: state})
    with pytest.raises(UnreadyError, match="worker-1 did not become ready"):
        stuck.await_workers(blue.lab, [], blue.said.append, by)


def test_up_makes_stuck_workers_anew_all_at_once_and_once(
    make: Make, by: Deadline, monkeypatch: pytest.MonkeyPatch
) -> None:
    blue = make(W1, W2)
    monkeypatch.setattr(type(blue.lab.substrate), "prepare", lambda *_: None)
    monkeypatch.setattr(clocks, "mend", lambda *_: None)
    for name in ("_create_and_seed", "write_workers", "_finish_waking"):
        monkeypatch.setattr(up, name, lambda *_: None)
    monkeypatch.setattr(up, "register", lambda _lab, names, _by: blue.done.append(f"register {len(names)}"))
    monkeypatch.setattr(up, "retire", pytest.fail)
    monkeypatch.setattr(readiness, "await_serving", lambda *_: blue.done.append("await"))
    # One of them is outdated besides.
    up._apply(blue.lab, Changes(renew=(W2,)), blue.said.append, by)
    assert blue.done == ["destroy worker-1", "destroy worker-2", "create worker-1, worker-2", "register 2", "await"]
    assert blue.said.count("removing worker-1, which runs and does not become ready") == 1


@pytest.mark.parametrize("mode", Mode)
@pytest.mark.parametrize("name", [STORE, LOADBALANCER])
def test_an_outdated_node_that_hangs_does_not_end_up(
    name: NodeName, mode: Mode, make: Make, by: Deadline, monkeypatch: pytest.MonkeyPatch
) -> None:
    def hang(_self: object, _lab: str, _name: NodeName, within: Deadline) -> None:
        assert within.left() < 60
        raise LateError("no answer over ssh\n  more", where="here", mend="wait")

    blue = make(mode=mode)
    monkeypatch.setattr(up, "_END_S", 50)
    monkeypatch.setattr(type(blue.lab.substrate), "stop", hang)
    monkeypatch.setattr(LoadBalancer, "servers", pytest.fail)
    up._remove_first(blue.lab, Changes(create=(name,), remake=(name,)), blue.said.append, by)
    assert blue.done == [f"destroy {name}"]
    assert blue.said[-1] == f"{name} could not be asked to end, and goes without: no answer over ssh"
