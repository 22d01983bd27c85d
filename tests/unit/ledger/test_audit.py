"""The audit finds what is wrong in any history, and accuses none in which nothing is."""

import sys
from collections import Counter
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.ledger import records, report
from lab.ledger.audit import Account, Sort, audit
from lab.ledger.records import Kind, Source, Stage
from lab.ledger.writes import Outcome, What, digest, key, outcome_of_answer
from lab.model.errors import UsageError
from tests.unit.ledger import histories
from tests.unit.ledger.histories import RUN, Past

Told = list[dict[str, Any]]
Plant = Callable[[Told, Past], None]
DOUBT, YES, NO = Outcome.INDETERMINATE, Outcome.ACKNOWLEDGED, Outcome.REFUSED
ONE_OF_EACH = histories.one_of_each()
KEYS = {
    *("run", "lab", "substrate", "mode", "seed", "attempted", "acknowledged", "kept", "lost", "recovered", "absent"),
    *("duplicated", "corrupted", "unexpected", "stale", "never_read", "foreign", "refused", "faults", "p50_ms"),
    *("p99_ms", "errors", "verdict"),
}


@given(histories.clean())
def test_a_clean_history_is_not_accused(history: list[Past]) -> None:
    account = audit(histories.told(history))
    assert account.sorts == Counter((past.sort, past.what) for past in history)
    assert (account.attempted, account.foreign) == (len(history), 1)
    assert (report.verdict(account).word, report.verdict(account).exit_code) == ("kept", 0)


def _remove(*sources: Source) -> Plant:
    def plant(told: Told, past: Past) -> None:
        for record in told:
            if record["kind"] == Kind.FOUND and record["source"] in sources:
                record["rows"] = [row for row in record["rows"] if row[0] != past.key]

    return plant


def _found(source: Source, what: What, name: str, sha: str) -> Plant:
    def plant(told: Told, _past: Past) -> None:
        told.insert(_first(told, Kind.READ_BACK), records.found(source, what, [(name, sha)]))

    return plant


def _again(times: int) -> Plant:
    def plant(told: Told, past: Past) -> None:
        for _ in range(times):
            _found(Source.STORE, past.what, past.key, past.sha)(told, past)

    return plant


def _once_too_often(told: Told, past: Past) -> None:
    """A login is there twice where its first attempt was in doubt, and rightly so; all else is there once."""
    chances = len(past.outcomes) - past.outcomes.count(NO)
    _again(chances if past.what is What.LOGIN else 1)(told, past)


def _another_content(told: Told, past: Past) -> None:
    for record in told:
        if record["kind"] == Kind.FOUND and record["source"] == Source.BALANCER:
            record["rows"] = [(name, digest(b"x") if name == past.key else sha) for name, sha in record["rows"]]


def _answered_another_content(told: Told, past: Past) -> None:
    for record in told:
        if record["kind"] == Kind.ATTEMPTS:
            record["rows"] = [row._replace(altered=row.key == past.key) for row in record["rows"]]


def _missing_for_a_while(told: Told, past: Past) -> None:
    look = histories.during(Past(past.what, past.number, past.outcomes, True, [False]))[-1]
    told.insert(_first(told, Kind.FAULT), look)


def _refused(told: Told, past: Past) -> None:
    for record in told:
        if record["kind"] == Kind.ATTEMPTS:
            rows = record["rows"]
            record["rows"] = [r._replace(outcome=Outcome.REFUSED, status=422) if r.key == past.key else r for r in rows]


def _never_sent(told: Told, past: Past) -> None:
    for record in told:
        if record["kind"] == Kind.ATTEMPTS:
            record["rows"] = [row for row in record["rows"] if row.key != past.key]


def _first(told: Told, kind: Kind) -> int:
    return next(number for number, record in enumerate(told) if record["kind"] == kind)


PLANTS: dict[str, tuple[Plant, Sort]] = {
    "gone everywhere": (_remove(*Source), Sort.LOST),
    "gone for users": (_remove(Source.BALANCER), Sort.LOST),
    "gone from the store": (_remove(Source.STORE), Sort.LOST),
    "another content": (_another_content, Sort.CORRUPTED),
    "another content answered": (_answered_another_content, Sort.CORRUPTED),
    "never attempted": (_found(Source.STORE, What.FILE, key(RUN, 1, 999), digest(b"y")), Sort.UNEXPECTED),
    "planned, never attempted, and there": (_never_sent, Sort.UNEXPECTED),
    "there twice": (_once_too_often, Sort.DUPLICATED),
    "refused and there": (_refused, Sort.UNEXPECTED),
    "missing for a while": (_missing_for_a_while, Sort.STALE),
}


