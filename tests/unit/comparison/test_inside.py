"""The programs that run inside a worker, run here: they say numbers that can be true, and change nothing."""

import json
import os
import pwd
import subprocess
from pathlib import Path
from typing import Any

import pytest

from lab.comparison.probes.inside import FLUSHES, ISOLATION, MACHINE, told
from lab.comparison.probes.isolation import in_words, outside
from lab.model.deadline import Deadline
from lab.model.errors import LabError
from lab.substrates.base import Reach

# As a worker has it, and readable for everybody.
PYTHON = "/usr/bin/python3"
NOBODY = "nobody"


def said(program: str, *words: str, user: str | None = None) -> Any:
    argv = [PYTHON, "-c", program, *words]
    done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=60, user=user, cwd="/")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_a_processor_hashes_and_calls_and_a_word_comes_back() -> None:
    found = said(MACHINE, "127.0.0.1")
    # A tenth of what the slowest processor of today does, and ten times what the quickest does.
    assert 1e6 < found["hash"] < 1e11
    assert 1e4 < found["syscalls"] < 1e8
    assert 1e-7 < found["round-trip"] < 0.1


@pytest.mark.parametrize(("start_s", "call_s"), [(0.0, 2e-7), (0.001, 2e-7), (0.3, 1e-5), (2.0, 1e-7)])
def test_what_the_start_of_a_program_takes_is_not_taken_for_calls(start_s: float, call_s: float) -> None:
    program: dict[str, Any] = {}
    exec(MACHINE.partition("print(")[0], program)
    program["copied"] = lambda count: start_s + 2 * count * call_s
    assert program["calls"](0.2) == pytest.approx(1 / call_s)


def test_a_run_without_a_copy_does_all_that_starting_does_and_nothing_more() -> None:
    program: dict[str, Any] = {}
    exec(MACHINE.partition("print(")[0], program)
    assert 0 < program["copied"](0) < program["copied"](300_000)


def test_writes_are_flushed_and_nothing_is_left_of_them(tmp_path: Path) -> None:
    found = said(FLUSHES, str(tmp_path), "-")
    assert 1 < found["rate"] < 1e7
    assert list(tmp_path.iterdir()) == []


def test_who_is_nobody_is_refused_all_that_root_may() -> None:
    user = NOBODY if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name
    found = said(ISOLATION, "me", "worker-1", "127.0.0.1", "9", "/no/file", "no word", "yes", user=user)
    assert found["kernel"] == os.uname().release
    assert found["processes"] >= 1
    assert found["sibling reached"] is False
    assert set(found["tries"]) == {"mount", "kernel settings", "clock"}
    assert all(found["tries"].values())
    assert found["module"] in ("EPERM", "ENOSYS")
    assert int(found["root"]["CapEff"], 16) == 0
    words = in_words(found, os.uname().release)
    assert words["isolation-root"].endswith("refused: mount, kernel settings, clock")


def test_a_program_and_a_file_of_others_are_found_where_they_can_be(tmp_path: Path) -> None:
    file, word = tmp_path / "file", f"word-of-{os.getpid()}"
    file.touch()

    def seen(backwards: str, path: Path) -> tuple[bool, bool]:
        # Forwards it would stand on the command line of who looks for it.
        found = said(ISOLATION, "me", "worker-1", "127.0.0.1", "9", str(path), backwards, "no")
        return found["outside seen"], found["sibling read"]

    with outside(word):
        assert seen(word[::-1], file) == (True, True)
        assert seen("drow-rehtona", tmp_path / "none") == (False, False)
    assert seen(word[::-1], file) == (False, True)


def test_words_that_are_no_answer_are_refused() -> None:
    here = Reach((), (), is_remote_shell=False, testinfra="local://")
    by = Deadline.after(30, "test")
    assert told(here, "print('{}')", [], by) == {}
    with pytest.raises(LabError, match="a program in a worker said 'what"):
        told(here, "print('what?')", [], by)
