"""A worker that slept and does not come up with the newest source speaks against that, and nothing else does."""

import time
from pathlib import Path

import pytest

from lab.flows import deployment, fleet, freshen, readiness, up
from lab.flows.deployment import Deployment
from lab.flows.readiness import UnreadyError
from lab.model.deadline import Deadline
from lab.model.errors import LabError, LateError, UnknownError
from lab.model.node import Mode, NodeName, Role
from lab.store import source
from lab.substrates.base import Reach, UnreachedError, UnstartedError
from lab.substrates.vagrant.substrate import VagrantSubstrate
from tests.unit.model.test_plan import KEYS, TOPOLOGY

W2 = NodeName(Role.WORKER, 2)


@pytest.fixture
def by() -> Deadline:
    return Deadline.after(30, "one test")


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Deployment:
    """A lab of one worker, and one in the pool that runs an older commit when it is woken."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    file = deployment.topology_file()
    lab = deployment.intend("blue", "docker", mode=Mode.STATELESS, workers=1, topology=TOPOLOGY, file=file, keys=KEYS)
    monkeypatch.setattr(fleet, "_asleep", lambda lab, _by: lab.plan.pool)
    monkeypatch.setattr(Deployment, "states", lambda *_: {})
    monkeypatch.setattr(up, "wake", lambda *_: None)
    monkeypatch.setattr(source, "newest", lambda *_: "b" * 40)
    monkeypatch.setattr(readiness, "commit", lambda *_, **__: "a" * 40)
    monkeypatch.setattr(readiness, "seen", lambda *_, **__: None)
    monkeypatch.setattr(readiness, "log_tail", lambda *_: "    ModuleNotFoundError: greeting")
    return deployment.restaff(lab, [1], pool=[2])


@pytest.mark.parametrize("error", [UnstartedError, LateError])
def test_one_that_was_woken_and_does_not_come_up_with_the_newest_source_speaks_against_it(
    lab: Deployment, monkeypatch: pytest.MonkeyPatch, error: type[LabError], by: Deadline
) -> None:
    def restart(*_: object) -> None:
        raise error("lab-worker did not come up", where="here", mend="read its log")

    monkeypatch.setattr(type(lab.substrate), "restart", restart)
    with pytest.raises(UnreadyError) as raised:
        fleet.launch(lab, 1, lambda _: None, by, unchecked=True)
    assert str(raised.value) == (
        "worker-2 did not become ready: lab-worker did not come up\n    ModuleNotFoundError: greeting\n"
        "  where: lab blue on docker\n"
        "  mend:  read `lab logs docker/worker-2 --name blue`"
    )


@pytest.mark.parametrize("error", [UnreachedError, UnknownError, LabError])
def test_an_engine_or_a_node_that_cannot_be_asked_to_restart_it_does_not(
    lab: Deployment, monkeypatch: pytest.MonkeyPatch, error: type[LabError], by: Deadline
) -> None:
    def restart(*_: object) -> None:
        raise error("no answer", where="here", mend="wait")

    monkeypatch.setattr(type(lab.substrate), "restart", restart)
    with pytest.raises(LabError) as raised:
        fleet.launch(lab, 1, lambda _: None, by, unchecked=True)
    assert type(raised.value) is error


@pytest.mark.parametrize(("status", "error"), [(1, UnstartedError), (5, LabError), (255, UnreachedError)])
def test_a_machine_tells_a_service_that_does_not_come_up_from_a_command_that_failed(
    status: int, error: type[LabError], monkeypatch: pytest.MonkeyPatch, by: Deadline
) -> None:
    shell = ("sh", "-c", f'echo "$0: no" >&2; exit {status}')
    monkeypatch.setattr(VagrantSubstrate, "reach", lambda *_: Reach(shell, shell, True, "worker-2"))
    with pytest.raises(LabError, match=r"systemctl restart lab-worker'?: no") as raised:
        VagrantSubstrate().restart("blue", W2, by)
    assert type(raised.value) is error


def test_a_service_that_came_up_is_none(monkeypatch: pytest.MonkeyPatch, by: Deadline) -> None:
    monkeypatch.setattr(VagrantSubstrate, "reach", lambda *_: Reach(("true",), ("true",), True, "worker-2"))
    VagrantSubstrate().restart("blue", W2, by)


def test_a_restart_that_does_not_end_in_time_speaks_against_what_was_started(
    lab: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    soon = Deadline.after(0.2, "0.2 s")

    def restart(_self: object, _lab: str, _name: NodeName, by: Deadline) -> None:
        time.sleep(by.left() + 0.5)

    monkeypatch.setattr(type(lab.substrate), "restart", restart)
    with pytest.raises(UnreadyError):
        freshen.restart(lab, NodeName(Role.WORKER, 1), soon)