@pytest.mark.parametrize("name", PLANTS)
@given(history=histories.clean(), data=st.data())
def test_a_planted_anomaly_is_found(name: str, history: list[Past], data: st.DataObject) -> None:
    plant, sort = PLANTS[name]
    # A victim in doubt at first is repeated, and acknowledged then.
    doubted = Past(data.draw(st.sampled_from(list(What))), len(history), [DOUBT, YES], True, [True])
    history.append(doubted)
    _assert_found(plant, sort, history, [past for past in history if YES in past.outcomes], data)


def _assert_found(plant: Plant, sort: Sort, history: list[Past], able: list[Past], data: st.DataObject) -> None:
    told, victim = histories.told(history), data.draw(st.sampled_from(able))
    plant(told, victim)
    account = audit(told)
    verdict = report.verdict(account)
    assert account.count(sort) == 1
    assert (verdict.word, verdict.exit_code) == (sort, 1)
    clean = Counter(past.sort for past in history)
    others = {s: account.count(s) for s in Sort if s not in (sort, victim.sort)}
    assert others == {s: clean[s] for s in others}


@pytest.mark.parametrize(
    ("what", "outcomes", "times", "word"),
    [
        (What.LOGIN, [DOUBT, YES], 2, "kept"),
        (What.LOGIN, [DOUBT, DOUBT, YES], 3, "kept"),
        (What.LOGIN, [DOUBT, YES], 3, "duplicated"),
        (What.LOGIN, [YES], 2, "duplicated"),
        (What.LOGIN, [NO, YES], 2, "duplicated"),  # what never left began no session
        (What.ENTRY, [DOUBT, YES], 2, "duplicated"),
        (What.FILE, [DOUBT, YES], 2, "duplicated"),
    ],
)
def test_a_login_may_be_there_as_often_as_it_may_have_happened_and_all_else_once(
    what: What, outcomes: list[Outcome], times: int, word: str
) -> None:
    past = Past(what, 9, outcomes, True)
    told = histories.told([*ONE_OF_EACH, past])
    _again(times - 1)(told, past)
    assert report.verdict(audit(told)).word == word


def test_a_write_that_was_planned_and_never_sent_is_of_no_sort() -> None:
    told = histories.told([*ONE_OF_EACH, Past(What.FILE, 9, [Outcome.INDETERMINATE], False)])
    _never_sent(told, Past(What.FILE, 9, [], False))
    account = audit(told)
    assert (account.attempted, account.sorts.total(), account.count(Sort.ABSENT)) == (3, 3, 0)
    assert report.verdict(account).word == "kept"


def test_a_journal_that_stops_may_lack_the_attempt_of_what_is_there() -> None:
    told = histories.told(ONE_OF_EACH)[:-1]
    _never_sent(told, ONE_OF_EACH[0])
    assert audit(told).count(Sort.RECOVERED) == 1


@pytest.mark.parametrize("sources", [[*Source], [Source.STORE], [Source.BALANCER]])
@given(history=histories.clean(), what=st.sampled_from(list(What)))
def test_a_write_acknowledged_after_a_read_began_did_not_have_to_be_in_it(
    sources: list[Source], history: list[Past], what: What
) -> None:
    late = Past(what, 10 * int(histories.READ_S), [Outcome.ACKNOWLEDGED], True)
    told = histories.told([*history, late])
    _remove(*sources)(told, late)
    account = audit(told)
    assert (account.count(Sort.LOST), account.count(Sort.NEVER_READ)) == (0, 1)
    assert report.verdict(account).word == "unknown"
    assert "it was not seen that 1 write is there on both sides" in report.verdict(account).sentence


def test_a_read_that_began_before_the_acknowledgement_makes_nothing_stale() -> None:
    past = ONE_OF_EACH[0]
    told = histories.told(ONE_OF_EACH)
    look = histories.during(Past(past.what, 0, past.outcomes, True, [False]))[-1]
    look["rows"] = [row._replace(sent_s=0.1) for row in look["rows"]]
    told.insert(_first(told, Kind.FAULT), look)
    assert report.verdict(audit(told)).word == "kept"


def _drop(kind: Kind, **which: object) -> Callable[[Told], Told]:
    return lambda told: [
        record
        for record in told
        if record["kind"] != kind or any(record[name] != value for name, value in which.items())
    ]


def _incomplete(told: Told) -> Told:
    return [record | ({"complete": False} if record["kind"] == Kind.READ_BACK else {}) for record in told]


def _never_acknowledged(told: Told) -> Told:
    """Nothing was sent, so nothing is there."""
    for what in What:
        _without(what)(told)
    return told


def _without(what: What) -> Callable[[Told], Told]:
    def change(told: Told) -> Told:
        for past in ONE_OF_EACH:
            if past.what is what:
                _never_sent(told, past)
                _remove(*Source)(told, past)
        return told

    return change


def _planned_more(told: Told) -> Told:
    return [told[0] | {"planned": [*told[0]["planned"], "clock"]}, *told[1:]]


