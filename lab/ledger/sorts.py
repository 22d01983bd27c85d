"""What becomes of a write: the sorts, and the rule that tells them apart. Pure."""

from enum import StrEnum
from typing import NamedTuple

from lab.ledger.records import Source
from lab.ledger.writes import Outcome, What


class Sort(StrEnum):
    """What became of a write. Each write of the run is of one sort."""

    KEPT = "kept"
    LOST = "lost"
    RECOVERED = "recovered"
    ABSENT = "absent"
    DUPLICATED = "duplicated"
    CORRUPTED = "corrupted"
    UNEXPECTED = "unexpected"
    STALE = "stale"
    NEVER_READ = "never_read"
    REFUSED = "refused"


# The bits of a write's marks: one for each source that showed it, and one for each thing that is wrong with it.
BIT = {Source.BALANCER: 1, Source.STORE: 2}
EVERYWHERE = sum(BIT.values())
ALTERED, TWICE = 4, 8
# What a write is as a whole: acknowledged once is acknowledged, and one attempt in doubt leaves all in doubt.
REFUSED, INDETERMINATE, ACKNOWLEDGED = 1, 2, 3
STRENGTH = {
    Outcome.REFUSED: REFUSED,
    Outcome.INDETERMINATE: INDETERMINATE,
    Outcome.ACKNOWLEDGED: ACKNOWLEDGED,
}


class State(NamedTuple):
    """What is known of a write at the end.

    `strength` is 0 where there was no attempt. `whole` has the bit of each source that had to show it: whose final read
    came to its end, and began after the answer. `is_stale`: a read that began after the acknowledgement missed it.
    """

    what: What
    strength: int
    marks: int
    whole: int
    is_stale: bool


def sort_of(write: State, *, is_whole: bool) -> Sort | None:
    """What became of a write; None for one that was planned and neither sent nor seen.

    `is_whole` is whether the journal has its end: where it stops early, it may lack the attempt.
    """
    seen = write.marks & EVERYWHERE
    if not write.strength and not seen:
        return None
    if not write.strength and is_whole:
        return Sort.UNEXPECTED
    if write.strength == ACKNOWLEDGED and write.whole & ~seen:
        return Sort.LOST  # also when only one of the two lacks it: it was promised to both
    if write.marks & ALTERED:
        return Sort.CORRUPTED
    if write.marks & TWICE:
        return Sort.DUPLICATED
    return _sort_unharmed(write, seen)


def _sort_unharmed(write: State, seen: int) -> Sort:
    if write.strength == REFUSED:
        return Sort.UNEXPECTED if seen else Sort.REFUSED
    if not seen:
        return Sort.ABSENT if write.whole else Sort.NEVER_READ
    if write.strength != ACKNOWLEDGED:
        return Sort.RECOVERED
    if write.is_stale:
        return Sort.STALE
    return Sort.KEPT if seen == EVERYWHERE else Sort.NEVER_READ
