"""What `lab prove run` refuses before it asks an engine for anything."""

from pathlib import Path

import pytest

from lab.flows import deployment, prove
from lab.model.node import Mode, Role
from tests.conftest import type_lab
from tests.unit.model.test_plan import TOPOLOGY


def test_a_lab_of_one_worker_is_one_clear_error_and_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    file, keys = deployment.topology_file(), dict.fromkeys(Role, "0")
    deployment.intend("blue", "docker", mode=Mode.STATELESS, workers=1, topology=TOPOLOGY, file=file, keys=keys)
    gave = type_lab("prove", "run", "docker", "--name", "blue")
    assert (gave.code, gave.out) == (2, "")
    assert "a run needs 2 workers, and this lab has 1" in gave.err
    assert "lab up docker --workers 2 --name blue" in gave.err
    assert prove.journals("blue") == []
