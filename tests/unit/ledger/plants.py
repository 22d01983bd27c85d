"""What may be wrong with a history: each changes what is told of a run, and is given one of its writes."""

from collections.abc import Callable
from typing import Any

from lab.ledger import records
from lab.ledger.records import Kind, Source, Stage
from lab.ledger.writes import Outcome, What, digest
from tests.unit.ledger import histories
from tests.unit.ledger.histories import Past

Told = list[dict[str, Any]]
Plant = Callable[[Told, Past], None]


def remove(*sources: Source) -> Plant:
    """It is gone from these final reads."""

    def plant(told: Told, past: Past) -> None:
        for record in told:
            if record["kind"] == Kind.FOUND and record["source"] in sources:
                record["rows"] = [row for row in record["rows"] if row[0] != past.key]

    return plant


def found(source: Source, what: What, name: str, sha: str) -> Plant:
    """Something else is found as well."""

    def plant(told: Told, _past: Past) -> None:
        told.insert(first(told, Kind.READ_BACK), records.found(source, what, [(name, sha)]))

    return plant


def again(times: int) -> Plant:
    """The store has it so many times more."""

    def plant(told: Told, past: Past) -> None:
        for _ in range(times):
            found(Source.STORE, past.what, past.key, past.sha)(told, past)

    return plant


def once_too_often(told: Told, past: Past) -> None:
    """A login is there twice where its first attempt was in doubt, and rightly so; all else is there once."""
    chances = len(past.outcomes) - past.outcomes.count(Outcome.REFUSED)
    again(chances if past.what is What.LOGIN else 1)(told, past)


def another_content(told: Told, past: Past) -> None:
    """Users read another content in the end."""
    for record in told:
        if record["kind"] == Kind.FOUND and record["source"] == Source.BALANCER:
            record["rows"] = [(name, digest(b"x") if name == past.key else sha) for name, sha in record["rows"]]


def answered_another_content(told: Told, past: Past) -> None:
    """The answer spoke of another content."""
    for record in told:
        if record["kind"] == Kind.ATTEMPTS:
            record["rows"] = [row._replace(altered=row.key == past.key) for row in record["rows"]]


def missing_for_a_while(told: Told, past: Past) -> None:
    """A read after its acknowledgement did not see it."""
    look = histories.during(Past(past.what, past.number, past.outcomes, True, [False]))[-1]
    told.insert(first(told, Kind.FAULT), look)


def refused(told: Told, past: Past) -> None:
    """Its attempts were refused."""
    for record in told:
        if record["kind"] == Kind.ATTEMPTS:
            rows = record["rows"]
            record["rows"] = [r._replace(outcome=Outcome.REFUSED, status=422) if r.key == past.key else r for r in rows]


def never_sent(told: Told, past: Past) -> None:
    """It was planned, and never sent."""
    for record in told:
        if record["kind"] == Kind.ATTEMPTS:
            record["rows"] = [row for row in record["rows"] if row.key != past.key]


def first(told: Told, kind: Kind) -> int:
    """The place of the first record of a kind."""
    return next(number for number, record in enumerate(told) if record["kind"] == kind)


def is_note(record: dict[str, Any], number: int, stage: Stage) -> bool:
    """Whether a record is this stage of the fault of this number."""
    return record["kind"] == Kind.FAULT and (record["number"], record["stage"]) == (number, stage)


def note(told: Told, number: int, stage: Stage) -> int:
    """The place of a fault's note."""
    return next(place for place, record in enumerate(told) if is_note(record, number, stage))
