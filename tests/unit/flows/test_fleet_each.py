"""Workers that come together: each serves as soon as it can, whoever of the others hangs."""

from collections.abc import Callable
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from lab.flows import deployment, fleet, readiness, up
from lab.flows.deployment import Deployment
from lab.loadbalancer.runtime import LoadBalancer
from lab.model.deadline import Deadline
from lab.model.errors import LabError
from lab.model.node import Mode, Node, NodeName, Role, State
from tests.unit.model.test_plan import KEYS, TOPOLOGY

W1, W2, W3, W4, W5, W6 = (NodeName(Role.WORKER, number) for number in range(1, 7))


class Scene:
    """A lab on an engine that makes and wakes what it is asked for. `hangs` does not get ready before the others serve,
    nor afterwards."""

    def __init__(self, lab: Deployment) -> None:
        self.lab, self.hangs = lab, W2
        self.states = {W1: State.RUNNING}
        self.admitted: list[NodeName] = []
        self.waited_s: list[float] = []
        self.awaited: list[NodeName] = []
        self.done: list[str] = []
        self.others = {W3, W4}
        self.others_serve = Event()

    def nodes(self, *_: object) -> list[Node]:
        plan = deployment.load("blue", "docker").plan
        return [Node(name, state, "", plan.node(name).digest) for name, state in self.states.items()]

    def run(self, _lab: Deployment, names: list[NodeName], *_: object) -> None:
        self.states |= dict.fromkeys(names, State.RUNNING)

    def create(self, lab: Deployment, names: list[NodeName], *_: object) -> None:
        self.done += [f"create {name}" for name in names]
        self.run(lab, names)

    def await_node(self, _lab: Deployment, name: NodeName, _report: object, by: Deadline) -> None:
        self.awaited.append(name)
        self.waited_s.append(by.left())
        if name == self.hangs:
            assert self.others_serve.wait(10), "the others wait for one that hangs"
            raise readiness.UnreadyError(f"{name} did not become ready", where="here", mend="read its log")

    def admit(self, lab: Deployment, names: list[NodeName], *_: object) -> Deployment:
        self.admitted += names
        self.done += [f"admit {name}" for name in names]
        if self.others <= {*self.admitted}:
            self.others_serve.set()
        return lab


@pytest.fixture
def by() -> Deadline:
    return Deadline.after(600, "one test")


@pytest.fixture
def scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Scene:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    file = deployment.topology_file()
    lab = deployment.intend("blue", "docker", mode=Mode.STATELESS, workers=1, topology=TOPOLOGY, file=file, keys=KEYS)
    scene = Scene(lab)
    engine = type(lab.substrate)
    monkeypatch.setattr(engine, "nodes", scene.nodes)
    monkeypatch.setattr(engine, "prepare", lambda *_: None)
    monkeypatch.setattr(engine, "wake", lambda *_: None)
    monkeypatch.setattr(LoadBalancer, "open", lambda *_: None)
    monkeypatch.setattr(up, "create", scene.create)
    monkeypatch.setattr(up, "wake", scene.run)
    monkeypatch.setattr(up, "end", lambda *_: None)
    monkeypatch.setattr(up, "is_known", lambda *_: False)
    monkeypatch.setattr(fleet, "freshen", lambda *_: None)
    monkeypatch.setattr(fleet, "admit", scene.admit)
    monkeypatch.setattr(readiness, "await_store_used", lambda *_: None)
    monkeypatch.setattr(readiness, "await_node", scene.await_node)
    return scene


def pooled(scene: Scene, *numbers: int) -> None:
    """These sleep in the warm pool."""
    scene.lab = deployment.restaff(scene.lab, [1], numbers)
    scene.states |= {NodeName(Role.WORKER, number): State.SLEEPING for number in numbers}


@pytest.mark.parametrize("pool", [[], [2], [2, 3], [3], [3, 4], [2, 3, 4]])
def test_of_new_workers_the_ready_ones_serve_while_another_hangs(
    scene: Scene, pool: list[int], monkeypatch: pytest.MonkeyPatch, by: Deadline
) -> None:
    monkeypatch.setattr(fleet, "_AHEAD_S", 0.1)
    pooled(scene, *pool)
    with pytest.raises(LabError, match="worker-2 did not become ready"):
        fleet.grow(scene.lab, 3, lambda _: None, by)
    assert {*scene.admitted} == {W3, W4}
    assert deployment.load("blue", "docker").deployed.workers == (1, 2, 3, 4)


