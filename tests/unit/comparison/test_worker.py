"""What is the same in all columns: the bound on a worker's processor time, and who asks. Nothing here is an engine."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from lab.comparison.columns import Place, Way
from lab.comparison.probes import life, room, traffic, worker
from lab.comparison.probes.base import Ground, Seen
from lab.comparison.probes.machine import Flushes
from lab.comparison.probes.room import of_one
from lab.comparison.probes.traffic import Asked, Traffic
from lab.comparison.probes.worker import Keeper, remade, unbounded, visitors_rate
from lab.flows import prove
from lab.model.deadline import Deadline
from lab.model.errors import LabError
from lab.substrates import registry
from lab.substrates.base import CanMeasure
from tests.unit.model.test_plan import make

BY = Deadline.after(600, "tests")
BOX = Place("box", "Box", "box", Way.FRESH, is_machine=False)


@pytest.fixture
def done(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was done to a worker, in order."""
    found: list[str] = []

    def bound(*_: object, holds: bool) -> None:
        found.append("bounded" if holds else "unbounded")

    engine = SimpleNamespace(bound=bound, type_start=lambda *_: found.append("started"))
    monkeypatch.setattr("lab.comparison.belongings.measurable", lambda _: engine)
    monkeypatch.setattr("lab.flows.deployment.changing", lambda *_: nullcontext())
    for module in (worker, life):
        monkeypatch.setattr(module, "await_served", lambda *_: found.append("served"))
    monkeypatch.setattr(worker, "await_absence", lambda *_: None)
    monkeypatch.setattr(life, "await_ready", lambda *_, **__: found.append("ready"))
    return found


def lab_of(done: list[str]) -> Any:
    engine = SimpleNamespace(
        destroy=lambda *_: done.append("destroyed"),
        restart=lambda *_: done.append("restarted"),
        prepare=lambda *_: None,
        has_own_kernel=False,
    )
    return SimpleNamespace(lab="blue", plan=make(), substrate=engine)


def kept(lab: Any) -> Any:
    """A keeper of this lab, in which nothing fails."""
    return SimpleNamespace(set=lambda *_: lab, whole=lambda _: nullcontext())


