"""What this computer has."""

from pathlib import Path

from lab.host import computer
from lab.model.deadline import Deadline


def test_what_folders_take_is_what_lies_on_the_disk_once(tmp_path: Path) -> None:
    by = Deadline.after(10, "test")
    one, other = tmp_path / "one", tmp_path / "other"
    one.mkdir()
    other.mkdir()
    (one / "whole").write_bytes(bytes(range(256)) * 4000)
    nothing = computer.allocated([other], by)
    taken = computer.allocated([one], by)
    assert 1_000_000 <= taken <= 1_200_000
    with (one / "holes").open("wb") as holes:
        holes.truncate(50_000_000)
    (other / "the-same").hardlink_to(one / "whole")
    assert taken <= computer.allocated([one, other], by) <= taken + nothing + 50_000


def test_a_folder_lies_on_the_file_system_that_is_mounted_nearest_above_it(tmp_path: Path) -> None:
    assert computer.file_system(Path("/proc/sys/kernel")) == "proc"
    assert computer.file_system(tmp_path) != "proc"
    assert computer.file_system(tmp_path / "not" / "there") == computer.file_system(tmp_path)
