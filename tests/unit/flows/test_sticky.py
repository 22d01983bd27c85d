"""A lab leads users to the same worker each time where that was asked for, and always where workers keep data."""

from pathlib import Path

import pytest

from lab.flows import deployment
from lab.flows.deployment import Deployment
from lab.model.deadline import Deadline
from lab.model.node import LOADBALANCER, Mode, Role
from lab.substrates.base import Reach
from tests.unit.model.test_plan import TOPOLOGY

KEYS = dict.fromkeys(Role, "key")


@pytest.mark.parametrize(
    ("mode", "sticky", "leads"),
    [(Mode.STATELESS, False, False), (Mode.STATELESS, True, True), (Mode.STATEFUL, False, True)],
)
def test_who_is_sticky(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: Mode, sticky: bool, leads: bool) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    file = deployment.topology_file()
    lab = deployment.intend(
        "blue", "docker", mode=mode, workers=2, topology=TOPOLOGY, file=file, keys=KEYS, sticky=sticky
    )
    assert lab.is_sticky is leads
    text = lab.plan.node(LOADBALANCER).files["haproxy.cfg"]
    assert ("cookie lab_worker" in text) is leads
    stays = "force-persist if { req.cook(lab_worker) -m found }" in text
    assert stays is (mode is Mode.STATEFUL), "it leads users to a worker that is closed, too"
    assert "option persist" not in text, "with it a repeat would still lead them to another worker"
    written = tmp_path / "haproxy.cfg"
    monkeypatch.setattr(Deployment, "reach", lambda *_: Reach(("sh", "-c", f"cat >{written}"), (), False, "nobody"))
    workers = [(str(spec.name), spec.address) for spec in lab.plan.workers()]
    lab.loadbalancer().write(workers, Deadline.after(30, "one test"))
    assert written.read_text() == text, "what a running one is given is what it started from"


def test_a_record_of_before_is_not_sticky(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    file = deployment.topology_file()
    deployment.intend("blue", "docker", mode=Mode.STATELESS, workers=2, topology=TOPOLOGY, file=file, keys=KEYS)
    record = tmp_path / "vagrant-docker-lab" / "labs" / "blue" / "lab.json"
    record.write_text(record.read_text().replace('"sticky": false,', ""))
    assert not deployment.load("blue", "docker").is_sticky
