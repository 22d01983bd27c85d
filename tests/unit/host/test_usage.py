"""What the kernel counts of processes."""

import os

from lab.host import usage
from lab.host.usage import Process

_TICKS = os.sysconf("SC_CLK_TCK")


def test_a_process_is_read_whatever_its_name() -> None:
    times = [3 * _TICKS, 2 * _TICKS, 4 * _TICKS, 1 * _TICKS]
    line = f"4711 (a) (b c) S 42 1 1 0 -1 4194304 1 2 3 4 {' '.join(map(str, times))} 20 0 1 0 987654 1 2"
    assert usage.parse(line) == Process(4711, 42, "a) (b c", 987654, 10.0)


def test_stolen_time_is_the_eighth_figure() -> None:
    assert usage.stolen_s(f"cpu  1 2 3 4 5 6 7 {8 * _TICKS} 9 10\ncpu0 1 2 3 4 5 6 7 99 9 10\n") == 8.0
    assert usage.stolen_s("cpu  1 2 3 4\n") == 0.0


def test_we_are_among_those_who_use_this_computer() -> None:
    before = usage.now()
    sum(number * number for number in range(2_000_000))
    us = os.getpid()
    after = usage.now()
    assert after.at > before.at
    assert after.processes[us].parent == os.getppid()
    assert after.processes[us].identity == before.processes[us].identity
    assert after.processes[us].used_s > before.processes[us].used_s
