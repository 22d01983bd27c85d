"""A bare process's bound on its processor time: set as each kind of kernel has it, kept, and gone in the end."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from lab.comparison.probes.quota import quota

# It begins when it is told to, so all of it is under the bound.
BUSY = "read -r _; i=0; while [ $i -lt 30000 ]; do i=$((i + 1)); done"


@pytest.fixture
def of_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """The files of a control group go with its folder, as in no other file system."""
    monkeypatch.setattr(Path, "rmdir", shutil.rmtree)


def made(group: Path, *files: str) -> Path:
    """A control group as the kernel would make it, and where they are mounted."""
    group.mkdir(parents=True)
    for file in files:
        (group / file).touch()
    (group.parent / "cgroup.procs").touch()
    return group


@pytest.mark.usefixtures("of_files")
@pytest.mark.parametrize("place", ["cpu", "cpu,cpuacct"])
def test_it_is_set_as_older_kernels_have_it(tmp_path: Path, place: str) -> None:
    group = made(tmp_path / place / "some", "cpu.cfs_period_us", "cpu.cfs_quota_us")
    with quota("some", 0.4, tmp_path) as found:
        found.hold([17])
        told = {file.name: file.read_text() for file in group.iterdir()}
    assert told == {"cpu.cfs_period_us": "100000", "cpu.cfs_quota_us": "40000", "cgroup.procs": "17"}
    assert not group.exists()


@pytest.mark.usefixtures("of_files")
def test_it_is_set_as_newer_kernels_have_it(tmp_path: Path) -> None:
    group = made(tmp_path / "some", "cpu.max")
    with quota("some", 0.4, tmp_path) as found:
        assert (found.group, found.impossible) == (group, "")
        assert (group / "cpu.max").read_text() == "40000 100000"
    assert not group.exists()


def test_where_there_can_be_none_it_says_why_and_leaves_nothing(tmp_path: Path) -> None:
    with quota("some", 0.4, tmp_path) as found:
        found.hold([os.getpid()])
    assert (found.group, found.impossible) == (None, "the kernel refused a control group: No such file or directory")
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "file").touch()
    with quota("some", 0.4, tmp_path / "file") as found:
        assert (found.group, found.impossible) == (None, "the kernel refused a control group: Not a directory")


def test_who_is_under_it_is_made_to_wait_where_the_kernel_lets_us() -> None:
    with quota(f"labkit-test-{os.getpid()}", 0.05) as found:
        busy = subprocess.Popen(["sh", "-c", BUSY], stdin=subprocess.PIPE)
        found.hold([busy.pid])
        busy.communicate(b"go\n", timeout=60)
        if found.group is None:
            assert found.impossible
            return
        told = dict(line.split() for line in (found.group / "cpu.stat").read_text().splitlines())
        assert int(told["nr_throttled"]) > 0
    assert not found.group.exists()
