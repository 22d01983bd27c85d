"""The figures of an audit: latencies, percentiles, and how much work it is."""

import sys
from types import FrameType
from typing import Any

from lab.ledger.audit import audit
from lab.ledger.records import Kind
from lab.ledger.writes import Outcome, What
from tests.unit.ledger import histories
from tests.unit.ledger.histories import Past
from tests.unit.ledger.plants import Told


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
            due_s, late_s = number / 10, (100 - number) / 1000
            record["rows"] = [row._replace(sent_s=due_s, done_s=due_s + late_s) for row in record["rows"]]
    account = audit([record for record in told if record["kind"] != Kind.LOOKS])
    assert [account.latency_ms(share) for share in (0.01, 0.5, 0.99, 1.0)] == [1.0, 50.0, 99.0, 100.0]


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
