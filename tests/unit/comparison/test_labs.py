"""Which labs are awake while a column is measured, and what becomes of one that fails. Nothing here is an engine."""

from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from lab.comparison import labs
from lab.comparison.columns import BARE, Place, Way
from lab.comparison.labs import Labs
from lab.comparison.probes import durability
from lab.comparison.probes.base import Ground
from lab.flows import deployment
from lab.host import paths
from lab.model.deadline import Deadline
from lab.model.errors import LabError, UsageError
from lab.model.node import NodeName
from lab.substrates import registry
from tests.unit.comparison.test_schedule import BOX, COLD
from tests.unit.model.test_plan import TOPOLOGY, make

BESIDE_BOX = Place(BARE, "Bare process", "box", Way.BARE, is_machine=False)


@pytest.fixture
def done(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[str]:
    """What was done to labs, in order. What stands in it beforehand as "fails: X" fails."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    found: list[str] = []

    def note(what: str) -> None:
        found.append(what)
        if f"fails: {what}" in found:
            raise LabError(f"{what} failed", where="there", mend="mend it")

    def load(_lab: str, name: str) -> Any:
        return SimpleNamespace(substrate=SimpleNamespace(sleep=doze, wake=print), name=name, plan=make())

    def doze(_lab: str, names: Sequence[NodeName], _by: Deadline) -> None:
        note(f"doze {', '.join(map(str, names))}")

    monkeypatch.setattr("lab.flows.deployment.load", load)
    monkeypatch.setattr("lab.flows.sleep.sleep", lambda lab, *_: note(f"sleep {lab.name}"))
    monkeypatch.setattr("lab.flows.up.up", lambda wanted, *_: note(f"up {wanted.substrate}"))
    monkeypatch.setattr("lab.flows.destroy.destroy", lambda _lab, names, *_, **__: note(f"destroy {names[0]}"))
    return found


def _stage(tmp_path: Path) -> tuple[Labs, list[str]]:
    said: list[str] = []
    return Labs("compare", tmp_path / "scratch", said.append), said


def _why_not(stage: Labs, place: Place) -> str:
    with pytest.raises(LabError) as refused:
        stage.at(place)
    return refused.value.message


def test_only_the_lab_that_is_measured_is_awake(done: list[str], tmp_path: Path) -> None:
    stage, said = _stage(tmp_path)
    for place in (BOX, BOX, COLD, BOX):
        assert stage.at(place).scratch.is_dir()
    stage.close()
    ends = ["destroy box", "destroy machine"]
    assert done == ["up box", "sleep box", "up machine", "sleep machine", "up box", *ends]
    assert said == ["removing the labs that were made for it"]
    assert not (tmp_path / "scratch").exists()


def test_a_lab_that_cannot_be_put_to_sleep_takes_no_other_with_it(done: list[str], tmp_path: Path) -> None:
    done.append("fails: sleep machine")
    stage, said = _stage(tmp_path)
    stage.at(COLD)
    assert stage.at(BOX).place is BOX
    assert done[1:] == ["up machine", "sleep machine", "destroy machine", "up box"]
    assert said == ["machine is given up, and its lab removed: sleep machine failed"]
    assert _why_not(stage, COLD) == "sleep machine failed"
    assert stage.awake == "box"


def test_a_lab_that_does_not_come_up_is_removed_and_not_tried_again(done: list[str], tmp_path: Path) -> None:
    done += ["fails: up machine", "fails: destroy machine"]
    stage, said = _stage(tmp_path)
    assert _why_not(stage, COLD) == _why_not(stage, COLD) == "up machine failed"
    assert done[2:] == ["up machine", "destroy machine"]
    assert said[-1] == "could not clear away: destroy machine failed"
    assert stage.at(BOX).place is BOX
    with pytest.raises(LabError, match="destroy machine failed"):
        stage.close()
    assert done[-2:] == ["destroy box", "destroy machine"]


def test_beside_a_bare_process_only_the_store_is_awake(done: list[str], tmp_path: Path) -> None:
    stage, _ = _stage(tmp_path)
    for place in (BESIDE_BOX, BESIDE_BOX, BOX, BESIDE_BOX, COLD):
        stage.at(place)
    doze = "doze worker-2, worker-1, loadbalancer-1"
    assert done == ["up box", doze, "up box", doze, "sleep box", "up machine"]
    stage.mend(BESIDE_BOX)
    stage.at(BESIDE_BOX)
    assert done[6:] == ["up box", doze]


def _deployed(monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    """There are labs of these names on one substrate."""
    monkeypatch.setattr(deployment, "deployed", lambda lab: {"box": None} if lab in names else {})


def test_the_lab_that_never_flushes_is_a_comparisons_as_the_others_are(
    done: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # The longest name that a lab can have, and one that it can have, too.
    assert labs.beside("compare-16-chars") == "compare-1-nosync"
    _deployed(monkeypatch, "compare-nosync")
    with pytest.raises(UsageError, match="there is a lab compare-nosync already, and a comparison removes"):
        labs.check_free("compare")
    labs.clear("compare", paths.cache() / "scratch")
    assert done == []
    labs.mark("compare-nosync")
    labs.check_free("compare")
    labs.clear("compare", paths.cache() / "scratch")
    assert done == ["destroy box"]


def test_while_a_store_loses_its_power_the_comparisons_own_lab_sleeps_and_the_other_one_is_marked(
    done: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    there = SimpleNamespace(
        substrate=registry.get("docker"), name="box", deployed=SimpleNamespace(topology_file=None, topology=TOPOLOGY)
    )
    monkeypatch.setattr(Ground, "deployment", lambda _: there)
    monkeypatch.setattr("lab.flows.sleep.wake", lambda lab, *_: done.append(f"wake {lab.name}"))

    def run(asked: Any, *_: object) -> Path:
        _deployed(monkeypatch, "compare-nosync")
        labs.check_free("compare")
        done.append(f"run in {asked.lab}")
        raise LabError("it broke", where="there", mend="mend it")

    monkeypatch.setattr("lab.flows.prove.run", run)
    with pytest.raises(LabError, match="it broke"):
        durability.Durability().once(Ground(BOX, "compare", tmp_path, lambda _: None), Deadline.after(60, "test"))
    assert done == ["sleep box", "up box", "run in compare-nosync", "destroy box", "wake box"]
