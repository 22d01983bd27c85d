"""What `clean` takes for used, and which root file systems it removes."""

from dataclasses import replace
from pathlib import Path

import pytest

from lab.flows import artefacts, clean, deployment
from lab.flows.deployment import Deployed
from lab.host import paths
from lab.model.deadline import Deadline
from lab.model.node import Mode, Role
from lab.provision import rootfs
from lab.substrates import registry
from tests.unit.model.test_plan import TOPOLOGY

DOCKER = registry.get("docker")


def test_a_lab_uses_what_it_was_made_from_and_what_lies_below_that() -> None:
    now = Deployed(0, Mode.STATELESS, (1,), TOPOLOGY, artefacts.keys(DOCKER, TOPOLOGY.versions))
    worker = artefacts.layer(DOCKER, Role.WORKER, TOPOLOGY.versions)
    assert {layer.key for layer in worker.lineage()} < clean.keys_of("docker", now)
    assert len(clean.keys_of("docker", now)) == 5
    older = replace(now, keys=dict.fromkeys(Role, "0ld"))
    assert clean.keys_of("docker", older) == {"0ld"}


def test_root_file_systems_are_removed_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    home = tmp_path / "vagrant-docker-lab" / "rootfs"
    for name in ("base-00", "worker-machine-11", "worker-machine-22", "making-33", "apt"):
        (home / name).mkdir(parents=True)
        (home / name / "manifest.json").touch()
    assert rootfs.made() == {"base-00": "00", "worker-machine-11": "11", "worker-machine-22": "22"}
    rootfs.remove(["worker-machine-11"], Deadline.after(60, "test"))
    assert rootfs.made() == {"base-00": "00", "worker-machine-22": "22"}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A computer without labs, whose engines have nothing."""
    for variable in ("XDG_STATE_HOME", "XDG_CACHE_HOME"):
        monkeypatch.setenv(variable, str(tmp_path / variable))
    monkeypatch.setattr(paths, "_TEMPORARY", tmp_path)
    for name in registry.NAMES:
        for asked in ("packed", "leftovers"):
            monkeypatch.setattr(type(registry.get(name)), asked, lambda *_: {})
    paths.sockets().mkdir()
    return tmp_path


def test_without_labs_nothing_is_left_of_the_kit(home: Path) -> None:
    with deployment.changing("blue", "up", Deadline.after(60, "test")):
        assert paths.lab("blue").exists()
    deployment.slot("blue")
    clean.clean(lambda _: None, Deadline.after(60, "test"))
    assert [path for path in home.rglob("*") if path.name.startswith("vagrant-docker-lab")] == []


def test_the_secret_of_data_that_was_kept_stays(home: Path) -> None:
    secret = paths.lab("blue") / "secrets" / "docker-database-password"
    secret.parent.mkdir(parents=True)
    secret.write_text("geheim")
    (paths.sockets() / "open").touch()
    clean.clean(lambda _: None, Deadline.after(60, "test"))
    assert secret.read_text() == "geheim"
    assert paths.sockets().exists(), "a connection is open"
    assert home.exists()


@pytest.fixture
def unpacked(home: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The images that were removed: there was one, and a lab that another user made, or whose folder is gone."""
    assert list(home.iterdir()) != [], "the sockets of a computer where the kit was used"
    removed: list[str] = []
    engine = type(DOCKER)
    monkeypatch.setattr(engine, "packed", lambda *_: {"worker:11": "11"})
    monkeypatch.setattr(engine, "unpack", lambda _self, names, _by: removed.extend(names))
    monkeypatch.setattr(engine, "leftovers", lambda *_: {"blue": ["blue-worker-1", "blue_store"]})
    monkeypatch.setattr(engine, "data", lambda *_: ["blue_store"])
    return removed


def test_images_stay_where_there_is_a_lab_without_a_record_which_may_use_them(unpacked: list[str]) -> None:
    told: list[str] = []
    clean.clean(told.append, Deadline.after(60, "test"))
    assert unpacked == []
    assert told[0] == (
        "docker: images and boxes stay, for lab blue may use them: there is no record of it here; if it is yours, "
        "`lab clean --all --name blue` removes it"
    )
    # As before it is destroyed, which is about to be.
    assert clean.unused(Deadline.after(60, "test"), without=["blue"]).packed["docker"] == ["worker:11"]


def test_data_that_a_destroyed_lab_left_uses_no_image(unpacked: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(DOCKER), "leftovers", lambda *_: {"blue": ["blue_store"]})
    told: list[str] = []
    clean.clean(told.append, Deadline.after(60, "test"))
    assert unpacked == ["worker:11"]
    assert told[0] == "removed docker: worker:11"


def test_a_lab_with_a_record_keeps_what_it_was_made_from_and_nothing_else(
    unpacked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = dict.fromkeys(Role, "22")
    file = deployment.topology_file()
    deployment.intend("blue", "docker", mode=Mode.STATELESS, workers=1, topology=TOPOLOGY, file=file, keys=keys)
    monkeypatch.setattr(type(DOCKER), "packed", lambda *_: {"worker:11": "11", "worker:22": "22"})
    clean.clean(lambda _: None, Deadline.after(60, "test"))
    assert unpacked == ["worker:11"]
