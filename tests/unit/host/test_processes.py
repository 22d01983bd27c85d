"""Processes and their memory, seen on real ones."""

import os
import subprocess
import sys

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
