"""A worker on its way out: it goes as soon as nobody needs it. Others may change the lab while somebody waits for it,
and may want it in service again."""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lab.flows import deployment, fleet, leases, readiness, up
from lab.flows.deployment import Deployment
from lab.flows.fleet import ScaleIn
from lab.host import lock, wait
from lab.loadbalancer.config import Server
from lab.loadbalancer.runtime import LoadBalancer
from lab.model import deadline
from lab.model.deadline import Deadline
from lab.model.errors import LabError
from lab.model.node import Mode, Node, NodeName, Role, State
from tests.unit.model.test_plan import KEYS, TOPOLOGY

W1, W2 = (NodeName(Role.WORKER, number) for number in (1, 2))


@pytest.fixture
def by() -> Deadline:
    """More than enough for waits on paper, and less than who drains would wait for users who stay."""
    return Deadline.after(5, "one test")


class Scene:
    """A lab of two workers that run, on an engine and a load balancer on paper. `told` has what was done, each with
    whether the lab's lock was held; `busy` are the requests in flight on worker 2, `users` its users; `state` and
    `status` are what engine and load balancer say of it, and `other` the second of worker 1."""

    def __init__(self) -> None:
        self.told: list[tuple[str, bool]] = []
        self.said: list[str] = []
        self.busy, self.users = 0, 0
        self.state, self.status, self.other = State.RUNNING, "DRAIN", "UP"
        self.at_look: Callable[[], object] = lambda: None
        self.at_step: Callable[[str], object] = lambda _: None

    def note(self, what: str) -> Callable[..., None]:
        def noted(*_: object, **__: object) -> None:
            self.told.append((what, lock.is_held(leases.changes("blue"))))
            self.at_step(what)

        return noted

    def lab(self, *, sticky: bool = False) -> Deployment:
        file, mode = deployment.topology_file(), Mode.STATELESS
        return deployment.intend(
            "blue", "docker", mode=mode, workers=2, topology=TOPOLOGY, file=file, keys=KEYS, sticky=sticky
        )

    def nodes(self, *_: object) -> list[Node]:
        plan = deployment.load("blue", "docker").plan
        state = {W2: self.state}
        return [Node(spec.name, state.get(spec.name, State.RUNNING), "", spec.digest) for spec in plan.nodes]

    def servers(self, *_: object) -> list[Server]:
        self.at_look()
        return [Server("worker-1", self.other, 0, 0), Server("worker-2", self.status, self.busy, 0)]

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
    for name in ("drain", "close", "remove", "resume"):
        monkeypatch.setattr(LoadBalancer, name, scene.note(name))
    return scene


def shrunk(scene: Scene, lab: Deployment, how: ScaleIn, by: Deadline, delay_s: float = 300) -> Deployment:
    return fleet.shrink(lab, W2, how, delay_s, scene.said.append, by)


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


@pytest.mark.parametrize(
    ("state", "status", "found"),
    [
        (State.RUNNING, "UP", "serving"),
        (State.RUNNING, "DOWN", "warming"),
        (State.RUNNING, "DRAIN", "draining"),
        (State.STOPPED, "DOWN", "dead"),
    ],
)
@pytest.mark.parametrize("was", ["serving", "draining", "dead"])
def test_one_goes_only_while_it_is_what_it_was_when_that_was_decided(
    scene: Scene, by: Deadline, was: str, state: State, status: str, found: str
) -> None:
    """Who waits for the lab's lock may find a successor that `lab up` or `lab replace` made meanwhile."""
    lab, scene.state, scene.status = scene.lab(), state, status
    left = fleet.shrink(lab, W2, ScaleIn.DELETE, 300, scene.said.append, by, was=was)
    assert (W2 in left.plan.worker_names) is (was != found)
    assert [what for what, _ in scene.told] == ([] if was != found else ["drain", "end"])
    if was != found:
        assert scene.said == [f"leaving worker-2 as it is: it was {was}, and is {found} by now"]


@pytest.mark.parametrize(
    ("status", "said"), [("UP", []), ("DRAIN", [("resume", True)])], ids=["it serves", "it was left draining"]
)
def test_one_stays_where_the_others_died_before_it_was_to_go(
    scene: Scene, by: Deadline, status: str, said: list[tuple[str, bool]]
) -> None:
    lab, scene.status, scene.other = scene.lab(), status, "DOWN"
    assert fleet.shrink(lab, W2, ScaleIn.DELETE, 300, scene.said.append, by, least=1).plan.worker_names == {W1, W2}
    assert scene.told == said
    assert scene.said == ["worker-2 serves on: too few others do"]


def test_one_that_died_itself_goes_whoever_else_serves(scene: Scene, by: Deadline) -> None:
    lab, scene.state, scene.status, scene.other = scene.lab(), State.STOPPED, "DOWN", "DOWN"
    assert fleet.shrink(lab, W2, ScaleIn.DELETE, 300, scene.said.append, by, least=1).plan.worker_names == {W1}
    assert scene.told == [("drain", True), ("end", True)]


