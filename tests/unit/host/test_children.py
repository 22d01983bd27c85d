"""What a killed run left running is found by pid and start time, and ended; nothing else is."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from lab.host import children
from lab.host.wait import await_until
from lab.model.deadline import Deadline

_PARENT = """
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
print(child.pid, flush=True)
child.wait()
"""


_STARTER = """
import subprocess, sys
from pathlib import Path
from lab.host import children
folder, wanted = sys.argv[1:]
with children.kept_in(Path(folder)):
    gate = children.Gate()
    process = subprocess.Popen([*gate.prefix, "touch", wanted], pass_fds=gate.fds)
    if Path(wanted).name == "recorded":
        gate.open()
    print(process.pid, flush=True)
    input()
"""


@pytest.mark.parametrize("name", ["recorded", "not recorded"])
def test_a_program_begins_only_once_it_is_recorded(tmp_path: Path, name: str) -> None:
    wanted = tmp_path / name
    argv = [sys.executable, "-c", _STARTER, str(tmp_path / "children"), str(wanted)]
    starter = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert starter.stdout is not None
    started = int(starter.stdout.readline())
    starter.kill()
    starter.communicate()
    await_until(
        lambda: "it runs" if children.start_time(started) else None, Deadline.after(20, "test"), what="its end", mend=""
    )
    assert wanted.exists() is (name == "recorded")


def test_a_program_that_a_library_starts_has_recorded_itself_before_it_begins(tmp_path: Path) -> None:
    argv = ["a name", "with 100 %s"]
    with children.kept_in(tmp_path), children.recording_itself(argv) as before:
        look = [*before, "sh", "-c", 'echo $$; cut -d " " -f 22 /proc/$$/stat; cat "$0"/*.json', str(tmp_path)]
        pid, started, record = subprocess.run(look, check=True, capture_output=True, text=True).stdout.splitlines()
        us = {"pid": os.getpid(), "started": children.start_time(os.getpid())}
        assert json.loads(record) == {"pid": int(pid), "started": int(started), "argv": argv, "by": us}
    assert list(tmp_path.iterdir()) == []


def test_an_error_ends_a_program_that_a_library_started(tmp_path: Path) -> None:
    def fail() -> None:
        with children.kept_in(tmp_path), children.recording_itself(["cat"]) as before:
            started.append(subprocess.Popen([*before, "cat"], stdin=subprocess.PIPE))
            wait = Deadline.after(20, "test")
            await_until(
                lambda: None if any(f.stat().st_size for f in tmp_path.iterdir()) else "none",
                wait,
                what="its record",
                mend="",
            )
            raise KeyboardInterrupt

    started: list[subprocess.Popen[bytes]] = []
    with pytest.raises(KeyboardInterrupt):
        fail()
    assert started[0].wait(timeout=20) == -signal.SIGTERM
    assert list(tmp_path.iterdir()) == []


def test_an_orphan_is_ended_together_with_what_it_started(tmp_path: Path) -> None:
    process = subprocess.Popen([sys.executable, "-c", _PARENT], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    grandchild = int(process.stdout.readline())
    record = {"pid": process.pid, "started": children.start_time(process.pid), "argv": ["vagrant", "up"]}
    (tmp_path / f"{process.pid}.json").write_text(json.dumps(record))
    assert children.end_orphans(tmp_path, Deadline.after(20, "test")) == ["vagrant up"]
    assert process.wait(timeout=20) < 0
    assert not Path(f"/proc/{grandchild}").exists() or "Z" in Path(f"/proc/{grandchild}/stat").read_text()
    assert list(tmp_path.iterdir()) == []


def test_another_process_that_got_the_same_pid_is_left_alone(tmp_path: Path) -> None:
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        started = children.start_time(process.pid)
        assert started is not None
        record = {"pid": process.pid, "started": started - 1, "argv": ["vagrant", "up"]}
        (tmp_path / f"{process.pid}.json").write_text(json.dumps(record))
        assert children.end_orphans(tmp_path, Deadline.after(20, "test")) == []
        assert process.poll() is None
        assert list(tmp_path.iterdir()) == []
    finally:
        process.kill()
        process.wait()


def test_what_was_started_by_somebody_who_lives_is_no_orphan(tmp_path: Path) -> None:
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        with children.kept_in(tmp_path), children.recorded(process.pid, ["git"]):
            assert children.end_orphans(tmp_path, Deadline.after(20, "test")) == []
            assert process.poll() is None
            (record,) = tmp_path.iterdir()
            entry = json.loads(record.read_text())
            # Its parent's pid went to another process since: then nobody waits for it.
            entry["by"]["started"] -= 1
            record.write_text(json.dumps(entry))
            assert children.end_orphans(tmp_path, Deadline.after(20, "test")) == ["git"]
        assert process.wait(timeout=20) < 0
    finally:
        process.kill()
        process.wait()


def test_a_record_lasts_as_long_as_its_program(tmp_path: Path) -> None:
    with children.kept_in(tmp_path), children.recorded(1, ["init"]):
        assert [path.name for path in tmp_path.iterdir()] == ["1.json"]
    assert list(tmp_path.iterdir()) == []
