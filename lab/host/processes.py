"""This computer's processes: who belongs together, since when they run, and the memory that they take (proc(5))."""

import os
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from lab.host import children
from lab.model.errors import UsageError

_PROC = Path("/proc")
_GONE = (FileNotFoundError, ProcessLookupError)
_TICKS = os.sysconf("SC_CLK_TCK")


def now_s() -> float:
    """Seconds since this computer's boot: the clock of /proc/uptime, and of when processes started."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def started_s(pid: int) -> float | None:
    """When a process started, in seconds since the boot, to a hundredth; None if there is none."""
    ticks = children.start_time(pid)
    return None if ticks is None else ticks / _TICKS


def first_started_s(pids: Iterable[int]) -> float | None:
    """When the oldest of these processes started, in seconds since the boot; None where there is none."""
    return min((began for pid in pids if (began := started_s(pid)) is not None), default=None)


def with_words(*words: str) -> set[int]:
    """The processes in whose command line all these words stand."""
    return {pid for pid, line in _command_lines() if all(word in line for word in words)}


def family(pid: int) -> set[int]:
    """A process and its descendants."""
    found, parents = {pid}, {each: parent(each) for each, _ in _command_lines()}
    while more := {each for each, above in parents.items() if above in found} - found:
        found |= more
    return found


def parent(pid: int) -> int:
    """The pid of a process's parent; 0 where there is none."""
    try:
        status = (_PROC / str(pid) / "status").read_text()
    except _GONE:
        return 0
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("PPid:"))


def pss(pids: Iterable[int]) -> int:
    """Their proportional set size in bytes: what they share is divided among those who share it.

    One that ended meanwhile takes nothing. Raises UsageError for those of other users, which only root may ask about.
    """
    return sum(_pss(pid) for pid in pids)


def pss_mb(pids: Iterable[int]) -> float:
    """The same in MB."""
    return pss(pids) / 1e6


def _pss(pid: int) -> int:
    try:
        return pss_of((_PROC / str(pid) / "smaps_rollup").read_text())
    except _GONE:
        return 0
    except PermissionError as error:
        message = f"only root may see the memory of process {pid}, which is another user's"
        raise UsageError(message, where=f"/proc/{pid}/smaps_rollup", mend="run it as root") from error


def pss_of(rollup: str) -> int:
    """The bytes in the line Pss of a process's smaps_rollup; 0 for one that has no memory any more. Pure."""
    return sum(int(line.split()[1]) * 1024 for line in rollup.splitlines() if line.startswith("Pss:"))


def _command_lines() -> Iterator[tuple[int, str]]:
    for folder in _PROC.glob("[0-9]*"):
        try:
            yield int(folder.name), (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except _GONE:
            continue