@pytest.mark.parametrize(("pool", "others"), [([5], {W2, W3}), ([5, 6], {W2, W6})])
def test_successors_that_are_made_do_not_wait_for_one_that_was_woken_and_hangs(
    scene: Scene, pool: list[int], others: set[NodeName], monkeypatch: pytest.MonkeyPatch, by: Deadline
) -> None:
    monkeypatch.setattr(fleet, "_AHEAD_S", 0.1)
    pooled(scene, *pool)
    scene.hangs, scene.others = W5, others
    with pytest.raises(LabError, match="worker-5 did not become ready"):
        fleet.replace_dead(deployment.restaff(scene.lab, [1, 2, 3, 4], pool), [W2, W3, W4], lambda _: None, by)
    assert {*scene.admitted} == others


def test_the_way_to_the_load_balancer_is_opened_while_workers_wake_and_whether_it_opens_is_no_matter_then(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, by: Deadline
) -> None:
    opening, waking = Event(), Event()

    def open_(*_: object) -> None:
        opening.set()
        assert waking.wait(10), "workers wake only once it is open"
        raise LabError("no way", where="here", mend="look")

    def wake(*args: Any) -> None:
        waking.set()
        assert opening.wait(10), "it is opened only once they woke"
        scene.run(*args)

    monkeypatch.setattr(LoadBalancer, "open", open_)
    monkeypatch.setattr(up, "wake", wake)
    pooled(scene, 3)
    scene.hangs = W1
    fleet.grow(scene.lab, 1, lambda _: None, by)
    assert scene.admitted == [W3]


def test_those_that_are_made_are_begun_once_those_that_were_woken_serve(scene: Scene, by: Deadline) -> None:
    pooled(scene, 2, 3)
    scene.hangs = W1
    fleet.grow(scene.lab, 3, lambda _: None, by)
    # Who makes them holds the lab's lock for a boot, and without that nobody is admitted.
    assert {*scene.done[:2]} == {"admit worker-2", "admit worker-3"}
    assert scene.done[2:] == ["create worker-4", "admit worker-4"]


def test_those_that_are_made_are_begun_at_once_where_one_that_was_woken_fails(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, by: Deadline
) -> None:
    def reach(_lab: Deployment, name: NodeName, *_: object) -> None:
        raise LabError(f"{name} does not read from the store", where="here", mend="read its log")

    monkeypatch.setattr(readiness, "await_store_used", reach)
    monkeypatch.setattr(fleet, "_AHEAD_S", 600)
    pooled(scene, 2)
    scene.hangs = W1
    with pytest.raises(LabError, match="worker-2 does not read from the store"):
        fleet.grow(scene.lab, 2, lambda _: None, by)
    assert scene.done == ["create worker-3", "admit worker-3"]


def test_those_that_are_made_come_also_where_nobody_can_be_woken(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, by: Deadline
) -> None:
    def wake(_lab: Deployment, names: list[NodeName], *_: object) -> None:
        if names:
            raise LabError(f"{names[0]} does not wake", where="here", mend="look")

    monkeypatch.setattr(up, "wake", wake)
    monkeypatch.setattr(fleet, "_AHEAD_S", 600)
    pooled(scene, 2)
    with pytest.raises(LabError, match="worker-2 does not wake"):
        fleet.grow(scene.lab, 2, lambda _: None, by, to=3)
    assert scene.done == ["create worker-3", "admit worker-3"]


@pytest.mark.parametrize("bring", [fleet.replace_dead, fleet.finish])
def test_of_successors_and_of_those_left_on_the_way_the_ready_ones_serve_while_another_hangs(
    bring: Callable[..., Deployment], scene: Scene, by: Deadline
) -> None:
    lab = deployment.restaff(scene.lab, [1, 2, 3, 4], [])
    with pytest.raises(LabError, match="worker-2 did not become ready"):
        bring(lab, [W2, W3, W4], lambda _: None, by)
    assert {*scene.admitted} == {W3, W4}


def test_one_that_hangs_does_not_keep_others_from_coming_for_as_long_as_a_change_may_take(
    scene: Scene, by: Deadline
) -> None:
    scene.hangs = W1
    lab = fleet.grow(scene.lab, 1, lambda _: None, by)
    assert scene.awaited == [W2]
    assert [round(waited_s, -1) for waited_s in scene.waited_s] == [120]
    # Who is brought into service beside that has all the time.
    fleet.finish(lab, [W2], lambda _: None, by)
    assert round(scene.waited_s[-1], -1) == 600
