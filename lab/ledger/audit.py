"""The audit: what became of each write, computed from the journal alone. Pure, and linear in the journal.

After Jepsen's set checker: what was acknowledged has to be there, what may have happened may be there, and
nothing else. Stale is as in its set-full: a read that began after the acknowledgement did not see the write.
"""

import math
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache

from lab.ledger import journal
from lab.ledger.journal import Impossible, Record
from lab.ledger.records import LATEST_S, NODE_STATES, FaultNote, Header, Kind, Seen, Source, seen_in_answer
from lab.ledger.struck import FaultSeen, Struck
from lab.ledger.users import Failed, Failures, Users
from lab.ledger.writes import Outcome, What, outcome_of_answer


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


@dataclass
class Account:
    """What a journal tells. `header` is None where not even its first line is whole."""

    header: Header | None = None
    sorts: Counter[tuple[Sort, What]] = field(default_factory=Counter)
    attempted: int = 0
    acknowledged: int = 0
    foreign: int = 0
    errors: int = 0
    users: Users = field(default_factory=Users)
    statuses: Counter[int] = field(default_factory=Counter)
    faults: list[FaultSeen] = field(default_factory=list)
    first_acknowledged_s: dict[What, float] = field(default_factory=dict)
    unread: list[tuple[Source, What]] = field(default_factory=list)
    final_read_began_s: float | None = None
    latencies_s: list[float] = field(default_factory=list)
    is_whole: bool = False

    def count(self, sort: Sort, *whats: What) -> int:
        """How many writes are of this sort, of these kinds only where some are named."""
        return sum(self.sorts[sort, what] for what in whats or What)

    def latency_ms(self, share: float) -> float | None:
        """The latency, from when a request was due, that this share of all requests did not exceed."""
        if not self.latencies_s:
            return None
        return round(self.latencies_s[math.ceil(share * len(self.latencies_s)) - 1] * 1000, 1)


def audit(records: Iterable[Record], name: str = "the journal") -> Account:
    """What the records of one journal tell. Raises UsageError, with the line's number, for a record that cannot be."""
    books = _Books()
    for number, record in enumerate(records, 1):
        try:
            books.enter(record)
        except Impossible as wrong:
            raise journal.broken(name, number, str(wrong)) from wrong
        except (KeyError, TypeError, ValueError, IndexError, AttributeError) as wrong:
            what = "the record lacks what its kind has, or has what it cannot have"
            raise journal.broken(name, number, what) from wrong
    return books.close()


# Of the final reads that came to their end: the source's bit, and when it began.
_Reads = list[tuple[int, float]]


class _Write:
    """One write while the journal is read. `marks` has a bit for each source that showed it, and for what is wrong."""

    __slots__ = ("acked_s", "attempts", "done_s", "due_s", "marks", "missed_s", "sha", "strength", "what")

    def __init__(self, what: What, due_s: float, sha: str) -> None:
        self.what, self.due_s, self.sha = what, due_s, sha
        self.acked_s = self.done_s = self.missed_s = -1.0
        self.attempts = self.marks = self.strength = 0


class _Planned(dict[str, _Write]):
    """The planned writes by key."""

    def __missing__(self, key: str) -> _Write:
        raise Impossible(f"{key} was sent or read without being planned")


_BIT = {Source.BALANCER: 1, Source.STORE: 2}
_EVERYWHERE = sum(_BIT.values())
_ALTERED, _TWICE = 4, 8
_WHATS = {str(what): what for what in What}
# What a write is as a whole: acknowledged once is acknowledged, and one attempt in doubt leaves all in doubt.
_REFUSED, _INDETERMINATE, _ACKNOWLEDGED = 1, 2, 3
_FOUND = str(Seen.FOUND)
_YES = str(Outcome.ACKNOWLEDGED)
_STRENGTH = {
    Outcome.REFUSED: _REFUSED,
    Outcome.INDETERMINATE: _INDETERMINATE,
    Outcome.ACKNOWLEDGED: _ACKNOWLEDGED,
}


@cache
def _fits(what: What, status: int, outcome: str) -> bool:
    """Whether an answer, or none (0), says what was noted of it."""
    return outcome == outcome_of_answer(what, status) if status else outcome != Outcome.ACKNOWLEDGED


@cache
def _shows(what: What, status: int, seen: str) -> bool:
    """Whether the answer to a read, or none (0), shows what was noted of it."""
    return seen == seen_in_answer(what, status) if status else seen in (Seen.CUT, Seen.FAILED)


