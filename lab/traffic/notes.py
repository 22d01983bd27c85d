"""What visitors did: kept for the journal until it is flushed, and counted for a live table."""

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from lab.ledger import records
from lab.ledger.journal import Record
from lab.ledger.records import Attempt, Look, Seen
from lab.ledger.writes import Outcome, What

_LATEST = 1000


class Went(StrEnum):
    """How a request went for its visitor. Failed: no good answer came, at least not at first."""

    ANSWERED = "answered"
    REFUSED = "refused"
    FAILED = "failed"


class Waiting(NamedTuple):
    """A write whose latest attempt was sent at a second of the run and has no answer yet."""

    what: What
    key: str
    sent_s: float


class Ended(NamedTuple):
    """A request that has ended with all its repeats, so long after it was due; `due_s` is since the plan's start."""

    due_s: float
    latency_s: float
    went: Went


def went(status: int, failure: str = "") -> Went:
    """How an attempt went that had this answer; 0 and what failed for none."""
    if failure or status >= 500 or not status:
        return Went.FAILED
    return Went.REFUSED if status >= 400 else Went.ANSWERED


@dataclass(frozen=True)
class Tally:
    """How far a run is. Latencies are of the latest requests; `late_s` is how late the generator itself ever was.

    `kinds` are the kinds of writes of which at least one was acknowledged.
    """

    begun: int
    ended: int
    acknowledged: int
    failures: int
    p50_ms: float | None
    p99_ms: float | None
    late_s: float
    kinds: frozenset[What] = frozenset()


class Notes:
    """Filled by the visitors' thread, where `hear` is told of each request that ends; `tally`, `waiting` and
    `in_doubt` may be asked from any."""

    def __init__(self, hear: Callable[[Ended], None] = lambda _: None) -> None:
        self._hear = hear
        self.late_s: deque[float] = deque(maxlen=100_000)
        self._attempts: list[Attempt] = []
        self._looks: list[Look] = []
        self._waiting: dict[str, Waiting] = {}
        self._in_doubt: deque[Waiting] = deque(maxlen=100_000)
        self._latencies_s: deque[float] = deque(maxlen=_LATEST)
        self.ended = 0
        self._worst_s = 0.0
        self._kinds: frozenset[What] = frozenset()
        self._begun = self._acknowledged = self._failures = 0

    def begin(self, late_s: float) -> None:
        """A request was begun, so long after it was due."""
        self.late_s.append(late_s)
        self._worst_s = max(self._worst_s, late_s)
        self._begun += 1

    def end(self, ended: Ended) -> None:
        """A request ended, with all its repeats."""
        self._latencies_s.append(ended.latency_s)
        self.ended += 1
        self._hear(ended)

    def work(self, how: Went) -> None:
        """Work ended, which leaves nothing to account for."""
        self._failures += how is Went.FAILED

    def send(self, write: Waiting) -> None:
        """One attempt of a write is about to be sent."""
        self._waiting[write.key] = write

    def attempt(self, attempt: Attempt, what: What) -> None:
        """One attempt of a write of this kind ended."""
        sent = self._waiting.get(attempt.key)
        if sent is not None and attempt.outcome is Outcome.INDETERMINATE:
            self._in_doubt.append(sent)
        # Last: whoever sees that it waits no more wants to know how it ended.
        self._waiting.pop(attempt.key, None)
        self._attempts.append(attempt)
        if attempt.outcome is Outcome.ACKNOWLEDGED:
            self._acknowledged += 1
            self._kinds |= {what}
        self._failures += bool(attempt.failure) or attempt.status >= 500

    def look(self, look: Look) -> None:
        """A read ended."""
        self._looks.append(look)
        self._failures += look.seen in (Seen.CUT, Seen.FAILED)

    def drain(self) -> Iterator[Record]:
        """What came since the last call, as records for the journal."""
        attempts, self._attempts = self._attempts, []
        looks, self._looks = self._looks, []
        if attempts:
            yield records.attempts(attempts)
        if looks:
            yield records.looks(looks)

    def waiting(self) -> frozenset[Waiting]:
        """The writes of which an attempt has no answer yet."""
        return frozenset(self._waiting.copy().values())

    def in_doubt(self) -> frozenset[Waiting]:
        """The latest attempts of writes that ended without a yes or a no, as they stood in `waiting` before."""
        return frozenset(self._in_doubt.copy())

    def tally(self) -> Tally:
        """How far it is now."""
        latest = sorted(self._latencies_s.copy())
        p50, p99 = (round(latest[int(part * (len(latest) - 1))] * 1000, 1) if latest else None for part in (0.5, 0.99))
        return Tally(self._begun, self.ended, self._acknowledged, self._failures, p50, p99, self._worst_s, self._kinds)
