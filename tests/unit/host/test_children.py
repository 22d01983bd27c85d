"""What a killed run left running is found by pid and start time, and ended; nothing else is."""

import json
import subprocess
import sys
from pathlib import Path

from lab.host import children
from lab.model.deadline import Deadline

_PARENT = """
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
print(child.pid, flush=True)
child.wait()
"""


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
