"""Workers that come together: each serves as soon as it can, whoever of the others hangs."""

from collections.abc import Callable
from pathlib import Path
from threading import Event

import pytest

from lab.flows import deployment, fleet, readiness, up
from lab.flows.deployment import Deployment
from lab.model.deadline import Deadline
from lab.model.errors import LabError
from lab.model.node import Mode, Node, NodeName, Role, State
from tests.unit.model.test_plan import KEYS, TOPOLOGY

W1, W2, W3, W4 = (NodeName(Role.WORKER, number) for number in range(1, 5))


class Scene:
    """A lab on an engine that makes and wakes what it is asked for. `hangs` does not get ready before the others serve,
    nor afterwards."""

    def __init__(self, lab: Deployment) -> None:
        self.lab, self.hangs = lab, W2
        self.states = {W1: State.RUNNING}
        self.admitted: list[NodeName] = []
        self.waited_s: list[float] = []
        self.awaited: list[NodeName] = []
        self.others_serve = Event()

    def nodes(self, *_: object) -> list[Node]:
        plan = deployment.load("blue", "docker").plan
        return [Node(name, state, "", plan.node(name).digest) for name, state in self.states.items()]

    def run(self, _lab: Deployment, names: list[NodeName], *_: object) -> None:
        self.states |= dict.fromkeys(names, State.RUNNING)

    def await_node(self, _lab: Deployment, name: NodeName, _report: object, by: Deadline) -> None:
        self.awaited.append(name)
        self.waited_s.append(by.left())
        if name == self.hangs:
            assert self.others_serve.wait(10), "the others wait for one that hangs"
            raise readiness.UnreadyError(f"{name} did not become ready", where="here", mend="read its log")

    def admit(self, lab: Deployment, names: list[NodeName], *_: object) -> Deployment:
        self.admitted += names
        if {W3, W4} <= {*self.admitted}:
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
    monkeypatch.setattr(up, "create", scene.run)
    monkeypatch.setattr(up, "wake", scene.run)
    monkeypatch.setattr(up, "end", lambda *_: None)
    monkeypatch.setattr(up, "is_known", lambda *_: False)
    monkeypatch.setattr(fleet, "freshen", lambda *_: None)
    monkeypatch.setattr(fleet, "admit", scene.admit)
    monkeypatch.setattr(readiness, "await_store_used", lambda *_: None)
    monkeypatch.setattr(readiness, "await_node", scene.await_node)
    return scene


@pytest.mark.parametrize("pool", [[], [2, 3, 4]])
def test_of_new_workers_the_ready_ones_serve_while_another_hangs(scene: Scene, pool: list[int], by: Deadline) -> None:
    scene.lab = deployment.restaff(scene.lab, [1], pool)
    scene.states |= {NodeName(Role.WORKER, number): State.SLEEPING for number in pool}
    with pytest.raises(LabError, match="worker-2 did not become ready"):
        fleet.grow(scene.lab, 3, lambda _: None, by)
    assert {*scene.admitted} == {W3, W4}
    assert deployment.load("blue", "docker").deployed.workers == (1, 2, 3, 4)


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
