"""Which labs are awake while a column is measured, and what becomes of one that fails. Nothing here is an engine."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from lab.comparison.columns import Place
from lab.comparison.labs import Labs
from lab.model.errors import LabError
from lab.substrates import registry
from tests.unit.comparison.test_schedule import BOX, COLD


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
        return SimpleNamespace(substrate=registry.get("docker"), name=name)

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
