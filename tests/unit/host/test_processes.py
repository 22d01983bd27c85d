"""Processes and their memory, seen on real ones."""

import os
import subprocess
import sys
from pathlib import Path

from lab.host import processes

_HOLD = "import sys; held = bytearray(64 << 20); print('held', flush=True); sys.stdin.read()"


def test_a_process_that_holds_more_is_found_and_counts_more() -> None:
    mark = f"lab-test-{os.getpid()}"
    argv = [sys.executable, "-c", _HOLD, mark]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        child.stdout.readline()
        assert processes.with_words(mark) == {child.pid}
        assert child.pid in processes.family(os.getpid())
        assert 60 < processes.pss_mb([child.pid]) < 120
        child.communicate()


def test_no_processes_take_no_memory() -> None:
    assert processes.pss_mb([]) == 0


def test_a_process_starts_between_two_looks_at_the_clock() -> None:
    before = processes.now_s()
    with subprocess.Popen(["sleep", "60"]) as child:
        after = processes.now_s()
        started = processes.started_s(child.pid)
        # The kernel tells hundredths.
        assert started is not None
        assert before - 0.02 <= started <= after
        mine = processes.started_s(os.getpid())
        assert processes.first_started_s([child.pid, os.getpid()]) == mine
        child.kill()
    assert processes.started_s(child.pid) is None
    assert processes.first_started_s([child.pid]) is None
    assert processes.pss([child.pid]) == 0


def test_the_boots_clock_is_that_of_uptime() -> None:
    told = float(Path("/proc/uptime").read_text().split()[0])
    assert abs(processes.now_s() - told) < 0.5


def test_the_line_pss_is_read_and_not_those_that_are_called_alike() -> None:
    rollup = "00400000-7fff [rollup]\nRss: 900 kB\nPss: 120 kB\nPss_Dirty: 70 kB\nPss_Anon: 60 kB\n"
    assert processes.pss_of(rollup) == 120 * 1024
    assert processes.pss_of("") == 0
