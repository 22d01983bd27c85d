"""The end of a container: its log is kept where that can be, and it goes in any case."""

from pathlib import Path

import pytest
import requests

from lab.flows import deployment, workers
from lab.host import paths
from lab.model.deadline import Deadline
from lab.model.node import Mode, NodeName, Role
from lab.substrates.docker import substrate
from lab.substrates.docker.client import NotFound
from tests.unit.model.test_plan import KEYS, TOPOLOGY

W1 = NodeName(Role.WORKER, 1)


class Engine:
    """Docker, of whose one container is known what its log says, or that it cannot be read."""

    def __init__(self, log: bytes | Exception) -> None:
        self.log, self.removed = log, list[str]()

    def logs(self, _container: str, **_: object) -> bytes:
        if isinstance(self.log, Exception):
            raise self.log
        return self.log

    def remove_container(self, container: str, **_: object) -> None:
        self.removed.append(container)


@pytest.fixture
def logs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the lab's logs are kept."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    return paths.lab("blue") / "logs"


def destroyed(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> str | None:
    monkeypatch.setattr(substrate, "api", lambda: engine)
    lost = substrate.make().destroy("blue", W1, Deadline.after(60, "test"))
    assert len(engine.removed) == 1
    return lost


def test_the_logs_of_all_that_had_a_name_are_kept(logs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for said in (b"first\n", b"second\n"):
        assert destroyed(Engine(said), monkeypatch) is None
    assert (logs / "docker-worker-1.log").read_bytes() == b"first\nsecond\n"


def test_of_a_container_that_is_gone_no_log_is_kept(logs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert destroyed(Engine(NotFound("no such container")), monkeypatch) is None
    assert not logs.exists()


@pytest.mark.usefixtures("logs")
def test_a_log_that_the_engine_does_not_tell_keeps_no_container(monkeypatch: pytest.MonkeyPatch) -> None:
    lost = destroyed(Engine(requests.ReadTimeout("60 s")), monkeypatch)
    why = "Docker does not answer while reading the log of worker-1: 60 s"
    assert lost == f"the log of worker-1 could not be kept: {why}"


def test_a_log_for_which_there_is_no_room_keeps_no_container(logs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    logs.mkdir(parents=True)
    (logs / "docker-worker-1.log").symlink_to("/dev/full")
    lost = destroyed(Engine(b"said\n"), monkeypatch)
    assert lost == "the log of worker-1 could not be kept: No space left on device"


@pytest.mark.usefixtures("logs")
def test_a_kill_tells_of_a_log_that_could_not_be_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    file = deployment.topology_file()
    lab = deployment.intend("blue", "docker", mode=Mode.STATELESS, workers=1, topology=TOPOLOGY, file=file, keys=KEYS)
    monkeypatch.setattr(substrate, "api", lambda: Engine(requests.ReadTimeout("60 s")))
    told = list[str]()
    workers.kill(lab, W1, told.append, Deadline.after(60, "test"))
    assert told[0].startswith("the log of worker-1 could not be kept: ")
    assert told[1].startswith("worker-1 is gone, without warning")
