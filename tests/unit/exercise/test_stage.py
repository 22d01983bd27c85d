"""What has to go before an exercise can begin on the lab that is there."""

import subprocess
from pathlib import Path

import pytest

from lab.exercise import stage
from lab.exercise.catalogue import Exercise, Start
from lab.exercise.stage import Set
from lab.flows import deploy, deployment, workers
from lab.flows.deployment import Deployed
from lab.model.deadline import Deadline
from lab.model.node import Mode, NodeName
from lab.model.topology import load
from lab.store import source
from lab.store.source import Version
from lab.substrates.base import Reach
from lab.substrates.registry import NAMES
from tests.conftest import REPO
from tests.unit.model.test_plan import KEYS, TOPOLOGY


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


def clone(folder: Path) -> None:
    """What a worker fetched: one page."""
    folder.mkdir()
    (folder / "page.html").write_text("a page")
    us = ("-c", "user.name=lab", "-c", "user.email=lab@localhost")
    for words in (["init", "--quiet"], ["add", "."], [*us, "commit", "--quiet", "-m", "a page"]):
        subprocess.run(["git", *words], cwd=folder, check=True)


def inside(folder: Path) -> Reach:
    return Reach(("env", "-C", str(folder)), (), is_remote_shell=False, testinfra="")


def test_a_worker_begins_anew_that_a_hand_changed_or_that_runs_another_version(
    exercise: Exercise, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    file = deployment.topology_file()
    lab = deployment.intend("ex", "docker", mode=Mode.STATELESS, workers=5, topology=TOPOLOGY, file=file, keys=KEYS)
    names = [spec.name for spec in lab.plan.workers()]
    for name in names:
        clone(tmp_path / str(name))
    (tmp_path / "worker-2" / "page.html").write_text("another page")
    subprocess.run(["rm", "-r", tmp_path / "worker-3" / ".git"], check=True)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    monkeypatch.setattr(stage, "_SITE", ".")
    monkeypatch.setattr(deployment.Deployment, "states", lambda *_: names)
    monkeypatch.setattr(type(lab.substrate), "reach", lambda _self, _lab, name: inside(tmp_path / str(name)))
    monkeypatch.setattr(deploy, "versions", lambda *_: [Version("new", "tree", 1.0, ""), Version("old", "t", 0.0, "")])
    runs = dict(zip(names, ["new", "new", "new", "old", None], strict=True))
    monkeypatch.setattr(deploy, "running", lambda *_: runs)
    monkeypatch.setattr(source, "difference", lambda *_: [])
    killed: list[NodeName] = []
    monkeypatch.setattr(workers, "kill", lambda _lab, name, *_: killed.append(name))
    said: list[str] = []
    wanted = Set(exercise, "ex", "docker", tmp_path, tmp_path / "t.toml", is_new=True)
    assert stage._put_version(lab, wanted, said.append, Deadline.after(60, "one test"))
    assert killed == names[1:]
    assert [line.split(", ")[0] for line in said] == [f"removing {name}" for name in names[1:]]
    assert [("a hand" in line) for line in said] == [True, True, False, False]