@pytest.mark.parametrize("how", ScaleIn)
@pytest.mark.parametrize(("sticky", "users", "busy"), [(False, 0, 1), (True, 1, 0), (True, 0, 1)])
@pytest.mark.parametrize("comes_back", [False, True])
def test_a_drain_is_called_off_where_the_others_die_also_where_they_only_missed_their_checks(
    scene: Scene, how: ScaleIn, sticky: bool, users: int, busy: int, comes_back: bool, by: Deadline
) -> None:
    """It has requests in flight still, or users: what ended the wait for them must not be forgotten."""
    lab, scene.status = scene.lab(sticky=sticky), "UP"
    scene.users, scene.busy, others = users, busy, iter(["DOWN"])

    def look() -> None:
        if ("drain", True) in scene.told:
            scene.other = next(others, "UP" if comes_back else "DOWN")

    def step(what: str) -> None:
        scene.status = {"drain": "DRAIN", "resume": "UP"}.get(what, scene.status)

    scene.at_look, scene.at_step = look, step
    left = fleet.shrink(lab, W2, how, 300, scene.said.append, by, least=1)
    assert left.plan.worker_names == {W1, W2}
    assert not left.deployed.pool
    assert scene.told == [("drain", True), ("resume", True)]
    noted = [event.fields["state"] for event in lab.timeline().read().events if event.what == "worker-2"]
    assert noted == ["draining", "ready"]


def test_where_users_stay_it_is_closed_under_the_lock_when_they_have_gone(scene: Scene, by: Deadline) -> None:
    shrunk(scene, scene.lab(sticky=True), ScaleIn.DELETE, by)
    assert scene.told == [("drain", True), ("close", True), ("end", True)]


class Clock:
    """Time that passes only while somebody waits, for the modules that read it. In each second worker 2 has the next of
    `figures`, its requests in flight and its users, and after those the last. `done` has what was done, each with the
    second and the figures then."""

    def __init__(self, scene: Scene) -> None:
        self._scene, self._now_s = scene, 0.0
        self.figures = [(0, 0)]
        self.done: dict[str, tuple[float, int, int]] = {}

    def monotonic(self) -> float:
        return self._now_s

    def sleep(self, seconds: float) -> None:
        self._now_s += seconds

    def look(self) -> None:
        self._scene.busy, self._scene.users = self._now()

    def step(self, what: str) -> None:
        self.done[what] = (self._now_s, *self._now())

    def begin(self, figures: list[tuple[int, int]], *, sticky: bool) -> Deployment:
        """The lab at the beginning, whatever it was before."""
        self._now_s, self.figures, self.done = 0.0, figures, {}
        return deployment.restaff(self._scene.lab(sticky=sticky), [1, 2], pool=[])

    def _now(self) -> tuple[int, int]:
        return self.figures[min(int(self._now_s), len(self.figures) - 1)]


@pytest.fixture
def clock(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock(scene)
    for room in (wait, deadline):
        monkeypatch.setattr(room, "time", clock)
    scene.at_look, scene.at_step = clock.look, clock.step
    return clock


FIGURES = {
    "its users leave": ([(0, 2), (0, 1), (0, 0)], True, 2),
    "its users leave, and then its requests end": ([(1, 1), (1, 0), (1, 0), (0, 0)], True, 3),
    "its requests end, and then its users leave": ([(1, 1), (0, 1), (0, 0)], True, 2),
    "its users stay": ([(0, 1)], True, 300),
    "its requests end": ([(3, 0), (1, 0), (0, 0)], False, 2),
    "its requests end, and nobody asks whose they were": ([(3, 2), (0, 2)], False, 1),
}


@pytest.mark.parametrize("how", ScaleIn)
@pytest.mark.parametrize("case", FIGURES)
def test_it_goes_as_soon_as_nobody_needs_it_and_long_before_the_delay_is_over_where_its_users_leave(
    scene: Scene, clock: Clock, case: str, how: ScaleIn
) -> None:
    figures, sticky, after_s = FIGURES[case]
    lab = clock.begin(figures, sticky=sticky)
    shrunk(scene, lab, how, Deadline.after(900, "one change"))
    assert clock.done["drain"][0] == 0
    went_s, busy, _ = clock.done["end" if how is ScaleIn.DELETE else "restart"]
    assert went_s == pytest.approx(after_s, abs=0.1)
    assert busy == 0


# The same scene for all examples: each begins it anew.
@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    figures=st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), min_size=1, max_size=9),
    delay_s=st.integers(0, 9),
    sticky=st.booleans(),
    how=st.sampled_from(ScaleIn),
)
def test_none_goes_that_was_not_drained_whatever_its_users_do(
    scene: Scene, clock: Clock, figures: list[tuple[int, int]], delay_s: int, sticky: bool, how: ScaleIn
) -> None:
    lab = clock.begin(figures, sticky=sticky)
    with suppress(LabError):  # requests that never end
        shrunk(scene, lab, how, Deadline.after(30, "one change"), delay_s)
    before = ["drain", "close"] if sticky else ["drain"]
    assert [*clock.done][: len(before)] == before
    if sticky:
        closed_s, _, users = clock.done["close"]
        assert users == 0 or closed_s >= delay_s
    after = [*clock.done][len(before) :]
    assert after or figures[-1][0] > 0
    if after:
        assert after[0] == ("end" if how is ScaleIn.DELETE else "restart")
        assert clock.done[after[0]][1] == 0, "requests in flight"
