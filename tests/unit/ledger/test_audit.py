"""What became of each write: the audit finds what is wrong in any history, and accuses none in which nothing is."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lab.ledger import report
from lab.ledger.audit import audit
from lab.ledger.records import Kind, Source
from lab.ledger.sorts import Sort
from lab.ledger.writes import Outcome, What, digest, key
from tests.unit.ledger import histories, plants
from tests.unit.ledger.histories import ONE_OF_EACH, RUN, Past
from tests.unit.ledger.plants import Plant

DOUBT, YES, NO = Outcome.INDETERMINATE, Outcome.ACKNOWLEDGED, Outcome.REFUSED


@settings(max_examples=300)
@given(histories.clean())
def test_a_clean_history_is_not_accused(history: list[Past]) -> None:
    account = audit(histories.told(history))
    assert account.sorts == Counter((past.sort, past.what) for past in history)
    assert (account.attempted, account.foreign) == (len(history), 1)
    assert (report.verdict(account).word, report.verdict(account).exit_code) == ("kept", 0)


PLANTS: dict[str, tuple[Plant, Sort]] = {
    "gone everywhere": (plants.remove(*Source), Sort.LOST),
    "gone for users": (plants.remove(Source.BALANCER), Sort.LOST),
    "gone from the store": (plants.remove(Source.STORE), Sort.LOST),
    "another content": (plants.another_content, Sort.CORRUPTED),
    "another content answered": (plants.answered_another_content, Sort.CORRUPTED),
    "never attempted": (plants.found(Source.STORE, What.FILE, key(RUN, 1, 999), digest(b"y")), Sort.UNEXPECTED),
    "planned, never attempted, and there": (plants.never_sent, Sort.UNEXPECTED),
    "there twice": (plants.once_too_often, Sort.DUPLICATED),
    "refused and there": (plants.refused, Sort.UNEXPECTED),
    "missing for a while": (plants.missing_for_a_while, Sort.STALE),
}
# What comes back altered or twice is wrong whatever was answered: nobody has to have acknowledged it.
OF_ANYTHING_THERE = {"another content", "there twice"}


@pytest.mark.parametrize("name", PLANTS)
@given(history=histories.clean(), data=st.data())
def test_a_planted_anomaly_is_found(name: str, history: list[Past], data: st.DataObject) -> None:
    plant, sort = PLANTS[name]
    # A victim in doubt at first is repeated, and acknowledged then.
    history.append(Past(data.draw(st.sampled_from(list(What))), len(history), [DOUBT, YES], True, [True]))
    if name in OF_ANYTHING_THERE:
        history.append(Past(data.draw(st.sampled_from(list(What))), len(history), [DOUBT], True))
        able = [past for past in history if past.is_there]
    else:
        able = [past for past in history if YES in past.outcomes]
    _assert_found(plant, sort, history, able, data)


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
    plants.again(times - 1)(told, past)
    assert report.verdict(audit(told)).word == word


def test_a_write_that_was_planned_and_never_sent_is_of_no_sort() -> None:
    told = histories.told([*ONE_OF_EACH, Past(What.FILE, 9, [Outcome.INDETERMINATE], False)])
    plants.never_sent(told, Past(What.FILE, 9, [], False))
    account = audit(told)
    assert (account.attempted, account.sorts.total(), account.count(Sort.ABSENT)) == (3, 3, 0)
    assert report.verdict(account).word == "kept"


def test_a_journal_that_stops_may_lack_the_attempt_of_what_is_there() -> None:
    told = histories.told(ONE_OF_EACH)[:-1]
    plants.never_sent(told, ONE_OF_EACH[0])
    assert audit(told).count(Sort.RECOVERED) == 1


@pytest.mark.parametrize("sources", [[*Source], [Source.STORE], [Source.BALANCER]])
@given(history=histories.clean(), what=st.sampled_from(list(What)))
def test_a_write_acknowledged_after_a_read_began_did_not_have_to_be_in_it(
    sources: list[Source], history: list[Past], what: What
) -> None:
    late = Past(what, 10 * int(histories.READ_S), [Outcome.ACKNOWLEDGED], True)
    told = histories.told([*history, late])
    plants.remove(*sources)(told, late)
    account = audit(told)
    assert (account.count(Sort.LOST), account.count(Sort.NEVER_READ)) == (0, 1)
    assert report.verdict(account).word == "unknown"
    assert "it was not seen that 1 write is there on both sides" in report.verdict(account).sentence


def test_a_read_that_began_before_the_acknowledgement_makes_nothing_stale() -> None:
    past = ONE_OF_EACH[0]
    told = histories.told(ONE_OF_EACH)
    look = histories.during(Past(past.what, 0, past.outcomes, True, [False]))[-1]
    look["rows"] = [row._replace(sent_s=0.1) for row in look["rows"]]
    told.insert(plants.first(told, Kind.FAULT), look)
    assert report.verdict(audit(told)).word == "kept"


def test_what_was_acknowledged_twice_was_promised_the_first_time() -> None:
    past = Past(What.ENTRY, 9, [YES, YES], True, [False])
    told = histories.told([*ONE_OF_EACH, past])
    look = next(record for record in told if record["kind"] == Kind.LOOKS)
    look["rows"] = [row._replace(sent_s=past.number / 10 + 0.6) for row in look["rows"]]
    assert report.verdict(audit(told)).word == "stale"
