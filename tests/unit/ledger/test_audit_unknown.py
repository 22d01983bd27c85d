"""What was not looked at is unknown, and no pass."""

from collections.abc import Callable

import pytest

from lab.ledger import report
from lab.ledger.audit import Account, audit
from lab.ledger.records import Kind, Source, Stage
from lab.ledger.writes import What
from tests.unit.ledger import histories, plants
from tests.unit.ledger.histories import ONE_OF_EACH
from tests.unit.ledger.plants import Told


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
                plants.never_sent(told, past)
                plants.remove(*Source)(told, past)
        return told

    return change


def _planned_more(told: Told) -> Told:
    return [told[0] | {"planned": [*told[0]["planned"], "clock"]}, *told[1:]]


def _healed_late(told: Told) -> Told:
    late = {"at_s": histories.READ_S + 1}
    return [record | (late if plants.is_note(record, 1, Stage.HEALED) else {}) for record in told]


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
    plants.remove(*Source)(told, ONE_OF_EACH[0])
    account = audit(told)
    if name == "not read to the end":  # then nobody knows that it is gone
        assert report.verdict(account).word == "unknown"
    else:
        assert (report.verdict(account).word, report.verdict(account).exit_code) == ("lost", 1)


def test_a_journal_that_stops_is_unknown_and_still_tells_what_is_gone() -> None:
    told = histories.told(ONE_OF_EACH)[:-1]
    plants.remove(*Source)(told, ONE_OF_EACH[0])
    verdict = report.verdict(audit(told))
    assert (verdict.word, verdict.exit_code) == ("unknown", 3)
    assert "As far as it goes: 1 of 3 acknowledged writes is gone (1 entry)." in verdict.sentence


def test_a_fault_that_ends_the_run_may_be_noted_as_begun_once_more() -> None:
    told = histories.told(ONE_OF_EACH)
    told = told[: plants.note(told, 1, Stage.HEALED)]
    told.append(told[plants.note(told, 1, Stage.BEGUN)] | {"at_s": 9.0, "note": "it ended the run"})
    account = audit(told)
    assert [(fault.at_s, fault.ended_run) for fault in account.faults] == [(2.0, False), (3.0, True)]
    assert "kill of worker-1 at 3.0 s was never healed" in report.verdict(account).sentence


def test_the_verdict_on_nothing_is_unknown() -> None:
    assert report.verdict(Account()).word == "unknown"
    assert report.limits(Account())
