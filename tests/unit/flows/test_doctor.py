"""The verdict of doctor, and what it says about space."""

from pathlib import Path

import pytest

from lab.flows import doctor
from lab.host import computer
from lab.model.checks import Check
from lab.model.deadline import Deadline


@pytest.mark.parametrize(
    ("answers", "verdict"),
    [([True, True], True), ([True, None], None), ([None, False, True], False), ([], True)],
)
def test_the_worst_answer_wins(answers: list[bool | None], verdict: bool | None) -> None:
    assert doctor.verdict(Check("name", ok, "found") for ok in answers) is verdict


def test_too_little_space_is_a_no_with_figures_and_a_mend(tmp_path: Path) -> None:
    (disk,), memory = doctor.space({tmp_path: 10**9}), doctor.memory({"memory_mb": 10**9})
    assert (disk.ok, memory.ok) == (False, False)
    assert disk.name == f"disk at {tmp_path}"
    assert disk.found.endswith(" MB free, 1000000000 MB needed")
    assert disk.mend
    assert memory.found.endswith(" MB available, 1000000000 MB needed")


def test_enough_space_is_a_yes_also_for_a_folder_that_is_not_there_yet(tmp_path: Path) -> None:
    checks = [*doctor.space({tmp_path / "a/b": 1}), doctor.memory({"memory_mb": 1})]
    assert [check.ok for check in checks] == [True, True]


def test_what_several_folders_need_of_one_file_system_is_summed(tmp_path: Path) -> None:
    both = doctor.space({tmp_path / "a": 3, tmp_path / "b": 4, Path("/proc"): 5})
    assert [(check.name, check.found.partition(", ")[2]) for check in both] == [
        (f"disk at {tmp_path}/a", "7 MB needed"),
        ("disk at /proc", "5 MB needed"),
    ]


def test_what_the_kit_has_already_it_does_not_need_once_more(tmp_path: Path) -> None:
    (tmp_path / "kit").mkdir()
    (tmp_path / "kit/file").write_bytes(b"x" * 3 * 2**20)
    by = Deadline.after(60, "test")
    taken = {folder: computer.used_mb(folder, by) for folder in (tmp_path / "kit", tmp_path / "none")}
    needs = {tmp_path / "kit": 8, tmp_path / "none": 5, tmp_path / "other": 7}
    assert list(doctor.still_needed(needs, taken).values()) == [pytest.approx(5, abs=1), 5, 7]
    assert doctor.still_needed({tmp_path: 2}, {tmp_path: 3}) == {tmp_path: 0}
    beside = doctor.memory({"memory_mb": 10**9}, in_use_mb=10**9 - 1)
    assert (beside.ok, beside.found.partition(", ")[2]) == (True, "1 MB needed beside the labs that run")


def test_the_sizes_are_those_that_the_launcher_reads() -> None:
    assert set(doctor.read_sizes()) == {"kit_mb", "cache_mb", "state_mb", "engines_mb", "memory_mb"}
    assert sum(doctor.rooms(doctor.read_sizes()).values()) == 9000, "what README says"
