"""The start of a worker: what is looked for, in which order, and what the cells say. No engine is asked."""

from collections.abc import Callable
from contextlib import contextmanager, nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from lab.comparison.columns import Place, Way
from lab.comparison.probes import start
from lab.comparison.probes.base import Ground, Seen, Value
from lab.comparison.probes.start import Looked, Start
from lab.comparison.probes.worker import await_known
from lab.host import processes
from lab.model.deadline import Deadline
from tests.unit.model.test_plan import make

BY = Deadline.after(600, "tests")


class Clock:
    """Moments of our own making."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now_s = 100.0
        monkeypatch.setattr(processes, "now_s", lambda: self.now_s)

    def spend(self, seconds: float) -> None:
        self.now_s += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


def ground_of(way: Way, folder: Path) -> Ground:
    return Ground(Place("k", "t", "box", way, is_machine=way is Way.WARM), "blue", folder, lambda _: None)


def notes(found: Any) -> dict[str, str]:
    values: dict[str, Value] = dict(found)
    return {row: value.note for row, value in values.items() if isinstance(value, Seen) and value.note}


def seconds(found: Any, row: str) -> float:
    value = found[row]
    return value.value if isinstance(value, Seen) else float(value)


def test_a_worker_that_is_woken_is_told_to_the_load_balancer_outside_its_start(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, clock: Clock
) -> None:
    plan = make()
    lab: Any = SimpleNamespace(plan=plan, lab="blue")
    name = plan.workers()[-1].name
    looked = SimpleNamespace(ready_s=0.0, known_s=0.0, served_s=0.0)

    def launch(_lab: object, _count: int, note: Callable[[str], None], _by: Deadline) -> Any:
        clock.spend(0.25)
        note(f"waking {name}")
        clock.spend(2)
        note(f"waiting for {name}")
        clock.spend(1)
        looked.ready_s = clock.now_s
        clock.spend(0.5)
        return lab, (name,)

    def admit(*_: object) -> Any:
        clock.spend(7)
        looked.known_s = clock.now_s
        clock.spend(0.125)
        looked.served_s = clock.now_s
        clock.spend(1)
        return lab

    monkeypatch.setattr("lab.flows.fleet.shrink", lambda *_: lab)
    monkeypatch.setattr("lab.flows.fleet.launch", launch)
    monkeypatch.setattr("lab.flows.fleet.admit", admit)
    monkeypatch.setattr(start, "born_s", lambda *_: 101.25)
    told = SimpleNamespace(result=lambda: Looked(looked.ready_s, looked.known_s, looked.served_s))
    monkeypatch.setattr(start, "_lookout", lambda *_, **__: nullcontext(told))
    keeper: Any = SimpleNamespace(whole=lambda _: nullcontext(), set=lambda *_: lab)
    found = Start(keeper).once(ground_of(Way.WARM, tmp_path), BY)
    assert {row: seconds(found, row) for row in found} == {
        "start": 3.875,
        "start-tool": 0.25,
        "start-create": 1,
        "start-boot": 1,
        "start-ready": 1,
        "start-source": 0.5,
        "start-service": 0.125,
    }
    said = notes(found)
    assert said.keys() == {"start", "start-tool", "start-boot", "start-source", "start-service"}
    assert said["start"].startswith("the lab took 7.0 s to tell the load balancer of it")
    assert said["start-tool"].startswith("no tool is typed")
    assert said["start-tool"].endswith("once the site answers, what is left of setting its clock")
    assert said["start-boot"].startswith("nothing boots: until the machine is seen to run again")
    assert said["start-source"].endswith("whether it reaches the store, and comes after it is ready")


def test_the_start_of_a_bare_process_says_that_it_ends_when_it_is_ready_and_has_its_fence_in_its_boot(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, clock: Clock
) -> None:
    @contextmanager
    def running(*_: object) -> Any:
        here = {"asked_s": 100.0, "reach": None, "stop": lambda _: clock.spend(3)}
        yield SimpleNamespace(**here, await_ready=lambda _: clock.spend(4))

    monkeypatch.setattr("lab.comparison.probes.bare.running", running)
    monkeypatch.setattr(start, "marks_of", lambda *_, **__: (101.0, 102.0))
    found = Start(SimpleNamespace()).once(ground_of(Way.BARE, tmp_path), BY)  # type: ignore[arg-type]
    assert seconds(found, "start") == 4
    assert "start-service" not in found
    assert (seconds(found, "start-create"), seconds(found, "start-boot")) == (0, 1)
    said = notes(found)
    assert said["start"] == "until it is ready: it stands beside the lab, without a load balancer"
    assert said["start-create"].endswith("its fence is in the phase of the boot")


@pytest.mark.parametrize(
    ("is_forgotten", "order"),
    # To ask for what is known would take from what is measured.
    [(True, ["ready", "known", "answered"]), (False, ["ready", "answered"])],
)
def test_that_the_load_balancer_knows_a_worker_is_looked_for_where_it_had_forgotten_it(
    monkeypatch: pytest.MonkeyPatch, clock: Clock, is_forgotten: bool, order: list[str]
) -> None:
    done: list[str] = []

    def seen(what: str) -> Callable[..., None]:
        def look(*_: object) -> None:
            done.append(what)
            clock.spend(1)

        return look

    monkeypatch.setattr("lab.comparison.belongings.of_node", lambda *_: frozenset({17}))
    for name, what in {"await_ready": "ready", "await_known": "known", "await_answer": "answered"}.items():
        monkeypatch.setattr(start, name, seen(what))
    plan = make()
    lab: Any = SimpleNamespace(plan=plan, substrate=SimpleNamespace(has_own_kernel=False))
    with start._lookout(lab, plan.workers()[-1].name, BY, is_forgotten=is_forgotten) as looked:
        found = looked.result()
    assert done == order
    assert found == (Looked(101, 102, 103) if is_forgotten else Looked(101, 101, 102))


def test_a_load_balancer_that_does_not_answer_or_knows_others_only_does_not_know_a_worker() -> None:
    plan = make()
    name = plan.workers()[-1].name
    answers = [None, [], [SimpleNamespace(name="another")], [SimpleNamespace(name=str(name))]]
    balancer = SimpleNamespace(servers=lambda _: answers.pop(0))
    lab: Any = SimpleNamespace(
        plan=plan, substrate=SimpleNamespace(has_own_kernel=False), loadbalancer=lambda: balancer
    )
    await_known(lab, name, BY)
    assert answers == []
    await_known(lab, name, BY, lambda: True)