def _healed_late(told: Told) -> Told:
    late = {"at_s": histories.READ_S + 1}
    return [record | (late if _is_note(record, 1, Stage.HEALED) else {}) for record in told]


def _is_note(record: dict[str, Any], number: int, stage: Stage) -> bool:
    return record["kind"] == Kind.FAULT and (record["number"], record["stage"]) == (number, stage)


def _early(*whats: What) -> Callable[[Told], Told]:
    """What is of these kinds was acknowledged two seconds later: between the two faults."""

    def change(told: Told) -> Told:
        for record in told:
            if record["kind"] == Kind.ATTEMPTS:
                record["rows"] = [
                    row._replace(done_s=row.done_s + 2) if whats_of[row.key] in whats else row for row in record["rows"]
                ]
        return told

    whats_of = {past.key: past.what for past in ONE_OF_EACH}
    return change


UNKNOWN: dict[str, tuple[Callable[[Told], Told], str]] = {
    "no end": (_drop(Kind.END), "the journal stops before the end of the run"),
    "not read through the balancer": (_drop(Kind.READ_BACK, source=Source.BALANCER), "through the load balancer"),
    "not read from the store": (_drop(Kind.READ_BACK, source=Source.STORE), "straight from the store"),
    "not read to the end": (_incomplete, "entries were not read back"),
    "nothing acknowledged": (_never_acknowledged, "not one write was acknowledged"),
    "a fault not verified": (_drop(Kind.FAULT, stage=Stage.VERIFIED, number=1), "kill of worker-1 at 3.0 s happened"),
    "a fault not healed": (
        _drop(Kind.FAULT, stage=Stage.HEALED, number=1),
        "kill of worker-1 at 3.0 s was never healed",
    ),
    "healed after the read": (_healed_late, "was healed only after the final read had begun"),
    "a fault before any entry": (_early(What.ENTRY), "no entry had been acknowledged before kill of worker-0 at 2.0 s"),
    "a fault before any file": (_early(What.FILE), "no file had been acknowledged before kill of worker-0 at 2.0 s"),
    "faults and no login at all": (
        _without(What.LOGIN),
        "no login had been acknowledged before kill of worker-0 at 2.0 s and 1 more",
    ),
    "a fault not begun": (_planned_more, "the planned fault clock was never begun"),
}


@pytest.mark.parametrize("name", UNKNOWN)
def test_what_was_not_looked_at_is_unknown(name: str) -> None:
    change, words = UNKNOWN[name]
    verdict = report.verdict(audit(change(histories.told(ONE_OF_EACH))))
    assert (verdict.word, verdict.exit_code) == ("unknown", 3)
    assert words in verdict.sentence


@pytest.mark.parametrize("name", [name for name in UNKNOWN if name not in ("no end", "nothing acknowledged")])
def test_lost_beats_unknown(name: str) -> None:
    told = UNKNOWN[name][0](histories.told(ONE_OF_EACH))
    _remove(*Source)(told, ONE_OF_EACH[0])
    account = audit(told)
    if name == "not read to the end":  # then nobody knows that it is gone
        assert report.verdict(account).word == "unknown"
    else:
        assert (report.verdict(account).word, report.verdict(account).exit_code) == ("lost", 1)


def test_a_journal_that_stops_is_unknown_and_still_tells_what_is_gone() -> None:
    told = histories.told(ONE_OF_EACH)[:-1]
    _remove(*Source)(told, ONE_OF_EACH[0])
    verdict = report.verdict(audit(told))
    assert (verdict.word, verdict.exit_code) == ("unknown", 3)
    assert "As far as it goes: 1 of 3 acknowledged writes is gone (1 entry)." in verdict.sentence


def test_a_fault_that_ends_the_run_may_be_noted_as_begun_once_more() -> None:
    told = histories.told(ONE_OF_EACH)
    told = told[: _note(told, 1, Stage.HEALED)]
    told.append(told[_note(told, 1, Stage.BEGUN)] | {"at_s": 9.0, "note": "it ended the run"})
    account = audit(told)
    assert [fault.at_s for fault in account.faults] == [2.0, 3.0]
    assert "kill of worker-1 at 3.0 s was never healed" in report.verdict(account).sentence


def test_the_verdict_on_nothing_is_unknown() -> None:
    assert report.verdict(Account()).word == "unknown"
    assert report.limits(Account())


def test_the_json_has_exactly_the_keys_that_were_promised() -> None:
    told = report.as_json(audit(histories.told(ONE_OF_EACH)))
    assert set(told) == KEYS
    fault = {"name": "kill", "target": "worker-0", "at_s": 2.0, "healed_s": 2.0, "verified": True}
    assert told["faults"][0] == fault
    assert (told["p50_ms"], told["p99_ms"]) == (500.0, 500.0)


