"""A record that contradicts an earlier one, or itself, is refused with its line."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.ledger import records, report
from lab.ledger.audit import Account, audit
from lab.ledger.plan import LONGEST_S
from lab.ledger.records import Kind, Stage
from lab.ledger.writes import Outcome, What, outcome_of_answer
from lab.model.errors import UsageError
from tests.unit.ledger import histories, plants
from tests.unit.ledger.histories import ONE_OF_EACH, Past
from tests.unit.ledger.plants import Told


def _renamed(told: Told, number: int, *stages: Stage, **changed: object) -> None:
    for stage in stages:
        told[plants.note(told, number, stage)] |= changed


def _answered(told: Told, status: int, outcome: Outcome) -> None:
    """The first attempt, which is of an entry."""
    rows = told[plants.first(told, Kind.ATTEMPTS)]["rows"]
    rows[0] = rows[0]._replace(status=status, outcome=outcome)


def _first(told: Told, kind: Kind, **changed: object) -> None:
    """The first row of the first record of a kind is another one, or, of a kind without rows, the record."""
    record = told[plants.first(told, kind)]
    if "rows" in record:
        record["rows"][0] = record["rows"][0]._replace(**changed)
    else:
        record |= changed


def _looked(told: Told, **changed: object) -> None:
    """A read of the first write, which was there, is noted otherwise."""
    told.insert(3, histories.during(replace(ONE_OF_EACH[0], looked=[True]))[-1])
    _first(told, Kind.LOOKS, **changed)


def _noted(told: Told, **changed: object) -> None:
    """A node is noted as it cannot be."""
    told.insert(1, records.node(1.0, "worker-1", "ready") | changed)


NAN = float("nan")
IMPOSSIBLE: dict[str, Callable[[Told], object]] = {
    "planned twice": lambda told: told.insert(2, told[1]),
    "not of this run": lambda told: told.insert(2, records.intents([records.Intent(What.FILE, "r2-1-1", 0.0, "")])),
    "was sent or read without being planned": lambda told: told.pop(1),
    "a second run": lambda told: told.insert(1, told[0]),
    "begins out of turn": lambda told: told.insert(
        plants.note(told, 0, Stage.HEALED), told[plants.note(told, 1, Stage.BEGUN)]
    ),
    "begins out of turn ": lambda told: told.insert(
        plants.note(told, 1, Stage.HEALED) + 1, told[plants.note(told, 1, Stage.BEGUN)]
    ),
    "is not what was planned": lambda told: _renamed(told, 0, *Stage, name="pause"),
    "is not what was planned ": lambda told: _renamed(told, 1, *Stage, target="worker-9"),
    "is verified, and had not begun": lambda told: _renamed(told, 0, Stage.VERIFIED, Stage.HEALED, name="pause"),
    "is verified, and had not begun ": lambda told: told.pop(plants.note(told, 0, Stage.BEGUN)),
    "is healed, and had not begun": lambda told: _renamed(told, 0, Stage.HEALED, target="worker-1"),
    "is verified out of turn": lambda told: told.insert(
        plants.note(told, 0, Stage.HEALED), told.pop(plants.note(told, 0, Stage.VERIFIED))
    ),
    "is noted at a time before": lambda told: _renamed(told, 0, Stage.VERIFIED, at_s=1.0),
    "answered 201, and is said to be refused": lambda told: _answered(told, 201, Outcome.REFUSED),
    "answered 201, and is said to be indeterminate": lambda told: _answered(told, 201, Outcome.INDETERMINATE),
    "answered 503, and is said to be refused": lambda told: _answered(told, 503, Outcome.REFUSED),
    "answered 422, and is said to be acknowledged": lambda told: _answered(told, 422, Outcome.ACKNOWLEDGED),
    "answered nothing, and is said to be acknowledged": lambda told: _answered(told, 0, Outcome.ACKNOWLEDGED),
    "r1-0-0 was answered before it was sent": lambda told: _first(told, Kind.ATTEMPTS, done_s=-0.1),
    "r1-0-0 was answered before it was sent ": lambda told: _first(told, Kind.ATTEMPTS, done_s=NAN),
    "a read of r1-0-0 was answered 404, and is said to be found": lambda told: _looked(told, status=404),
    "a read of r1-0-0 was answered 404, and is said to be failed": lambda told: _looked(
        told, status=404, seen="failed"
    ),
    "a read of r1-0-0 was answered 200, and is said to be missing": lambda told: _looked(told, seen="missing"),
    "a read of r1-0-0 was answered 401, and is said to be missing": lambda told: _looked(
        told, status=401, seen="missing"
    ),
    "a read of r1-0-0 was answered nothing, and is said to be missing": lambda told: _looked(
        told, status=0, seen="missing"
    ),
    "a read of r1-0-0 was answered 503, and is said to be cut": lambda told: _looked(told, status=503, seen="cut"),
    "a read of r1-0-0 was answered before it was sent": lambda told: _looked(told, sent_s=9.0),
    "from the balancer ends before it begins": lambda told: _first(told, Kind.READ_BACK, ended_s=1.0),
    "from the balancer ends before it begins ": lambda told: _first(told, Kind.READ_BACK, began_s=NAN),
    "from the balancer goes on after its end": lambda told: told.insert(
        plants.first(told, Kind.READ_BACK), told.pop(plants.first(told, Kind.FOUND))
    ),
    "is noted at a time before ": lambda told: _renamed(told, 0, Stage.VERIFIED, at_s=NAN),
    "a node .worker-1. cannot be .asleep.": lambda told: _noted(told, state="asleep"),
    "a node .worker-1. cannot be .ready. at -0.1 s": lambda told: _noted(told, at_s=-0.1),
    "a node .worker-1. cannot be .ready. at nan s": lambda told: _noted(told, at_s=NAN),
    "a node .worker-1. cannot be .ready. at inf s": lambda told: _noted(told, at_s=float("inf")),
    "a node 7 cannot be": lambda told: _noted(told, name=7),
    "lacks what its kind has": lambda told: told.insert(2, {"kind": Kind.ATTEMPTS}),
    "lacks what its kind has ": lambda told: told.insert(2, {"kind": Kind.NODE, "at_s": 1.0, "state": "ready"}),
    "lacks what its kind has  ": lambda told: _noted(told, at_s="1"),
}


@given(history=histories.clean(), data=st.data())
def test_an_answer_that_says_another_outcome_is_found_in_any_history(history: list[Past], data: st.DataObject) -> None:
    told = histories.told(history)
    past = data.draw(st.sampled_from(history))
    record = next(r for r in told if r["kind"] == Kind.ATTEMPTS and r["rows"][0].key == past.key)
    number = data.draw(st.integers(0, len(record["rows"]) - 1))
    row, status = record["rows"][number], data.draw(st.sampled_from([200, 201, 408, 409, 422, 500, 503]))
    outcome = data.draw(st.sampled_from([o for o in Outcome if o is not outcome_of_answer(past.what, status)]))
    record["rows"][number] = row._replace(status=status, outcome=outcome)
    with pytest.raises(UsageError, match=f"answered {status}, and is said to be {outcome}"):
        audit(told)


@given(history=histories.clean(), data=st.data())
def test_a_note_of_another_fault_is_found_in_any_history(history: list[Past], data: st.DataObject) -> None:
    told = histories.told(history)
    note = data.draw(st.sampled_from([record for record in told if record["kind"] == Kind.FAULT]))
    note |= data.draw(st.sampled_from([{"name": "pause"}, {"target": "worker-7"}, {"number": 7}, {"at_s": -1.0}]))
    with pytest.raises(UsageError, match="the journal is broken: fault "):
        audit(told)


def _places(value: object, here: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where something stands in a record, at any depth."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, part in inner:
        yield (*here, name)
        yield from _places(part, (*here, name))


@given(history=histories.clean(), data=st.data())
def test_a_value_of_another_type_is_refused_with_its_line_or_does_no_harm(
    history: list[Past], data: st.DataObject
) -> None:
    told = json.loads(json.dumps(histories.told(history)))
    number = data.draw(st.integers(0, len(told) - 1))
    *path, last = data.draw(st.sampled_from([place for place in _places(told[number]) if place != ("kind",)]))
    within = told[number]
    for name in path:
        within = within[name]
    within[last] = data.draw(st.sampled_from([None, "x", [], {}, -1, True, float("inf")]))
    account, where = Account(), "j.jsonl, line"
    try:
        account = audit(told, "j.jsonl")
    except UsageError as refused:
        where = refused.where
    assert where.startswith("j.jsonl, line")
    assert all((report.as_json(account), report.users_view(account), report.limits(account)))


@pytest.mark.parametrize("words", IMPOSSIBLE)
def test_a_record_that_cannot_be_is_refused_with_its_line(words: str) -> None:
    told = histories.told(ONE_OF_EACH)
    IMPOSSIBLE[words](told)
    with pytest.raises(UsageError, match=words.strip()) as refused:
        audit(told, "j.jsonl")
    assert refused.value.where.startswith("j.jsonl, line ")


def _timed() -> Told:
    """A journal with each kind of record, as it is read from a disk: its rows are lists."""
    history = [replace(past, looked=[True]) for past in ONE_OF_EACH]
    told = histories.told(history)
    told.insert(1, records.node(1.0, "worker-1", "ready"))
    return json.loads(json.dumps(told))  # type: ignore[no-any-return]


# Each time of a journal, and its rate: the kind of record, and where in it, or in its first row, it stands.
TIMES: list[tuple[Kind, str | int]] = [
    (Kind.RUN, "rate"),
    (Kind.RUN, "duration_s"),
    (Kind.RUN, "began_at"),
    (Kind.INTENTS, 2),
    (Kind.ATTEMPTS, 2),
    (Kind.ATTEMPTS, 3),
    (Kind.LOOKS, 1),
    (Kind.LOOKS, 2),
    (Kind.LOOKS, 3),
    (Kind.FAULT, "at_s"),
    (Kind.NODE, "at_s"),
    (Kind.READ_BACK, "began_s"),
    (Kind.READ_BACK, "ended_s"),
]


def _set(told: Told, kind: Kind, place: str | int, value: object) -> int:
    """The time is another one, or none; gives the number of its line."""
    number = plants.first(told, kind)
    within: Any = told[number] if isinstance(place, str) else told[number]["rows"][0]
    assert isinstance(within[place], int | float)
    within[place] = value
    return number + 1


@pytest.mark.parametrize(
    "value", [float("inf"), 1e300, 10**400, "nan", "inf", -1.0, None], ids=lambda value: str(value)[:9]
)
@pytest.mark.parametrize(("kind", "place"), TIMES)
def test_a_time_that_no_run_can_have_is_refused_with_its_line(kind: Kind, place: str | int, value: object) -> None:
    told = _timed()
    audit(told)
    number = _set(told, kind, place, value)
    with pytest.raises(UsageError, match="the journal is broken: ") as refused:
        audit(told, "j.jsonl")
    assert refused.value.where == f"j.jsonl, line {number}"


def test_the_longest_run_that_can_be_asked_for_is_no_such() -> None:
    told = _timed()
    for kind in (Kind.ATTEMPTS, Kind.LOOKS):
        _set(told, kind, 3, LONGEST_S + 3600.0)
