"""Whom `replace` replaces, where somebody else changed the lab meanwhile."""

from pathlib import Path

import pytest

from lab.flows import deployment, workers
from lab.model.deadline import Deadline
from lab.model.errors import UsageError
from lab.model.node import Mode, NodeName, Role
from tests.unit.model.test_plan import KEYS, TOPOLOGY


def test_one_that_is_not_wanted_any_more_is_not_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    file = deployment.topology_file()
    lab = deployment.intend("blue", "docker", mode=Mode.STATELESS, workers=2, topology=TOPOLOGY, file=file, keys=KEYS)
    deployment.restaff(lab, [1], pool=[])
    with pytest.raises(UsageError) as raised:
        workers.replace(lab, NodeName(Role.WORKER, 2), lambda _: None, Deadline.after(10, "one test"))
    assert raised.value.message == "lab blue on docker has no worker-2"
