"""The lock: one holder, also when the file was removed by the one before."""

import errno
import fcntl
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import IO

import pytest

from lab.host import lock, wait
from lab.host.lock import Holder
from lab.model.errors import UsageError
from tests.conftest import REPO

_HOLD = """
import sys
from pathlib import Path
from lab.host import lock
with lock.held(Path(sys.argv[1]), "up", is_brief="brief" in sys.argv):
    print("held", flush=True)
    sys.stdin.readline()
"""


def _holder(path: Path, *words: str) -> "subprocess.Popen[str]":
    """Another process that holds the lock until a line, or the end of its input, comes."""
    argv = [sys.executable, "-c", _HOLD, str(path), *words]
    process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=REPO)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_a_lock_that_is_held_names_its_holder(tmp_path: Path) -> None:
    with _holder(tmp_path / "lock") as other:
        with pytest.raises(UsageError, match=rf"`lab up` \(pid {other.pid}\)"), lock.held(tmp_path / "lock", "down"):
            pass
        other.communicate("done\n")


@pytest.mark.parametrize(
    ("words", "verb"), [(("-m", "lab", "demo"), "demo"), (("-m", "lab", "up"), "up"), (("-m",), "up")]
)
def test_who_does_the_work_of_another_verb_is_named_as_it_was_typed(
    tmp_path: Path, words: tuple[str, ...], verb: str
) -> None:
    with _holder(tmp_path / "lock", *words) as other:
        named = pytest.raises(UsageError, match=rf"`lab {verb}` \(pid {other.pid}\)")
        with named, lock.held(tmp_path / "lock", "down"):
            pass
        other.communicate("done\n")


def test_who_only_asks_leaves_the_lock_as_it_is(tmp_path: Path) -> None:
    assert not lock.is_held(tmp_path / "lock")
    assert not list(tmp_path.iterdir())
    with _holder(tmp_path / "lock") as other:
        assert lock.is_held(tmp_path / "lock")
        other.communicate("done\n")
    assert not lock.is_held(tmp_path / "lock")
    with lock.held(tmp_path / "lock", "up"):
        pass


def test_who_was_killed_is_nobodys_holder_though_the_file_still_names_them(tmp_path: Path) -> None:
    other = _holder(tmp_path / "lock")
    assert lock.holder(tmp_path / "lock") == Holder("up", other.pid)
    left = (tmp_path / "lock").read_text()
    other.kill()
    other.communicate()
    assert (tmp_path / "lock").read_text() == left
    # As in the moment in which somebody else has the lock, and has not yet said who they are.
    with (tmp_path / "lock").open("a+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        assert lock.is_held(tmp_path / "lock")
        assert lock.holder(tmp_path / "lock") is None
        # After a restart of the computer the pid may be another's, of which we know nothing.
        (tmp_path / "lock").write_text(left.replace(str(other.pid), str(os.getpid())))
        assert lock.holder(tmp_path / "lock") is None


def test_who_lets_go_leaves_no_name(tmp_path: Path) -> None:
    with lock.held(tmp_path / "lock", "up"):
        assert lock.holder(tmp_path / "lock") == Holder("up", os.getpid())
    assert (tmp_path / "lock").read_text() == ""


def test_patience_outwaits_a_short_holder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []
    with _holder(tmp_path / "lock") as other:

        def let_go(seconds: float) -> None:
            waited.append(seconds)
            other.communicate("done\n")

        monkeypatch.setattr(time, "sleep", let_go)
        with lock.held(tmp_path / "lock", "down", patience_s=60):
            assert len(waited) == 1


def test_who_has_it_for_a_moment_is_waited_for_and_anybody_else_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    monkeypatch.setattr(wait, "QUIET_S", 0.0)
    with _holder(tmp_path / "lock", "brief") as other:

        def tell(why: str) -> None:
            told.append(why)
            other.communicate("done\n")

        with lock.held(tmp_path / "lock", "down", moment_s=60, tell=tell):
            assert told == [f"waiting for `lab up` (pid {other.pid})"]
    with _holder(tmp_path / "lock") as other:
        with pytest.raises(UsageError, match=f"pid {other.pid}"), lock.held(tmp_path / "lock", "down", moment_s=600):
            pass
        other.communicate("done\n")


def test_who_has_it_for_longer_than_a_moment_is_named_too(tmp_path: Path) -> None:
    with _holder(tmp_path / "lock", "brief") as other:
        refused = pytest.raises(UsageError, match=rf"`lab up` \(pid {other.pid}\) is at work on this")
        with refused, lock.held(tmp_path / "lock", "down", moment_s=0.1):
            pass
        other.communicate("done\n")


def test_a_file_that_was_removed_while_we_locked_it_is_no_lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, taken = tmp_path / "lab", list[int]()
    real = fcntl.flock

    def removed_just_before(file: IO[str], how: int) -> None:
        # What `destroy` does to a lab's folder between our opening the file and our locking it.
        if not taken:
            shutil.rmtree(folder)
        taken.append(how)
        real(file, how)

    monkeypatch.setattr(fcntl, "flock", removed_just_before)
    with lock.held(folder / "lock", "up"):
        assert len(taken) == 2
        with pytest.raises(UsageError), lock.held(folder / "lock", "destroy"):
            pass


def test_a_full_disk_is_told_with_the_lock_which_is_free_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_file: int, _line: bytes) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    path = tmp_path / "lock"
    with monkeypatch.context() as patch:
        patch.setattr(os, "write", full)
        with pytest.raises(OSError, match="No space left on device") as raised, lock.held(path, "up"):
            pytest.fail("nobody could tell who holds it")
    assert raised.value.filename == str(path)
    assert not lock.is_held(path)
