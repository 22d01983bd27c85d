"""What users noticed, and how much of it a worker's death explains. Pure."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from lab.ledger.struck import FaultSeen

KILL = "kill"


class Failed(NamedTuple):
    """A request that got no good answer."""

    key: str
    sent_s: float
    done_s: float


@dataclass
class Users:
    """What users noticed. A repeated write is one that needed more than one attempt.

    `most_at_a_kill` is how many attempts to write failed at one kill, at most: sent before that worker was seen to
    be gone. `kept_out` counts the writes among these that no repeat brought in. What is `apart` failed at no fault at
    all; a read also at a kill.
    """

    reads: int = 0
    reads_failed: int = 0
    reads_cut: int = 0
    reads_apart: int = 0
    writes_refused: int = 0
    writes_repeated: int = 0
    repeats_acknowledged: int = 0
    writes_apart: int = 0
    most_at_a_kill: int = 0
    kept_out: int = 0


class Failures:
    """The failed requests of a run."""

    def __init__(self) -> None:
        self.writes: list[Failed] = []
        self.reads: list[Failed] = []

    def explain(self, users: Users, faults: Sequence[FaultSeen], is_acknowledged: Callable[[str], bool]) -> None:
        """Notes what the faults, in the order of their times, explain of it."""
        ends_s = [_end_s(fault) for fault in faults]
        at_kills = Counter[int]()
        kept_out = set[str]()
        for failed in self.writes:
            number = _during(failed, faults, ends_s)
            users.writes_apart += number is None
            if number is not None and faults[number].name == KILL:
                at_kills[number] += 1
                kept_out |= set() if is_acknowledged(failed.key) else {failed.key}
        users.most_at_a_kill, users.kept_out = max(at_kills.values(), default=0), len(kept_out)
        found = (_during(failed, faults, ends_s) for failed in self.reads)
        users.reads_apart = sum(number is None or faults[number].name == KILL for number in found)


def _end_s(fault: FaultSeen) -> float:
    """Until when a request that is sent may be struck by it: no longer than until the worker is seen to be gone."""
    seen_s = fault.verified_s if fault.name == KILL and fault.verified else fault.healed_s
    return float("inf") if seen_s is None else seen_s


def _during(failed: Failed, faults: Sequence[FaultSeen], ends_s: Sequence[float]) -> int | None:
    """The number of the first fault that was on while the request was."""
    number = bisect_left(ends_s, failed.sent_s)
    return number if number < len(faults) and faults[number].at_s <= failed.done_s else None