@pytest.fixture
def ground(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Ground:
    monkeypatch.setattr(Ground, "deployment", lambda _: SimpleNamespace(substrate=registry.get("docker")))
    return Ground(BOX, "blue", tmp_path, lambda _: None)


def test_a_worker_that_is_made_is_bounded_once_it_serves_and_not_before(done: list[str]) -> None:
    lab = lab_of(done)
    remade(lab, lab.plan.workers()[-1].name, "", BY)
    assert done == ["destroyed", "started", "served", "bounded"]


def test_a_site_that_is_started_again_is_not_bounded_until_it_is_ready(done: list[str], ground: Ground) -> None:
    found = life.Restart(kept(lab_of(done))).once(ground, BY)
    assert list(found) == ["restart"]
    assert done == ["unbounded", "restarted", "ready", "bounded", "served"]


def test_a_worker_that_failed_without_its_bound_is_left_to_be_made_anew(done: list[str]) -> None:
    lab = lab_of(done)
    with pytest.raises(ZeroDivisionError), unbounded(lab, lab.plan.workers()[-1].name, BY):
        raise ZeroDivisionError
    assert done == ["unbounded"]


def engine_of(accelerator: str | None) -> Any:
    """An engine that nobody asked yet since this computer booted; "" for one that is not installed."""

    def told(_by: Deadline) -> str | None:
        if accelerator == "":
            raise LabError("it is not installed", where="this computer", mend="run `lab setup`")
        return accelerator

    return SimpleNamespace(accelerator=told, known_accelerator=lambda: None)


@pytest.mark.parametrize(
    ("found", "rate"),
    [((None, "tcg"), prove.RATE_EMULATED), ((None, "kvm"), prove.RATE), ((None, ""), prove.RATE)],
)
def test_visitors_come_as_often_in_each_column_also_where_one_of_the_engines_was_not_asked_before(
    monkeypatch: pytest.MonkeyPatch, found: tuple[str | None, str | None], rate: float
) -> None:
    engines = dict(zip(registry.NAMES, found, strict=True))
    monkeypatch.setattr(registry, "get", lambda name: engine_of(engines[name]))
    assert visitors_rate(BY) == rate


@dataclass
class Visitors:
    """Visitors who come at a rate, and have gone by themselves before the block ends, or not."""

    have_gone: bool = False
    rates: list[float] = field(default_factory=list)

    def __call__(self, _lab: object, rate: float, _by: Deadline) -> Any:
        self.rates.append(rate)
        return nullcontext(SimpleNamespace(requests=50, has_ended=self.have_gone, told=SimpleNamespace(errors=2)))


@pytest.fixture
def visitors(monkeypatch: pytest.MonkeyPatch, done: list[str], ground: Ground) -> Visitors:
    found = Visitors()
    monkeypatch.setattr(registry, "get", lambda _: engine_of("tcg"))
    monkeypatch.setattr(life, "visiting", found)
    monkeypatch.setattr("lab.flows.fleet.fill_pool", lambda lab, *_: lab)
    monkeypatch.setattr("lab.flows.fleet.replace_dead", lambda *_: done.append("replaced"))
    lab = lab_of(done)
    monkeypatch.setattr(type(ground), "deployment", lambda _: lab)
    return found


def test_what_is_measured_under_load_says_how_many_requests_a_second_that_was(
    visitors: Visitors, done: list[str], ground: Ground
) -> None:
    found = life.Replace(kept(ground.deployment())).once(ground, BY)
    assert (visitors.rates, done) == ([3.0], ["destroyed", "replaced"])
    notes = {row: value.note for row, value in found.items() if isinstance(value, Seen)}
    assert notes == {
        "replace": "under 3 requests a second",
        "replace-failed": "of 50 at 3 a second; one that was repeated counts each time",
    }


def test_a_worker_that_was_replaced_when_the_visitors_had_gone_was_not_replaced_under_load(
    visitors: Visitors, ground: Ground
) -> None:
    visitors.have_gone = True
    with pytest.raises(LabError, match="the visitors had gone before the successor served"):
        life.Replace(kept(ground.deployment())).once(ground, BY)


def test_requests_go_to_the_load_balancers_own_address_and_past_no_port_of_this_computer(
    monkeypatch: pytest.MonkeyPatch, done: list[str], ground: Ground
) -> None:
    asked: list[str] = []

    def ask(url: str) -> Asked:
        asked.append(url)
        return Asked(100, [0.1])

    monkeypatch.setattr(traffic, "ask", ask)
    monkeypatch.setattr(traffic, "_alone", lambda *_: nullcontext())
    Traffic(kept(lab_of(done))).once(ground, BY)
    assert asked == ["http://10.77.0.10:8080"]


@pytest.mark.parametrize(
    ("way", "is_machine", "left_out"),
    [(Way.FRESH, True, False), (Way.TUNED, True, True), (Way.TUNED, False, False)],
)
def test_a_machines_drive_is_not_said_to_have_a_setting_that_the_stores_disks_have_not(
    ground: Ground, way: Way, is_machine: bool, left_out: bool
) -> None:
    place = Place("k", "t", "s", way, is_machine, "some" if way is Way.TUNED else "")
    found = Flushes(Keeper()).impossible(Ground(place, ground.lab, ground.scratch, ground.report))
    assert list(found) == (["fsync-drive"] if left_out else [])


def test_flushes_are_not_told_once_more_of_a_worker_whose_network_alone_is_another(ground: Ground) -> None:
    engine = registry.get("docker")
    assert isinstance(engine, CanMeasure)
    left_out = {}
    for variant in engine.variants:
        place = Place("k", "t", "docker", Way.TUNED, is_machine=False, variant=variant)
        left_out[variant] = list(Flushes(Keeper()).impossible(replace(ground, place=place)))
    assert left_out == {"unfiltered": [], "host-network": ["fsync-scratch"]}


def test_what_is_left_out_of_flushes_is_not_measured(monkeypatch: pytest.MonkeyPatch, ground: Ground) -> None:
    def serving(*_: object, **__: object) -> Any:
        return nullcontext(SimpleNamespace(reach=None, says=""))

    monkeypatch.setattr("lab.comparison.probes.machine.told", lambda *_: {"rate": 7.0})
    keeper: Any = SimpleNamespace(serving=serving)
    place = Place("k", "t", "docker", Way.TUNED, is_machine=False, variant="host-network")
    assert list(Flushes(keeper).once(replace(ground, place=place), BY)) == ["fsync-drive"]


def test_of_two_that_share_memory_one_alone_has_what_they_share_wholly_and_adds_none_of_it() -> None:
    # 50 and 60 are each one's own, 30 is of both.
    assert of_one(it=60 + 15, other=50 + 15, alone=50 + 30) == (60 + 30, 60)
    assert of_one(it=60, other=50, alone=50) == (60, 60)


def test_workers_that_are_counted_are_the_columns_own_and_none_that_was_made_for_another(
    monkeypatch: pytest.MonkeyPatch, done: list[str], ground: Ground
) -> None:
    lab = lab_of(done)

    def taken(_lab: object) -> int:
        done.append("counted")
        return room.BUDGET

    monkeypatch.setattr(Ground, "deployment", lambda _: lab)
    monkeypatch.setattr("lab.flows.fleet.fill_pool", lambda lab, *_: lab)
    monkeypatch.setattr(room, "_taken", taken)
    keeper = Keeper()
    monkeypatch.setattr(keeper, "whole", lambda _: nullcontext())
    keeper.note(ground, "unfiltered")
    room.Density(keeper).once(ground, BY)
    assert done == ["destroyed", "started", "served", "bounded", "counted"]


def test_what_load_balancer_and_store_share_with_a_worker_is_said_to_be_counted_in_part(
    monkeypatch: pytest.MonkeyPatch, done: list[str], ground: Ground
) -> None:
    monkeypatch.setattr("lab.host.processes.pss", lambda names: 65 if names == ["worker-1"] else 75)
    monkeypatch.setattr(room, "_all", lambda _lab, names: [str(name) for name in names])
    monkeypatch.setattr(room, "_without", lambda *_: 80)
    found = room.Memory(kept(lab_of(done))).once(ground, BY)
    told = {row: (value.value, value.note) for row, value in found.items() if isinstance(value, Seen)}
    assert {row: value for row, (value, _) in told.items()} == {"memory": 90, "memory-more": 60}
    assert all(note.endswith("are counted in part") for _, note in told.values())


@pytest.mark.parametrize(
    ("is_bounded", "impossible", "order", "says"),
    [
        (True, "", ["0.4 processors", "ready", "held [17]", "asked"], ""),
        (False, "", ["0.4 processors", "ready", "asked"], ""),
        (True, "no", ["0.4 processors", "ready", "held [17]", "asked"], "its processor time is not bounded: no"),
    ],
)
def test_a_bare_process_is_bounded_as_a_node_is_once_it_is_ready_or_says_that_it_is_not(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, is_bounded: bool, impossible: str, order: list[str], says: str
) -> None:
    done: list[str] = []

    @contextmanager
    def quota(_name: str, cpus: float) -> Iterator[Any]:
        done.append(f"{cpus:g} processors")
        yield SimpleNamespace(hold=lambda pids: done.append(f"held {pids}"), impossible=impossible)

    @contextmanager
    def running(*_: object) -> Iterator[Any]:
        here = {"name": "bare-1", "url": "http://bare", "reach": None, "root": None}
        yield SimpleNamespace(**here, await_ready=lambda _: done.append("ready"), pids=lambda: [17])

    monkeypatch.setattr(worker, "quota", quota)
    monkeypatch.setattr("lab.comparison.probes.bare.running", running)
    monkeypatch.setattr(Ground, "deployment", lambda _: SimpleNamespace(plan=make()))
    beside = Ground(Place("bare", "Bare", "box", Way.BARE, is_machine=False), "blue", tmp_path, lambda _: None)
    with Keeper().serving(beside, BY, is_bounded=is_bounded) as found:
        done.append("asked")
    assert (done, found.says) == (order, says)