class _Books:
    """The writes of one run as its journal tells of them, record by record."""

    def __init__(self) -> None:
        self._account = Account()
        self._writes = _Planned()
        # How often more than once a source showed a write.
        self._repeats: Counter[tuple[str, int]] = Counter()
        self._strangers: set[tuple[What, str]] = set()
        self._unexpected: set[tuple[What, str]] = set()
        self._struck = Struck()
        self._failures = Failures()
        self._refusals: Counter[str] = Counter()
        # When each final read that came to its end began; None for one that did not.
        self._read: dict[tuple[Source, What], float | None] = {}
        self._run = ""
        self._enter = {
            Kind.RUN: self._begin,
            Kind.INTENTS: self._intents,
            Kind.ATTEMPTS: self._attempts,
            Kind.LOOKS: self._looks,
            Kind.FAULT: self._fault,
            Kind.NODE: self._node,
            Kind.FOUND: self._found,
            Kind.READ_BACK: self._read_back,
            Kind.END: self._end,
        }

    def enter(self, record: Record) -> None:
        self._enter[record["kind"]](record)

    def close(self) -> Account:
        account = self._account
        account.faults, account.foreign = self._struck.faults, len(self._strangers)
        account.unread = self._unread()
        self._mark_repeats()
        self._count([write for write in self._writes.values() if write.attempts])
        account.sorts.update(self._sorts())
        account.sorts.update((Sort.UNEXPECTED, what) for what, _ in self._unexpected)
        account.latencies_s.sort()
        self._failures.explain(account.users, account.faults, lambda key: self._writes[key].strength == _ACKNOWLEDGED)
        return account

    def _unread(self) -> list[tuple[Source, What]]:
        wanted = {write.what for write in self._writes.values()}
        return [(s, what) for s in Source for what in What if what in wanted and self._read.get((s, what)) is None]

    def _mark_repeats(self) -> None:
        for (key, _), more in self._repeats.items():
            write = self._writes[key]
            # Each attempt of a login that was not refused may have begun a session of its own, and rightly so.
            if write.what is not What.LOGIN or more >= write.attempts - self._refusals[key]:
                write.marks |= _TWICE

    def _reads_of(self, what: What) -> _Reads:
        reads = [(_BIT[source], self._read.get((source, what))) for source in Source]
        return [(bit, began_s) for bit, began_s in reads if began_s is not None]

    def _begin(self, record: Record) -> None:
        if self._account.header is not None:
            raise Impossible("a second run begins in it")
        self._account.header = Header.of(record)
        self._run = self._account.header.run

    def _intents(self, record: Record) -> None:
        writes, own = self._writes, f"{self._run}-"
        for what, key, due_s, sha in record["rows"]:
            if not key.startswith(own):
                raise Impossible(f"{key} is not of this run")
            if not 0 <= due_s <= LATEST_S:
                raise Impossible(f"{key} was due at a time that no run has")
            write = _Write(_WHATS[what], due_s, sha)
            if writes.setdefault(key, write) is not write:
                raise Impossible(f"{key} is planned twice")

    def _attempts(self, record: Record) -> None:
        writes, statuses = self._writes, self._account.statuses
        for key, outcome, sent_s, done_s, status, _, failure, altered in record["rows"]:
            write = writes[key]
            if not _fits(write.what, status, outcome):
                raise Impossible(f"{key} was answered {status or 'nothing'}, and is said to be {outcome}")
            # On a clock that never goes back; also no for what is no number.
            if not 0 <= sent_s <= done_s <= LATEST_S:
                raise Impossible(f"{key} was answered before it was sent, or after any run")
            statuses[status] += 1
            write.attempts += 1
            if done_s > write.done_s:
                write.done_s = done_s
            if outcome != _YES:
                self._not_acknowledged(write, Failed(key, float(sent_s), done_s), _STRENGTH[outcome], status, failure)
                continue
            write.strength = _ACKNOWLEDGED
            if altered:
                write.marks |= _ALTERED
            if not 0 <= write.acked_s <= done_s:
                write.acked_s = done_s

    def _not_acknowledged(self, write: _Write, failed: Failed, strength: int, status: int, failure: str) -> None:
        account = self._account
        self._failures.writes.append(failed)
        account.errors += bool(failure) or status >= 500
        write.strength = max(write.strength, strength)
        if strength == _REFUSED:
            self._refusals[failed.key] += 1
            account.users.writes_refused += status > 0

    def _looks(self, record: Record) -> None:
        account, users, writes = self._account, self._account.users, self._writes
        latencies_s, statuses = account.latencies_s, account.statuses
        users.reads += len(record["rows"])
        for key, due_s, sent_s, done_s, status, _, _, seen, sha in record["rows"]:
            write = writes[key]
            if not _shows(write.what, status, seen):
                raise Impossible(f"a read of {key} was answered {status or 'nothing'}, and is said to be {seen}")
            if not 0 <= sent_s <= done_s <= LATEST_S:
                raise Impossible(f"a read of {key} was answered before it was sent, or after any run")
            if not 0 <= due_s <= LATEST_S:
                raise Impossible(f"a read of {key} was due at a time that no run has")
            statuses[status] += 1
            latencies_s.append(done_s - due_s)
            if seen == _FOUND:
                if sha != write.sha:
                    write.marks |= _ALTERED
            elif seen == Seen.MISSING:
                write.missed_s = max(write.missed_s, sent_s)
            elif seen == Seen.FAILED:
                users.reads_failed += 1
                account.errors += 1
                self._failures.reads.append(Failed(key, float(sent_s), done_s))
            else:
                users.reads_cut += Seen(seen) is Seen.CUT
                account.errors += 1

    def _fault(self, record: Record) -> None:
        if self._account.header is not None:
            self._struck.note(FaultNote.of(record), self._account.header)

    def _node(self, record: Record) -> None:
        at_s, name, state = record["at_s"], record["name"], record["state"]
        if not 0 <= at_s <= LATEST_S or not isinstance(name, str) or state not in NODE_STATES:
            raise Impossible(f"a node {name!r} cannot be {state!r} at {at_s!r} s")

    def _found(self, record: Record) -> None:
        what, bit, own = _WHATS[record["what"]], _BIT[record["source"]], f"{self._run}-"
        if (Source(record["source"]), what) in self._read:
            raise Impossible(f"the final read of each {what} from the {record['source']} goes on after its end")
        find = self._writes.get
        for key, sha in record["rows"]:
            write = find(key)
            if write is None or write.what is not what:
                (self._unexpected if key.startswith(own) else self._strangers).add((what, key))
                continue
            if write.marks & bit:
                self._repeats[key, bit] += 1
            write.marks |= bit if sha == write.sha else bit | _ALTERED

    def _read_back(self, record: Record) -> None:
        read = Source(record["source"]), _WHATS[record["what"]]
        if read in self._read:
            raise Impossible(f"the final read of each {read[1]} from the {read[0]} is there twice")
        began_s, first_s = record["began_s"], self._account.final_read_began_s
        if not 0 <= began_s <= record["ended_s"] <= LATEST_S:
            raise Impossible(f"the final read of each {read[1]} from the {read[0]} ends before it begins, or too late")
        self._read[read] = began_s if record["complete"] is True else None
        self._account.final_read_began_s = began_s if first_s is None else min(first_s, began_s)

    def _end(self, _record: Record) -> None:
        self._account.is_whole = True

    def _count(self, attempted: list[_Write]) -> None:
        account, users = self._account, self._account.users
        acknowledged = [write for write in attempted if write.strength == _ACKNOWLEDGED]
        account.attempted, account.acknowledged = len(attempted), len(acknowledged)
        account.latencies_s += [write.done_s - write.due_s for write in attempted]
        users.writes_repeated = sum(write.attempts > 1 for write in attempted)
        users.repeats_acknowledged = sum(write.attempts > 1 for write in acknowledged)
        first_s = {what: min((w.acked_s for w in acknowledged if w.what is what), default=None) for what in What}
        account.first_acknowledged_s = {what: at_s for what, at_s in first_s.items() if at_s is not None}

    def _sorts(self) -> Iterator[tuple[Sort, What]]:
        """What became of each write; one that was planned and neither sent nor seen is of no sort."""
        reads = {what: self._reads_of(what) for what in What}
        for write in self._writes.values():
            # Where the journal stops early, it may lack the attempt; where it does not, there was none.
            if write.attempts or (write.marks & _EVERYWHERE and not self._account.is_whole):
                yield _sort(write, reads[write.what]), write.what
            elif write.marks & _EVERYWHERE:
                yield Sort.UNEXPECTED, write.what


def _whole(write: _Write, reads: _Reads) -> int:
    """A bit for each source that had to show the write: its read came to its end, and began after the answer."""
    return sum(bit for bit, began_s in reads if began_s >= write.acked_s)


def _sort(write: _Write, reads: _Reads) -> Sort:
    """What became of one write."""
    seen, is_acknowledged = write.marks & _EVERYWHERE, write.strength == _ACKNOWLEDGED
    whole = 0 if seen == _EVERYWHERE else _whole(write, reads)
    if is_acknowledged and whole & ~seen:
        return Sort.LOST  # also when only one of the two lacks it: it was promised to both
    if write.marks & _ALTERED:
        return Sort.CORRUPTED
    if write.marks & _TWICE:
        return Sort.DUPLICATED
    if write.strength == _REFUSED:
        return Sort.UNEXPECTED if seen else Sort.REFUSED
    if not seen:
        return Sort.ABSENT if whole else Sort.NEVER_READ
    if not is_acknowledged:
        return Sort.RECOVERED
    # Only a read that began after the acknowledgement had to see it.
    if write.missed_s > write.acked_s:
        return Sort.STALE
    return Sort.KEPT if seen == _EVERYWHERE else Sort.NEVER_READ
