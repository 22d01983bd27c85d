"""`lab heal` after the lab was changed: what is left of a fault is undone or refused, and never struck off unseen."""

import time
from pathlib import Path
from typing import ClassVar

import pytest

from lab.faults import catalogue, injection, loadbalancer
from lab.faults.base import Ground
from lab.faults.catalogue import Planned
from lab.flows import prove, readiness, sleep, workers
from lab.flows.deployment import Deployed, Deployment
from lab.host import records
from lab.loadbalancer.runtime import LoadBalancer
from lab.model.deadline import Deadline
from lab.model.errors import LabError, UsageError
from lab.model.node import LOADBALANCER, STORE, LabPlan, Mode, NodeName, Role, State
from tests.unit.faults.ground import KEYS, Told, ground, told
from tests.unit.faults.test_network import DELAYED
from tests.unit.model.test_plan import TOPOLOGY, make

W2, W3 = NodeName(Role.WORKER, 2), NodeName(Role.WORKER, 3)
IN_MEMORY = ["clock", "cut-store", "delay", "drive-away"]


def by() -> Deadline:
    return Deadline.after(30, "one test")


def healed(on: Ground, *faults: Planned, folder: Path) -> list[Planned]:
    """The faults that are still in the file after all were healed, or an error was raised."""
    file = folder / "faults.json"
    injection._write(file, [*faults])
    try:
        injection.heal_all(on, file, lambda _: None, by())
    finally:
        left = injection.read(file)
    return left


def struck(name: str) -> NodeName:
    return STORE if catalogue.named(name).role is Role.STORE else W2


@pytest.mark.parametrize("state", [State.STOPPED, State.ABSENT])
def test_a_full_disk_of_a_store_that_does_not_run_stays_in_the_file(tmp_path: Path, state: State) -> None:
    full = Planned("disk-full", STORE)
    with pytest.raises(UsageError) as raised:
        healed(told(store_1=state), full, folder=tmp_path)
    assert str(raised.value) == (
        "store-1 does not run, and its disk can only be emptied while it does\n"
        "  where: lab blue on docker\n"
        "  mend:  start it: `lab up docker --name blue`, which may fail for want of space; "
        "then `lab heal docker --name blue`, and `lab up docker --name blue` again"
    )
    assert injection.read(tmp_path / "faults.json") == [full]
    runs = told(store_1=State.RUNNING)
    assert healed(runs, full, folder=tmp_path) == []
    assert len(runs.said) == 1


@pytest.mark.parametrize("name", [*IN_MEMORY, "disk-full"])
def test_what_was_done_to_a_node_that_sleeps_stays_in_the_file(tmp_path: Path, name: str) -> None:
    on = told(store_1=State.SLEEPING, worker_2=State.SLEEPING)
    with pytest.raises(UsageError, match=f"{struck(name)} sleeps, and {name} of ") as raised:
        healed(on, Planned(name, struck(name)), folder=tmp_path)
    assert raised.value.mend == "wake it first: `lab wake docker --name blue`"
    assert injection.read(tmp_path / "faults.json") == [Planned(name, struck(name))]
    assert on.said == []


@pytest.mark.parametrize("name", IN_MEMORY)
def test_what_was_done_in_the_memory_of_a_node_ends_with_it(tmp_path: Path, name: str) -> None:
    assert healed(told(store_1=State.STOPPED), Planned(name, struck(name)), folder=tmp_path) == []


@pytest.mark.parametrize("plan", [make(workers=(1,)), make(workers=(1,), pool=(2,))], ids=["removed", "in the pool"])
def test_a_target_that_is_wanted_no_more_clears(tmp_path: Path, plan: LabPlan) -> None:
    on = told(plan, loadbalancer_1=State.RUNNING)
    faults = [Planned(name, W2) for name in ("kill", "stop", "pause", "cut-store", "cut-balancer", "delay")]
    assert healed(on, *faults, folder=tmp_path) == []
    (said,) = on.said
    assert said.startswith(f"{LOADBALANCER}: ip neigh del 10.77.0.102 "), "its next owner would be cut off too"


def test_a_worker_of_the_pool_goes_with_what_was_done_to_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    on = told(make(workers=(1, 2), pool=(3,)), worker_3=State.SLEEPING)
    gone: list[NodeName] = []
    monkeypatch.setattr(type(on.substrate), "destroy", lambda _self, _lab, name, _by: gone.append(name))
    monkeypatch.setattr(type(on.substrate), "resume", lambda *_: pytest.fail("it would be awake in the pool"))
    assert healed(on, Planned("pause", W3), Planned("delay", W3), folder=tmp_path) == []
    assert gone == [W3]


