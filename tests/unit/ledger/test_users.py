"""Users may notice the death of a worker only so far: the limit, and each way to break it."""

from typing import Any

import pytest

from lab.ledger import records, report
from lab.ledger.audit import Account, audit
from lab.ledger.records import Attempt, FaultNote, Look, Seen, Stage
from lab.ledger.struck import FaultSeen
from lab.ledger.users import Failed, Failures, Users
from lab.ledger.writes import Outcome, What
from tests.unit.ledger import histories
from tests.unit.ledger.histories import Past

DOUBT, YES, NO = Outcome.INDETERMINATE, Outcome.ACKNOWLEDGED, Outcome.REFUSED
STATUS = {DOUBT: 0, YES: 201, NO: 422}
MOST = 2  # of histories.header()


def _write(number: int, *attempts: tuple[Outcome, float, float]) -> tuple[Past, list[dict[str, Any]]]:
    """An entry with its attempts: how each ended, when it was sent, and when that was."""
    past = Past(What.ENTRY, number, [outcome for outcome, *_ in attempts], any(o is YES for o, *_ in attempts))
    rows = [
        Attempt(past.key, o, sent, done, STATUS[o], "", "cut" if o is DOUBT else "", False)
        for o, sent, done in attempts
    ]
    return past, [histories.during(past)[0], records.attempts(rows)]


def _faults(name: str) -> list[dict[str, Any]]:
    """Two faults: on from 10 to 20, verified at 11; on from 30 to 40, verified at 31."""
    return [
        FaultNote(number, stage, 10.0 + 20 * number + after, name, "worker-1", ("worker",)).record()
        for number in range(2)
        for stage, after in ((Stage.BEGUN, 0), (Stage.VERIFIED, 1), (Stage.HEALED, 10))
    ]


def _account(*writes: tuple[Past, list[dict[str, Any]]], name: str = "kill", looks: int = 0, **header: Any) -> Account:
    pasts = [*histories.one_of_each(), *(past for past, _ in writes)]
    about = histories.header(planned=(name, name), targets=("worker-1", "worker-1"), **header)
    told = [about.record(), *(record for past in histories.one_of_each() for record in histories.during(past))]
    told += [record for _, records_ in writes for record in records_]
    told.append(records.looks([Look(pasts[0].key, 12.0, 12.0, 22.0, 0, "", "timed out", Seen.FAILED, "")] * looks))
    final = [r for source in records.Source for r in histories.read_back(histories.there(pasts), source)]
    return audit([*told, *_faults(name), *final, records.end(120.0)])


def _at_kill(number: int) -> tuple[Past, list[dict[str, Any]]]:
    """Sent before the worker was seen to be gone, and repeated."""
    return _write(number, (DOUBT, 10.9, 20.9), (YES, 21.2, 21.3))


def test_as_many_writes_as_were_in_flight_may_fail_at_each_kill() -> None:
    second = [_write(n, (DOUBT, 30.5, 30.6), (YES, 31.2, 31.3)) for n in (13, 14)]
    account = _account(_at_kill(11), _at_kill(12), *second)
    assert report.users_limit(account) == []
    assert (account.users.most_at_a_kill, account.users.writes_repeated) == (2, 4)
    assert report.users_view(account)[-1].startswith(
        "While workers died, at most 2 attempts to write failed at one kill"
    )


BROKEN = {
    "3 attempts to write failed at one kill, and a worker works on 2": _account(*map(_at_kill, range(11, 14))),
    "1 attempts to write failed that were in flight at no fault": _account(
        _write(11, (DOUBT, 11.1, 12), (YES, 13, 14))
    ),
    "2 attempts to write failed that were in flight at no fault": _account(
        _write(11, (NO, 5, 6)), _write(12, (NO, 6, 7))
    ),
    "1 writes that failed at a kill were not acknowledged when repeated": _account(_write(11, (DOUBT, 10.5, 10.7))),
    "5 reads failed (an error, or no answer)": _account(looks=5),
    "the journal does not say how many": _account(_at_kill(11), worker_connections=None),
}


@pytest.mark.parametrize("words", BROKEN)
def test_what_users_may_not_notice_is_told(words: str) -> None:
    (broken,) = report.users_limit(BROKEN[words])
    assert broken.startswith(words)
    assert broken in report.users_view(BROKEN[words])[-1]


def test_a_read_that_was_cut_in_the_middle_of_its_answer_is_counted_apart() -> None:
    past = Past(What.ENTRY, 11, [YES], True, [True])
    told = [*_write(11, (YES, 11, 12))[1], *histories.during(past)[2:]]
    told[-1]["rows"] = [row._replace(status=0, seen=Seen.CUT, sha256="") for row in told[-1]["rows"]]
    account = _account((past, told))
    assert (account.users.reads, account.users.reads_cut, account.users.reads_failed) == (1, 1, 0)
    assert report.users_limit(account) == []
    assert report.users_view(account)[0].endswith(" 1 were cut in the middle of their answer.")


def test_a_write_that_was_refused_shows() -> None:
    told = report.users_view(_account(_write(11, (NO, 15, 16))))
    assert told[1].endswith(" 1 were refused.")


def test_what_another_fault_explains_is_not_held_against_the_death_of_workers() -> None:
    account = _account(*map(_at_kill, range(11, 15)), _write(16, (NO, 15, 16)), name="store-off", looks=5)
    assert report.users_limit(account) == []
    assert len(report.users_view(account)) == 2


def test_a_kill_that_was_not_seen_explains_nothing_that_comes_after_its_healing() -> None:
    unseen = FaultSeen("kill", "worker-1", 10.0, 20.0, None)
    off = FaultSeen("store-off", "store-1", 30.0, 40.0, 31.0)
    failures, users = Failures(), Users()
    failures.reads = [Failed("r1-0-0", 15.0, 16.0), Failed("r1-0-0", 35.0, 36.0)]
    failures.explain(users, [unseen, off], lambda _key: True)
    assert users.reads_apart == 1


@pytest.mark.parametrize("name", ["store-off", "pause"])
def test_a_run_in_which_no_worker_was_killed_is_not_held_against_the_limit_for_that(name: str) -> None:
    account = _account(_write(11, (NO, 5, 6)), name=name)
    assert report.users_limit(account) != []
    told = report.users_view(account)
    assert len(told) == 2
    assert told[1].endswith(" 1 were refused.")
