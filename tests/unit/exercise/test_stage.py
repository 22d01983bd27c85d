"""What has to go before an exercise can begin on the lab that is there."""

from pathlib import Path

import pytest

from lab.exercise import stage
from lab.exercise.catalogue import Exercise, Start
from lab.exercise.stage import Set
from lab.flows.deployment import Deployed
from lab.model.node import Mode
from lab.model.topology import load
from lab.substrates.registry import NAMES
from tests.conftest import REPO


@pytest.mark.parametrize(
    ("start", "mode", "reason"),
    [
        ({}, Mode.STATELESS, ""),
        ({"mode": "stateful"}, Mode.STATEFUL, ""),
        ({}, Mode.STATEFUL, "it is stateful, and this exercise begins with a stateless one"),
        ({"mode": "stateful"}, Mode.STATELESS, "it is stateless, and this exercise begins with a stateful one"),
        ({"fresh": True}, Mode.STATELESS, "this exercise begins without any data"),
    ],
)
def test_a_lab_that_cannot_become_what_is_wanted_is_removed_first(
    exercise: Exercise, start: dict[str, object], mode: Mode, reason: str
) -> None:
    before = Deployed(0, mode, (1, 2), load(REPO / "topology.toml", NAMES), {})
    wanted = exercise.model_copy(update={"start": Start.model_validate(start)})
    assert stage._unfit(Set(wanted, "ex", "docker", Path("/app"), Path("/t"), is_new=True), before) == reason


def test_a_topology_of_its_own_is_the_kits_with_the_exercises_changes(exercise: Exercise, tmp_path: Path) -> None:
    wanted = exercise.model_copy(update={"start": Start(topology={"store.fsync": False})})
    stage._write_topology(Set(wanted, "ex", "docker", tmp_path, tmp_path / "t.toml", is_new=True))
    assert load(tmp_path / "t.toml", NAMES).store.fsync is False
    stage._write_topology(Set(exercise, "ex", "docker", tmp_path, tmp_path / "none.toml", is_new=True))
    assert not (tmp_path / "none.toml").exists()
