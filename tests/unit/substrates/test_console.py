"""A machine that starts empties its console's file: what its predecessor said is kept, and printed first."""

import subprocess
from pathlib import Path

import pytest

from lab.host import paths
from lab.model.node import NodeName, Role
from lab.substrates import registry
from lab.substrates.vagrant.substrate import open_console
from lab.substrates.vagrant.virsh import Domain

W1 = NodeName(Role.WORKER, 1)


def test_a_successors_console_follows_its_predecessors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    console = paths.lab("blue") / "logs" / "vagrant-worker-1.log"
    for life, machine in (("first", None), ("second", Domain("shut off", "")), ("third", None)):
        open_console("blue", W1, machine)
        console.write_text(f"{life}\n")
    open_console("blue", W1, Domain("running", ""))
    argv = registry.get("vagrant").log("blue", W1, follow=False)
    assert subprocess.run(argv, check=True, capture_output=True, text=True).stdout == "first\nsecond\nthird\n"


def test_a_disk_that_is_full_is_told_with_the_file_and_nothing_is_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    console, earlier = (paths.lab("blue") / "logs" / f"vagrant-worker-1.{end}" for end in ("log", "earlier.log"))
    console.parent.mkdir(parents=True)
    console.write_text("first\n")
    earlier.symlink_to("/dev/full")
    with pytest.raises(OSError, match="No space left on device") as raised:
        open_console("blue", W1, None)
    assert raised.value.filename == str(earlier)
    assert console.read_text() == "first\n"
