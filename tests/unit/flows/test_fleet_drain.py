"""A worker on its way out: others may change the lab while somebody waits for it, and may want it in service again."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lab.flows import deployment, fleet, leases, readiness, up
from lab.flows.deployment import Deployment
from lab.flows.fleet import ScaleIn
from lab.host import lock
from lab.loadbalancer.config import Server
from lab.loadbalancer.runtime import LoadBalancer
from lab.model.deadline import Deadline
from lab.model.node import Mode, Node, NodeName, Role, State
from tests.unit.model.test_plan import KEYS, TOPOLOGY

W1, W2 = (NodeName(Role.WORKER, number) for number in (1, 2))


@pytest.fixture
def by() -> Deadline:
    """More than enough for waits on paper, and less than who drains would wait for users who stay."""
    return Deadline.after(5, "one test")


class Scene:
    """A lab of two workers that run, on an engine and a load balancer on paper. `told` has what was done, each with
    whether the lab's lock was held; `busy` are the requests in flight on worker 2, `users` its users."""

    def __init__(self) -> None:
        self.told: list[tuple[str, bool]] = []
        self.said: list[str] = []
        self.busy, self.users = 0, 0
        self.at_look: Callable[[], object] = lambda: None

    def note(self, what: str) -> Callable[..., None]:
        return lambda *_, **__: self.told.append((what, lock.is_held(leases.changes("blue"))))

    def lab(self, *, sticky: bool = False) -> Deployment:
        file, mode = deployment.topology_file(), Mode.STATELESS
        return deployment.intend(
            "blue", "docker", mode=mode, workers=2, topology=TOPOLOGY, file=file, keys=KEYS, sticky=sticky
        )

    def nodes(self, *_: object) -> list[Node]:
        plan = deployment.load("blue", "docker").plan
        return [Node(spec.name, State.RUNNING, "", spec.digest) for spec in plan.nodes]

    def servers(self, *_: object) -> list[Server]:
        self.at_look()
        return [Server("worker-1", "UP", 0, 0), Server("worker-2", "DRAIN", self.busy, 0)]

    def users_of(self, *_: object) -> int:
        self.at_look()
        return self.users

    def wanted_again(self, *_: object) -> None:
        """Somebody says `lab up --workers 2`."""
        deployment.restaff(deployment.load("blue", "docker"), [1, 2], pool=[])


@pytest.fixture
def scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Scene:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    scene = Scene()

    class Engine:
        sleep = staticmethod(scene.note("sleep"))

    monkeypatch.setattr(type(scene.lab().substrate), "nodes", scene.nodes)
    monkeypatch.setattr(up, "rest", lambda _: Engine())
    monkeypatch.setattr(up, "end", scene.note("end"))
    monkeypatch.setattr(fleet, "restart", scene.note("restart"))
    monkeypatch.setattr(readiness, "await_node", scene.note("await"))
    for name in ("servers", "users_of"):
        monkeypatch.setattr(LoadBalancer, name, getattr(scene, name))
    monkeypatch.setattr(LoadBalancer, "write", lambda *_: None)
    for name in ("drain", "close", "remove"):
        monkeypatch.setattr(LoadBalancer, name, scene.note(name))
    return scene


def shrunk(scene: Scene, lab: Deployment, how: ScaleIn, by: Deadline) -> Deployment:
    return fleet.shrink(lab, W2, how, 300, scene.said.append, by)


def test_one_that_is_put_to_sleep_is_awaited_while_others_may_change_the_lab(scene: Scene, by: Deadline) -> None:
    shrunk(scene, scene.lab(), ScaleIn.SLEEP, by)
    assert scene.told == [("drain", True), ("restart", False), ("await", False), ("remove", True), ("sleep", True)]
    assert scene.said[-1] == "worker-2 sleeps"


def test_a_pool_that_is_filled_is_awaited_while_others_may_change_the_lab(scene: Scene, by: Deadline) -> None:
    lab = deployment.restaff(scene.lab(), [1], pool=[2])
    assert fleet.fill_pool(lab, 1, scene.said.append, by).deployed.pool == (2,)
    assert scene.told == [("await", False), ("remove", True), ("sleep", True)]


@pytest.mark.parametrize("waits_for", ["restart", "await"])
def test_one_that_is_wanted_in_service_before_it_sleeps_stays_awake(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, waits_for: str, by: Deadline
) -> None:
    room: Any = fleet if waits_for == "restart" else readiness
    monkeypatch.setattr(room, "restart" if waits_for == "restart" else "await_node", scene.wanted_again)
    assert shrunk(scene, scene.lab(), ScaleIn.SLEEP, by).plan.worker_names == {W1, W2}
    assert {what for what, _ in scene.told}.isdisjoint({"remove", "sleep", "end"})
    assert "worker-2 sleeps" not in scene.said


@pytest.mark.parametrize("how", ScaleIn)
@pytest.mark.parametrize(("sticky", "users", "busy"), [(False, 0, 1), (True, 1, 0), (True, 0, 1)])
def test_one_that_is_wanted_in_service_again_is_waited_for_no_more_and_serves_its_users(
    scene: Scene, how: ScaleIn, sticky: bool, users: int, busy: int, by: Deadline
) -> None:
    lab = scene.lab(sticky=sticky)
    scene.users, scene.busy = users, busy

    def look() -> None:
        # The first looks are those whether the load balancer knows it, when its drain begins.
        if ("drain", True) in scene.told:
            scene.wanted_again()

    scene.at_look = look
    assert shrunk(scene, lab, how, by).plan.worker_names == {W1, W2}
    assert scene.told == [("drain", True)]


def test_where_users_stay_it_is_closed_under_the_lock_when_they_have_gone(scene: Scene, by: Deadline) -> None:
    shrunk(scene, scene.lab(sticky=True), ScaleIn.DELETE, by)
    assert scene.told == [("drain", True), ("close", True), ("end", True)]
