"""The log of a node that is dead: all that was kept of it and of its predecessors."""

import subprocess
from pathlib import Path

import pytest

from lab.flows import deployment, logs
from lab.host import paths
from lab.model.deadline import Deadline
from lab.model.errors import UnknownError, UsageError
from lab.model.node import Mode, NodeName, Role
from tests.unit.model.test_plan import KEYS, TOPOLOGY

W1 = NodeName(Role.WORKER, 1)


@pytest.mark.parametrize("substrate", ["docker", "vagrant"])
def test_a_dead_nodes_log_is_all_that_was_kept(substrate: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    file = deployment.topology_file()
    lab = deployment.intend("blue", substrate, mode=Mode.STATELESS, workers=1, topology=TOPOLOGY, file=file, keys=KEYS)
    monkeypatch.setattr(type(lab.substrate), "nodes", lambda *_: [])
    folder, by = paths.lab("blue") / "logs", Deadline.after(20, "test")
    folder.mkdir()
    with pytest.raises(UsageError, match=f"there is no log of {substrate}/worker-1"):
        logs.command_line(lab, W1, follow=False, by=by, tell=pytest.fail)
    (folder / f"{substrate}-worker-1.log").write_text("first\nsecond\n")
    argv = logs.command_line(lab, W1, follow=False, by=by, tell=pytest.fail)
    assert subprocess.run(argv, check=True, capture_output=True, text=True).stdout == "first\nsecond\n"


@pytest.mark.parametrize("substrate", ["docker", "vagrant"])
def test_what_was_kept_is_read_also_while_the_engine_is_away(
    substrate: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> None:
        raise UnknownError("it does not answer", where="this computer", mend="start it")

    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    file = deployment.topology_file()
    lab = deployment.intend("blue", substrate, mode=Mode.STATELESS, workers=1, topology=TOPOLOGY, file=file, keys=KEYS)
    monkeypatch.setattr(type(lab.substrate), "nodes", away)
    by, told = Deadline.after(20, "test"), list[str]()
    with pytest.raises(UnknownError):
        logs.command_line(lab, W1, follow=True, by=by, tell=told.append)
    (paths.lab("blue") / "logs").mkdir()
    logs.kept("blue", substrate, W1).write_text("first\n")
    argv = logs.command_line(lab, W1, follow=True, by=by, tell=told.append)
    assert subprocess.run(argv, check=True, capture_output=True, text=True).stdout == "first\n"
    assert told == ["it does not answer; this is what was kept of the log"]
