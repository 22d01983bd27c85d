"""The Ansible module that starts a daemon where there is no systemd: once, and ends only what it started."""

import json
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

MODULE = Path(__file__).resolve().parents[3] / "playbooks/roles/host/library/lab_daemon.py"
_DAEMON = """
import pathlib, socket, sys
server = socket.socket(socket.AF_UNIX)
server.bind(sys.argv[1])
server.listen()
with pathlib.Path(sys.argv[2]).open("a") as starts:
    starts.write("started\\n")
while True:
    server.accept()[0].close()
"""


class Daemon:
    """A small daemon that the module starts and ends, in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.socket, self.starts = folder, folder / "socket", folder / "starts"
        self.argv = [sys.executable, "-c", _DAEMON, str(self.socket), str(self.starts)]

    def play(self, **changes: Any) -> dict[str, Any]:
        """What the module answered."""
        words = {
            "name": "small",
            "argv": self.argv,
            "socket": str(self.socket),
            "runtime": str(self.folder),
            "logs": str(self.folder),
            "timeout_s": 20,
            **changes,
        }
        done = subprocess.run(
            [sys.executable, str(MODULE)],
            input=json.dumps({"ANSIBLE_MODULE_ARGS": words}),
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        answer: dict[str, Any] = json.loads(done.stdout)
        return answer


@pytest.fixture
def daemon(tmp_path: Path) -> Any:
    one = Daemon(tmp_path)
    yield one
    if (tmp_path / "small.json").exists():
        one.play(state="stopped")


def test_it_is_started_and_awaited_and_a_second_time_left_alone(daemon: Daemon) -> None:
    first, second = daemon.play(), daemon.play()
    assert (first["changed"], second["changed"]) == (True, False)
    assert daemon.starts.read_text() == "started\n"


def test_two_at_the_same_time_start_one(daemon: Daemon) -> None:
    with ThreadPoolExecutor() as pool:
        answers = list(pool.map(lambda _: daemon.play(), range(3)))
    assert sorted(answer["changed"] for answer in answers) == [False, False, True]
    assert daemon.starts.read_text() == "started\n"


def test_one_that_runs_for_others_is_left_alone_and_never_ended(daemon: Daemon) -> None:
    with socket.socket(socket.AF_UNIX) as others:
        others.bind(str(daemon.socket))
        others.listen()
        assert daemon.play()["changed"] is False
        assert daemon.play(state="stopped")["changed"] is False
        assert not daemon.starts.exists()


def test_it_is_ended_by_pid_and_start_time(daemon: Daemon) -> None:
    daemon.play()
    assert daemon.play(state="stopped")["changed"] is True
    with socket.socket(socket.AF_UNIX) as probe, pytest.raises(ConnectionRefusedError):
        probe.connect(str(daemon.socket))
    assert daemon.play(state="stopped")["changed"] is False


def test_another_process_that_got_its_pid_is_not_ended(daemon: Daemon) -> None:
    with subprocess.Popen(["sleep", "60"]) as other:
        (daemon.folder / "small.json").write_text(json.dumps({"pid": other.pid, "started": 1}))
        assert daemon.play(state="stopped")["changed"] is False
        assert other.poll() is None
        other.kill()


def test_one_that_dies_at_once_fails_with_the_end_of_its_log(daemon: Daemon) -> None:
    answer = daemon.play(argv=["sh", "-c", "echo no such disk; exit 1"])
    assert answer["failed"]
    assert "small does not answer" in answer["msg"]
    assert "no such disk" in answer["msg"]


def test_check_mode_changes_nothing(daemon: Daemon) -> None:
    assert daemon.play(_ansible_check_mode=True)["changed"] is True
    assert not daemon.starts.exists()


def test_a_daemon_is_found_by_its_name_wherever_its_package_put_it(daemon: Daemon) -> None:
    # Not by the PATH of whoever sets up: it may be a normal user's.
    assert daemon.play(argv=["python3", *daemon.argv[1:]])["changed"] is True
    assert daemon.starts.read_text() == "started\n"