def test_one_that_cannot_be_healed_keeps_no_other_from_it(tmp_path: Path) -> None:
    on = told(store_1=State.STOPPED, worker_2=State.SLEEPING)
    clock, full = Planned("clock", W2), Planned("disk-full", STORE)
    with pytest.raises(LabError) as raised:
        healed(
            on, Planned("delay", NodeName(Role.WORKER, 1)), clock, Planned("drive-away", STORE), full, folder=tmp_path
        )
    assert raised.value.message == (
        "store-1 does not run, and its disk can only be emptied while it does\n"
        "worker-2 sleeps, and clock of worker-2 can only be healed while it is awake"
    )
    assert injection.read(tmp_path / "faults.json") == [clock, full]


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Deployment:
    """A lab that nobody brought up."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    return Deployment("blue", ground().substrate, Deployed(0, Mode.STATELESS, (1, 2), TOPOLOGY, KEYS), make())


@pytest.mark.parametrize("name", ["kill", "stop"])
@pytest.mark.parametrize(
    ("state", "seen", "replaced"),
    [(State.RUNNING, None, []), (State.RUNNING, "no answer", [W2]), (State.STOPPED, None, [W2])],
)
def test_a_worker_that_serves_again_is_not_taken_from_its_users(
    lab: Deployment,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    state: State,
    seen: str | None,
    replaced: list[NodeName],
) -> None:
    done: list[NodeName] = []
    monkeypatch.setattr(Deployment, "states", lambda *_: {W2: state})
    monkeypatch.setattr(readiness, "seen", lambda *_, **__: seen)
    monkeypatch.setattr(workers, "replace", lambda _lab, name, *_: done.append(name))
    catalogue.of(prove.ground_of(lab), Planned(name, W2)).heal(by())
    assert done == replaced


def test_a_lab_with_open_faults_does_not_go_to_sleep(lab: Deployment, monkeypatch: pytest.MonkeyPatch) -> None:
    records.write_json(prove.open_faults(lab), [{"fault": "clock", "target": "worker-2"}])
    monkeypatch.setattr(Deployment, "states", lambda *_: pytest.fail("nothing is to be changed"))
    for verb in (lambda: sleep.sleep(lab, lambda _: None, by()), lambda: sleep.forecast_sleep(lab, by())):
        with pytest.raises(UsageError) as raised:
            verb()
        assert str(raised.value) == (
            "an earlier run left 1 faults unhealed, and a node that sleeps cannot be healed\n"
            "  where: lab blue on docker\n"
            "  mend:  first `lab heal docker --name blue`"
        )


NOBODY = "10.77.0.20 dev eth0 lladdr 02:00:00:00:00:01 PERMANENT"


@pytest.mark.parametrize(
    ("name", "shown", "left"),
    [("cut-store", "neigh show", NOBODY), ("answer-cut", "neigh show", NOBODY), ("delay", "qdisc show", DELAYED)],
)
def test_what_is_still_there_after_its_healing_stays_in_the_file(
    tmp_path: Path, name: str, shown: str, left: str
) -> None:
    on = told(worker_2=State.RUNNING, answers={shown: left})
    with pytest.raises(LabError) as raised:
        healed(on, Planned(name, W2), folder=tmp_path)
    assert str(raised.value) == (
        f"{name} of worker-2 is not healed: {left}\n"
        "  where: lab blue on docker\n"
        "  mend:  `lab heal docker --name blue` tries it again"
    )
    assert injection.read(tmp_path / "faults.json") == [Planned(name, W2)]
    on.answers.clear()
    assert healed(on, Planned(name, W2), folder=tmp_path) == []


class Clocked(Told):
    """A ground whose nodes have a clock that is behind by so many seconds after each time that it was set."""

    behind_s: ClassVar[list[float]]

    def tell(self, name: NodeName, script: str, by: Deadline) -> str:
        self.said.append(script)
        return f"{time.time() - self.behind_s.pop(0)}" if script.startswith("date +") else ""


@pytest.mark.parametrize(("behind_s", "tries"), [([0.5], 1), ([8, 0], 2), ([-8, -300, 0.9], 3)])
def test_a_clock_is_set_until_it_is_right(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, behind_s: list[float], tries: int
) -> None:
    monkeypatch.setattr(Clocked, "behind_s", behind_s, raising=False)
    plain = told()
    on = Clocked(plain.lab, plain.plan, plain.substrate, plain.balancer, plain.revive, {W2: State.RUNNING})
    assert healed(on, Planned("clock", W2), folder=tmp_path) == []
    assert len([script for script in on.said if script.startswith("date --set=@")]) == tries


@pytest.mark.parametrize("off_s", [8.0, -8.0])
def test_a_clock_that_stays_wrong_is_not_healed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, off_s: float) -> None:
    monkeypatch.setattr(Clocked, "behind_s", [off_s] * 5, raising=False)
    plain = told()
    on = Clocked(plain.lab, plain.plan, plain.substrate, plain.balancer, plain.revive, {W2: State.RUNNING})
    with pytest.raises(LabError, match=r"clock of worker-2 is not healed: its clock is wrong by [78]\.\d s or more"):
        healed(on, Planned("clock", W2), folder=tmp_path)
    assert injection.read(tmp_path / "faults.json") == [Planned("clock", W2)]


@pytest.mark.parametrize(
    ("state", "answers", "done"),
    [
        (State.RUNNING, True, []),
        (State.RUNNING, False, ["restart"]),
        (State.STOPPED, False, ["power_on"]),
        (State.ABSENT, False, []),
    ],
)
def test_a_load_balancer_whose_restart_was_cut_is_started_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, state: State, answers: bool, done: list[str]
) -> None:
    on, told_engine = told(loadbalancer_1=state), list[str]()
    monkeypatch.setattr(loadbalancer, "_ANSWER_S", 0.1)
    monkeypatch.setattr(LoadBalancer, "servers", lambda *_: [] if answers else None)
    for verb in ("restart", "power_on"):
        monkeypatch.setattr(type(on.substrate), verb, lambda *_, verb=verb: told_engine.append(verb))
    assert healed(on, Planned("balancer-restart", LOADBALANCER), folder=tmp_path) == []
    assert told_engine == done
