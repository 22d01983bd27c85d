"""What visitors did: kept for the journal until it is flushed, and counted for a live table."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from lab.ledger import records
from lab.ledger.journal import Record
from lab.ledger.records import Attempt, Look, Seen
from lab.ledger.writes import Outcome, What

_LATEST = 1000


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
    """Filled by the visitors' thread; `tally` may be asked from any."""

    def __init__(self) -> None:
        self.late_s: deque[float] = deque(maxlen=100_000)
        self._attempts: list[Attempt] = []
        self._looks: list[Look] = []
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

    def end(self, latency_s: float) -> None:
        """A request ended, with all its repeats, so long after it was due."""
        self._latencies_s.append(latency_s)
        self.ended += 1

    def attempt(self, attempt: Attempt, what: What) -> None:
        """One attempt of a write of this kind ended."""
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

    def tally(self) -> Tally:
        """How far it is now."""
        latest = sorted(self._latencies_s.copy())
        p50, p99 = (round(latest[int(part * (len(latest) - 1))] * 1000, 1) if latest else None for part in (0.5, 0.99))
        return Tally(self._begun, self.ended, self._acknowledged, self._failures, p50, p99, self._worst_s, self._kinds)