def test_latency_counts_from_when_a_write_was_due_to_its_last_answer() -> None:
    past = Past(What.ENTRY, 0, [Outcome.INDETERMINATE, Outcome.ACKNOWLEDGED], True)
    account = audit(histories.told([past]))
    assert account.latency_ms(0.5) == 1500.0
    assert (account.errors, account.users.writes_repeated, account.users.repeats_acknowledged) == (1, 1, 1)


def test_percentiles_are_of_all_requests_whatever_their_order() -> None:
    told = histories.told(_many(100))
    for record in told:
        if record["kind"] == Kind.ATTEMPTS:
            number = int(record["rows"][0].key.rpartition("-")[2])
            record["rows"] = [row._replace(done_s=number / 10 + (100 - number) / 1000) for row in record["rows"]]
    account = audit([record for record in told if record["kind"] != Kind.LOOKS])
    assert [account.latency_ms(share) for share in (0.01, 0.5, 0.99, 1.0)] == [1.0, 50.0, 99.0, 100.0]


def _note(told: Told, number: int, stage: Stage) -> int:
    return next(place for place, record in enumerate(told) if _is_note(record, number, stage))


def _renamed(told: Told, number: int, *stages: Stage, **changed: object) -> None:
    for stage in stages:
        told[_note(told, number, stage)] |= changed


def _answered(told: Told, status: int, outcome: Outcome) -> None:
    """The first attempt, which is of an entry."""
    rows = told[_first(told, Kind.ATTEMPTS)]["rows"]
    rows[0] = rows[0]._replace(status=status, outcome=outcome)


IMPOSSIBLE: dict[str, Callable[[Told], object]] = {
    "planned twice": lambda told: told.insert(2, told[1]),
    "not of this run": lambda told: told.insert(2, records.intents([records.Intent(What.FILE, "r2-1-1", 0.0, "")])),
    "was sent or read without being planned": lambda told: told.pop(1),
    "a second run": lambda told: told.insert(1, told[0]),
    "begins out of turn": lambda told: told.insert(_note(told, 0, Stage.HEALED), told[_note(told, 1, Stage.BEGUN)]),
    "is not what was planned": lambda told: _renamed(told, 0, *Stage, name="pause"),
    "is not what was planned ": lambda told: _renamed(told, 1, *Stage, target="worker-9"),
    "is verified, and had not begun": lambda told: _renamed(told, 0, Stage.VERIFIED, Stage.HEALED, name="pause"),
    "is verified, and had not begun ": lambda told: told.pop(_note(told, 0, Stage.BEGUN)),
    "is healed, and had not begun": lambda told: _renamed(told, 0, Stage.HEALED, target="worker-1"),
    "is verified out of turn": lambda told: told.insert(
        _note(told, 0, Stage.HEALED), told.pop(_note(told, 0, Stage.VERIFIED))
    ),
    "is noted at a time before": lambda told: _renamed(told, 0, Stage.VERIFIED, at_s=1.0),
    "answered 201, and is said to be refused": lambda told: _answered(told, 201, Outcome.REFUSED),
    "answered 201, and is said to be indeterminate": lambda told: _answered(told, 201, Outcome.INDETERMINATE),
    "answered 503, and is said to be refused": lambda told: _answered(told, 503, Outcome.REFUSED),
    "answered 422, and is said to be acknowledged": lambda told: _answered(told, 422, Outcome.ACKNOWLEDGED),
    "answered nothing, and is said to be acknowledged": lambda told: _answered(told, 0, Outcome.ACKNOWLEDGED),
    "lacks what its kind has": lambda told: told.insert(2, {"kind": Kind.ATTEMPTS}),
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


@pytest.mark.parametrize("words", IMPOSSIBLE)
def test_a_record_that_cannot_be_is_refused_with_its_line(words: str) -> None:
    told = histories.told(ONE_OF_EACH)
    IMPOSSIBLE[words](told)
    with pytest.raises(UsageError, match=words.strip()) as refused:
        audit(told, "j.jsonl")
    assert refused.value.where.startswith("j.jsonl, line ")


def test_the_work_grows_as_the_journal_does() -> None:
    """Counted in executed lines, so that no clock and no load of the machine has a say."""
    small, large = (_lines_run(histories.told(_many(count))) for count in (400, 1600))
    assert 3.5 < large / small < 4.5


def _many(count: int) -> list[Past]:
    return [
        Past(list(What)[n % 3], n, [Outcome.INDETERMINATE, Outcome.ACKNOWLEDGED], True, [True]) for n in range(count)
    ]


def _lines_run(told: Told) -> int:
    count = 0

    def trace(_frame: FrameType, event: str, _arg: object) -> Any:
        nonlocal count
        count += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        audit(told)
    finally:
        sys.settrace(before)
    return count
