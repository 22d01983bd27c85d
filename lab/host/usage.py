"""Who used this computer's processors how much, as the kernel counts it (proc(5)). Looks only."""

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")
_TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Process:
    """A process: its name (15 characters at most), its parent, when it began, and the seconds of processor time that it
    and those of its children took that it has waited for. One number is given to another later on; with `began` it is
    unique."""

    pid: int
    parent: int
    name: str
    began: int
    used_s: float

    @property
    def identity(self) -> tuple[int, int]:
        """What no other process has."""
        return self.pid, self.began


@dataclass(frozen=True)
class Usage:
    """The processes there are at a moment of the monotonic clock, and the seconds, summed over all processors, in which
    whoever this computer is a guest of gave its processors to others (`steal`)."""

    at: float
    processes: Mapping[int, Process]
    stolen_s: float


def now() -> Usage:
    """Who used what until now."""
    found = {}
    for folder in _PROC.glob("[0-9]*"):
        try:
            process = parse((folder / "stat").read_text(errors="replace"))
        except (FileNotFoundError, ProcessLookupError):
            continue
        found[process.pid] = process
    return Usage(time.monotonic(), found, stolen_s((_PROC / "stat").read_text()))


def parse(stat: str) -> Process:
    """The process in a /proc/PID/stat, whose name may hold blanks and parentheses. Pure."""
    number, _, rest = stat.partition(" (")
    name, _, rest = rest.rpartition(") ")
    # From the third field on: state, parent; 14 to 17 are times, 22 is the beginning.
    fields = rest.split()
    used = sum(int(ticks) for ticks in fields[11:15])
    return Process(int(number), int(fields[1]), name, int(fields[19]), used / _TICKS_A_SECOND)


def stolen_s(stat: str) -> float:
    """The stolen seconds in /proc/stat: the eighth figure of its first line; 0 where they are not counted. Pure."""
    figures = stat.splitlines()[0].split()[1:]
    return int(figures[7]) / _TICKS_A_SECOND if len(figures) > 7 else 0.0
