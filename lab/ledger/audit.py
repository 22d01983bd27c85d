"""The audit: what became of each write, computed from the journal alone. Pure, and linear in the journal.

After Jepsen's set checker: what was acknowledged has to be there, what may have happened may be there, and
nothing else. Stale is as in its set-full: a read that began after the acknowledgement did not see the write.
"""

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache

from lab.ledger import journal
from lab.ledger.columns import CODE, WHATS, Columns
from lab.ledger.journal import Impossible, Record
from lab.ledger.records import LATEST_S, NODE_STATES, FaultNote, Header, Kind, Seen, Source, seen_in_answer
from lab.ledger.sorts import ACKNOWLEDGED, ALTERED, BIT, REFUSED, STRENGTH, TWICE, Sort
from lab.ledger.struck import FaultSeen, Struck
from lab.ledger.users import Failed, Failures, Users
from lab.ledger.writes import DONE, Outcome, What, outcome_of_answer


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


_FOUND = str(Seen.FOUND)
_YES = str(Outcome.ACKNOWLEDGED)
# By the code of what was written.
_DONE = tuple(DONE[what] for what in WHATS)


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
        self._writes = Columns()
        # How often more than once a source showed a write.
        self._repeats: Counter[tuple[int, int]] = Counter()
        self._strangers: set[tuple[What, str]] = set()
        self._unexpected: set[tuple[What, str]] = set()
        self._struck = Struck()
        self._failures = Failures()
        self._refusals: Counter[int] = Counter()
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
        account, writes = self._account, self._writes
        account.faults, account.foreign = self._struck.faults, len(self._strangers)
        account.unread = self._unread()
        self._mark_repeats()
        account.attempted, account.acknowledged = writes.attempted(), writes.acknowledged()
        account.users.writes_repeated, account.users.repeats_acknowledged = writes.repeated()
        account.first_acknowledged_s = writes.first_acknowledged_s()
        account.sorts = writes.sorts(self._read, is_whole=account.is_whole)
        account.sorts.update((Sort.UNEXPECTED, what) for what, _ in self._unexpected)
        account.latencies_s = sorted(account.latencies_s + writes.latencies_s())
        strength, number = writes.strength, writes.number
        self._failures.explain(account.users, account.faults, lambda key: strength[number[key]] == ACKNOWLEDGED)
        return account

    def _unread(self) -> list[tuple[Source, What]]:
        wanted = self._writes.whats()
        return [(s, what) for s in Source for what in What if what in wanted and self._read.get((s, what)) is None]

    def _mark_repeats(self) -> None:
        writes = self._writes
        for (number, _), more in self._repeats.items():
            # Each attempt of a login that was not refused may have begun a session of its own, and rightly so.
            is_login = writes.what[number] == CODE[What.LOGIN]
            if not is_login or more >= writes.attempts[number] - self._refusals[number]:
                writes.marks[number] |= TWICE

    def _begin(self, record: Record) -> None:
        if self._account.header is not None:
            raise Impossible("a second run begins in it")
        self._account.header = Header.of(record)
        self._run = self._account.header.run

    def _intents(self, record: Record) -> None:
        self._writes.plan(record["rows"], f"{self._run}-")

    def _attempts(self, record: Record) -> None:
        writes, rows = self._writes, record["rows"]
        whats, done_at, acked_at = writes.what, writes.done_s, writes.acked_s
        self._account.statuses.update([row[4] for row in rows])
        for key, outcome, sent_s, done_s, status, _, failure, altered in rows:
            number = writes.number[key]
            what = whats[number]
            fits = status == _DONE[what] if outcome == _YES else _fits(WHATS[what], status, outcome)
            if not fits:
                raise Impossible(f"{key} was answered {status or 'nothing'}, and is said to be {outcome}")
            # On a clock that never goes back; also no for what is no number.
            if not 0 <= sent_s <= done_s <= LATEST_S:
                raise Impossible(f"{key} was answered before it was sent, or after any run")
            writes.attempts[number] += 1
            if done_s > done_at[number]:
                done_at[number] = done_s
            if outcome != _YES:
                self._not_acknowledged(number, Failed(key, float(sent_s), done_s), STRENGTH[outcome], status, failure)
                continue
            writes.strength[number] = ACKNOWLEDGED
            if altered:
                writes.marks[number] |= ALTERED
            if not 0 <= acked_at[number] <= done_s:
                acked_at[number] = done_s

    def _not_acknowledged(self, number: int, failed: Failed, strength: int, status: int, failure: str) -> None:
        account, strengths = self._account, self._writes.strength
        self._failures.writes.append(failed)
        account.errors += bool(failure) or status >= 500
        strengths[number] = max(strengths[number], strength)
        if strength == REFUSED:
            self._refusals[number] += 1
            account.users.writes_refused += status > 0

    def _looks(self, record: Record) -> None:
        account, users, writes, rows = self._account, self._account.users, self._writes, record["rows"]
        users.reads += len(rows)
        account.statuses.update([row[4] for row in rows])
        for key, due_s, sent_s, done_s, status, _, _, seen, sha in rows:
            number = writes.number[key]
            if not _shows(WHATS[writes.what[number]], status, seen):
                raise Impossible(f"a read of {key} was answered {status or 'nothing'}, and is said to be {seen}")
            if not 0 <= sent_s <= done_s <= LATEST_S:
                raise Impossible(f"a read of {key} was answered before it was sent, or after any run")
            if not 0 <= due_s <= LATEST_S:
                raise Impossible(f"a read of {key} was due at a time that no run has")
            if seen == _FOUND:
                if sha != writes.sha[number]:
                    writes.marks[number] |= ALTERED
            elif seen == Seen.MISSING:
                writes.missed_s[number] = max(writes.missed_s[number], sent_s)
            elif seen == Seen.FAILED:
                users.reads_failed += 1
                account.errors += 1
                self._failures.reads.append(Failed(key, float(sent_s), done_s))
            else:
                users.reads_cut += Seen(seen) is Seen.CUT
                account.errors += 1
        account.latencies_s += [row[3] - row[1] for row in rows]

    def _fault(self, record: Record) -> None:
        if self._account.header is not None:
            self._struck.note(FaultNote.of(record), self._account.header)

    def _node(self, record: Record) -> None:
        at_s, name, state = record["at_s"], record["name"], record["state"]
        if not 0 <= at_s <= LATEST_S or not isinstance(name, str) or state not in NODE_STATES:
            raise Impossible(f"a node {name!r} cannot be {state!r} at {at_s!r} s")

    def _found(self, record: Record) -> None:
        what, bit, own = What(record["what"]), BIT[record["source"]], f"{self._run}-"
        if (Source(record["source"]), what) in self._read:
            raise Impossible(f"the final read of each {what} from the {record['source']} goes on after its end")
        writes, find, code = self._writes, self._writes.number.get, CODE[what]
        whats, marks, shas = writes.what, writes.marks, writes.sha
        for key, sha in record["rows"]:
            number = find(key)
            if number is None or whats[number] != code:
                (self._unexpected if key.startswith(own) else self._strangers).add((what, key))
                continue
            if marks[number] & bit:
                self._repeats[number, bit] += 1
            marks[number] |= bit if sha == shas[number] else bit | ALTERED

    def _read_back(self, record: Record) -> None:
        read = Source(record["source"]), What(record["what"])
        if read in self._read:
            raise Impossible(f"the final read of each {read[1]} from the {read[0]} is there twice")
        began_s, first_s = record["began_s"], self._account.final_read_began_s
        if not 0 <= began_s <= record["ended_s"] <= LATEST_S:
            raise Impossible(f"the final read of each {read[1]} from the {read[0]} ends before it begins, or too late")
        self._read[read] = began_s if record["complete"] is True else None
        self._account.final_read_began_s = began_s if first_s is None else min(first_s, began_s)

    def _end(self, _record: Record) -> None:
        self._account.is_whole = True
