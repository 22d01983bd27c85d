"""The planned writes of a run while its journal is read: a column for each thing that is known of them.

A million objects lie all over the memory, and the processor waits for each; columns lie together, and what is asked of
all writes at once is asked of a column.
"""

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from lab.ledger.journal import Impossible
from lab.ledger.records import LATEST_S, Source
from lab.ledger.sorts import ACKNOWLEDGED, BIT, Sort, State, sort_of
from lab.ledger.writes import What

WHATS = tuple(What)
CODE = {str(what): code for code, what in enumerate(WHATS)}
Reads = Mapping[tuple[Source, What], float | None]
"""When each final read began; None for one that did not come to its end."""


class _Numbers(dict[str, int]):
    """The number of each planned write by its key."""

    def __missing__(self, key: str) -> int:
        raise Impossible(f"{key} was sent or read without being planned")


class Columns:
    """What is known of each write, by its number. A time is -1 as long as there is none."""

    def __init__(self) -> None:
        self.number = _Numbers()
        self.sha: list[str] = []
        self.attempts: list[int] = []
        self.what, self.strength, self.marks = bytearray(), bytearray(), bytearray()
        self.due_s, self.done_s, self.acked_s, self.missed_s = (list[float]() for _ in range(4))

    def plan(self, rows: Sequence[tuple[str, str, float, str]], owner: str) -> None:
        """Takes up intents. Raises Impossible for one that no run of this owner could have had."""
        number, numbers = len(self.number), self.number
        for _, key, due_s, _ in rows:
            if not key.startswith(owner):
                raise Impossible(f"{key} is not of this run")
            if not 0 <= due_s <= LATEST_S:
                raise Impossible(f"{key} was due at a time that no run has")
            if numbers.setdefault(key, number) != number:
                raise Impossible(f"{key} is planned twice")
            number += 1
        self.what.extend([CODE[row[0]] for row in rows])
        self.due_s.extend([row[2] for row in rows])
        self.sha += [row[3] for row in rows]
        nothing, never_s = [0] * len(rows), [-1.0] * len(rows)
        for counts in (self.strength, self.marks, self.attempts):
            counts.extend(nothing)
        for times_s in (self.done_s, self.acked_s, self.missed_s):
            times_s += never_s

    def whats(self) -> set[What]:
        """The kinds of which writes were planned."""
        return {WHATS[code] for code in set(self.what)}

    def attempted(self) -> int:
        """How many were sent at all."""
        return int(np.count_nonzero(_ints(self.strength)))

    def acknowledged(self) -> int:
        """How many were acknowledged."""
        return int(np.count_nonzero(self._are_acknowledged()))

    def repeated(self) -> tuple[int, int]:
        """How many needed more than one attempt, and how many of these were acknowledged."""
        are_repeated = np.array(self.attempts) > 1
        return int(np.count_nonzero(are_repeated)), int(np.count_nonzero(are_repeated & self._are_acknowledged()))

    def latencies_s(self) -> list[float]:
        """Of each that was sent, from when it was due to its last answer."""
        sent = _ints(self.strength) > 0
        latencies: list[float] = (_floats(self.done_s) - _floats(self.due_s))[sent].tolist()
        return latencies

    def first_acknowledged_s(self) -> dict[What, float]:
        """When the first of each kind was, where one was."""
        acked_s, what = _floats(self.acked_s), _ints(self.what)
        of_kind = {each: acked_s[self._are_acknowledged() & (what == CODE[each])] for each in What}
        return {each: float(times_s.min()) for each, times_s in of_kind.items() if times_s.size}

    def sorts(self, reads: Reads, *, is_whole: bool) -> Counter[tuple[Sort, What]]:
        """How many writes became what: the rule is asked once for each state in which any of them are."""
        what, strength, marks = _ints(self.what), _ints(self.strength), _ints(self.marks)
        whole, are_stale = self._whole(reads), _floats(self.missed_s) > _floats(self.acked_s)
        states = what + (strength << 2) + (marks << 4) + (whole << 8) + (are_stale.astype(np.int16) << 10)
        _, firsts, counts = np.unique(states, return_index=True, return_counts=True)
        found = Counter[tuple[Sort, What]]()
        for at, count in zip(firsts.tolist(), counts.tolist(), strict=True):
            state = State(WHATS[what[at]], int(strength[at]), int(marks[at]), int(whole[at]), bool(are_stale[at]))
            if (sort := sort_of(state, is_whole=is_whole)) is not None:
                found[sort, state.what] += count
        return found

    def _whole(self, reads: Reads) -> NDArray[np.int16]:
        """Of each, a bit for each source that had to show it."""
        what, acked_s = _ints(self.what), _floats(self.acked_s)
        whole = np.zeros(len(what), np.int16)
        for (source, kind), began_s in reads.items():
            if began_s is not None:
                whole[(what == CODE[kind]) & (began_s >= acked_s)] |= BIT[source]
        return whole

    def _are_acknowledged(self) -> NDArray[np.bool_]:
        are_acknowledged: NDArray[np.bool_] = _ints(self.strength) == ACKNOWLEDGED
        return are_acknowledged


def _ints(column: bytearray) -> NDArray[np.int16]:
    """Wide enough for all bits of a state."""
    return np.frombuffer(column, np.uint8).astype(np.int16)


def _floats(column: list[float]) -> NDArray[np.float64]:
    return np.array(column, np.float64)
