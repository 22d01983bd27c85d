"""Whether others used this computer while something was measured. Pure.

The load average cannot tell: with runs back to back most of it is their own. So what is held against a run is the
processor time that the kernel counted, while it went on, for processes that have nothing to do with it; and what a host
that this computer is itself a guest of gave to others (`steal` in proc(5)).

Whose a process is, follows from what was there before the comparison began. Others' are all that were there then, but
for ourselves and the engines' daemons, and what descends from those. Ours is what came later otherwise: containers,
machines and what engines start beside them, whose parent is a daemon or process 1. A service that somebody starts
meanwhile is taken for ours: so that is missed, and no run is called noisy because of its own lab.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from lab.host.usage import Process, Usage

DISTURBED = 0.05
"""A run is disturbed where others took more than this share of all processor time there was."""

NOISY = 0.25
"""A cell is noisy where more than this share of its runs were disturbed: fewer hardly move a median."""

# The kernel counts in ticks of 10 ms; two of them are no evidence.
_RESOLUTION_S = 0.02
_FIRST, _KERNEL = 1, 2


@dataclass(frozen=True)
class Household:
    """Who was there before a comparison, by pid and beginning; our own pid; and the names of the engines' daemons."""

    there: frozenset[tuple[int, int]]
    us: int
    daemons: frozenset[str]

    def others_s(self, usage: Usage) -> float:
        """The processor time, in seconds, that others' processes have had until then."""
        return sum(process.used_s for process in usage.processes.values() if self._is_others(process, usage))

    def _is_others(self, process: Process, usage: Usage) -> bool:
        # The first process waits for the children of all that ended, ours too, and their time becomes its own.
        if process.pid in (_FIRST, _KERNEL) or process.parent == _KERNEL:
            return False
        for each in _line(process, usage):
            if each.pid == self.us or each.name in self.daemons:
                return False
            if each.identity in self.there and each.pid != _FIRST:
                return True
        return False


def household(before: Usage, us: int, daemons: Collection[str]) -> Household:
    """Who is at home, from what was there before anything was made for the comparison; `us` is our own pid."""
    return Household(frozenset(each.identity for each in before.processes.values()), us, frozenset(daemons))


def _line(process: Process, usage: Usage) -> list[Process]:
    """A process and its ancestors."""
    line: list[Process] = []
    found: Process | None = process
    while found is not None and found not in line:
        line.append(found)
        found = usage.processes.get(found.parent)
    return line


def others(home: Household, before: Usage, after: Usage, processors: int) -> float:
    """The share of all processor time between two moments, 0 to 1, that others took."""
    there_was_s = (after.at - before.at) * processors
    taken_s = max(0.0, home.others_s(after) - home.others_s(before)) + max(0.0, after.stolen_s - before.stolen_s)
    if there_was_s <= 0 or taken_s <= _RESOLUTION_S:
        return 0.0
    return min(1.0, taken_s / there_was_s)


def is_noisy(shares: Sequence[float]) -> bool:
    """Whether a cell, with others' shares during its runs, is to be marked."""
    return sum(share > DISTURBED for share in shares) > NOISY * len(shares)
