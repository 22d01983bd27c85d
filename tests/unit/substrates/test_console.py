"""The file that a machine's console is added to: its user's, and what predecessors said stays in it."""

import os
import stat
import subprocess
from pathlib import Path

import pytest

from lab.host import paths
from lab.model.node import NodeName, Role
from lab.substrates import registry
from lab.substrates.vagrant.substrate import open_console

W1 = NodeName(Role.WORKER, 1)


@pytest.fixture
def console(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    return paths.lab("blue") / "logs" / "vagrant-worker-1.log"


def test_a_successors_console_follows_its_predecessors(console: Path) -> None:
    for life in ("first", "second"):
        open_console("blue", W1)
        with console.open("a") as file:
            file.write(f"{life}\n")
    argv = registry.get("vagrant").log("blue", W1, follow=False)
    assert subprocess.run(argv, check=True, capture_output=True, text=True).stdout == "first\nsecond\n"


def test_one_that_only_root_may_read_makes_room_for_one_of_the_users_own(
    console: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    console.parent.mkdir(parents=True)
    console.write_text("root's")
    console.chmod(0o600)
    # These tests may be root's, who may read all.
    monkeypatch.setattr(os, "access", lambda *_: False)
    open_console("blue", W1)
    assert (console.read_text(), stat.S_IMODE(console.stat().st_mode)) == ("", 0o644)
