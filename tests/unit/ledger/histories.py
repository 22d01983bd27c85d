"""Histories of runs for the audit: what a correct site may do, and ways in which a wrong one differs."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import product
from typing import Any

from hypothesis import strategies as st

from lab.ledger import journal, records
from lab.ledger.records import Attempt, FaultNote, Header, Intent, Look, Seen, Source, Stage
from lab.ledger.sorts import Sort
from lab.ledger.writes import Outcome, What, digest, key

RUN = "r1"
READ_S, END_S = 100.0, 120.0
PLANNED = ("kill", "kill")


@dataclass
class Past:
    """One write: how each attempt ended, and whether it is there at the end."""

    what: What
    number: int
    outcomes: list[Outcome]
    is_there: bool
    looked: list[bool] = field(default_factory=list)
    """Reads after its last attempt, each with whether the write was seen."""

    @property
    def key(self) -> str:
        return key(RUN, self.number % 3, self.number)

    @property
    def sha(self) -> str:
        return digest(self.key.encode())

    @property
    def sort(self) -> Sort:
        """What the audit has to say of it, on a correct site."""
        if Outcome.ACKNOWLEDGED in self.outcomes:
            return Sort.KEPT
        if Outcome.INDETERMINATE in self.outcomes:
            return Sort.RECOVERED if self.is_there else Sort.ABSENT
        return Sort.REFUSED


def _pasts() -> Iterator[Past]:
    """Each way in which a write can go on a correct site: attempts in doubt are repeated, an answer ends it."""
    for what, doubts, last in product(What, range(3), Outcome):
        outcomes = [Outcome.INDETERMINATE] * doubts + [last]
        if last is Outcome.ACKNOWLEDGED:
            yield from (Past(what, 0, outcomes, True, [True] * looks) for looks in range(3))
        else:
            yield Past(what, 0, outcomes, False)
            if Outcome.INDETERMINATE in outcomes:
                yield Past(what, 0, outcomes, True)


_PASTS = [*_pasts()]


def clean() -> st.SearchStrategy[list[Past]]:
    """Correct histories, in which each kind is acknowledged before the first fault."""
    return st.lists(st.sampled_from(_PASTS), max_size=12).map(
        lambda pasts: [*one_of_each(), *(replace(past, number=n) for n, past in enumerate(pasts, len(What)))]
    )


def one_of_each() -> list[Past]:
    """A write of each kind, acknowledged at once."""
    return [Past(what, number, [Outcome.ACKNOWLEDGED], True) for number, what in enumerate(What)]


ONE_OF_EACH = one_of_each()


def header(**changed: Any) -> Header:
    values: dict[str, Any] = {
        "run": RUN,
        "lab": "lab",
        "substrate": "one",
        "mode": "stateless",
        "accelerator": None,
        "seed": 7,
        "rate": 10.0,
        "duration_s": 10.0,
        "began_at": 1.0,
        "planned": PLANNED,
        "targets": tuple(f"worker-{number}" for number in range(len(PLANNED))),
        "worker_connections": 2,
    }
    return Header(**values | changed)


_FAULTS = [
    FaultNote(number, stage, 2.0 + number, "kill", f"worker-{number}", ("worker",)).record()
    for number in range(len(PLANNED))
    for stage in Stage
]


def faults() -> list[dict[str, Any]]:
    return [{**record} for record in _FAULTS]


def during(past: Past) -> list[dict[str, Any]]:
    """The records of one write while the run goes on."""
    due_s = past.number / 10
    rows = [
        Attempt(
            past.key, outcome, due_s + i, due_s + i + 0.5, _status(past, outcome), "worker-1", _failure(outcome), False
        )
        for i, outcome in enumerate(past.outcomes)
    ]
    after_s = due_s + len(rows) + 1
    looks = [
        Look(past.key, after_s, after_s, after_s + 0.1, _answer(past, seen), "worker-2", "", *_seen(past, seen))
        for seen in past.looked
    ]
    told = [records.intents([Intent(past.what, past.key, due_s, past.sha)]), records.attempts(rows)]
    return [*told, records.looks(looks)] if looks else told


def read_back(there: Iterable[tuple[What, str, str]], source: Source) -> list[dict[str, Any]]:
    """A whole final read from one source, in pages of two."""
    told: list[dict[str, Any]] = []
    for what in What:
        rows = [(name, sha) for kind, name, sha in there if kind is what]
        told += [records.found(source, what, rows[i : i + 2]) for i in range(0, len(rows), 2)]
        told.append(records.read_back(source, what, READ_S, READ_S + 1, complete=True))
    return told


def there(history: Iterable[Past]) -> list[tuple[What, str, str]]:
    """What a correct site has at the end, with what somebody else wrote."""
    return [(p.what, p.key, p.sha) for p in history if p.is_there] + [(What.ENTRY, "other-1-1", digest(b"other"))]


def told(history: list[Past]) -> list[dict[str, Any]]:
    """The whole journal of a run on a correct site."""
    records_ = [header().record()]
    for past in history:
        records_ += during(past)
    final = [record for source in Source for record in read_back(there(history), source)]
    return [*records_, *faults(), *final, records.end(END_S)]


def lines(told_: Iterable[dict[str, Any]]) -> list[bytes]:
    """The journal as it is on disk."""
    chain, made = journal.START, []
    for record in told_:
        line, chain = journal.seal(record, chain)
        made.append(line)
    return made


def _status(past: Past, outcome: Outcome) -> int:
    done = 200 if past.what is What.LOGIN else 201
    return {Outcome.ACKNOWLEDGED: done, Outcome.REFUSED: 422, Outcome.INDETERMINATE: 0}[outcome]


def _answer(past: Past, seen: bool) -> int:
    return 200 if seen else 401 if past.what is What.LOGIN else 404


def _failure(outcome: Outcome) -> str:
    return "timed out" if outcome is Outcome.INDETERMINATE else ""


def _seen(past: Past, seen: bool) -> tuple[Seen, str]:
    return (Seen.FOUND, past.sha) if seen else (Seen.MISSING, "")
