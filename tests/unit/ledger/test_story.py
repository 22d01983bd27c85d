"""A journal drawn: it becomes the events that runs, loads and scaling share."""

from lab.ledger import records
from lab.ledger.story import story
from lab.ledger.writes import Outcome, What
from lab.timeline.events import Kind
from tests.unit.ledger import histories
from tests.unit.ledger.histories import Past

PASTS = [
    Past(What.ENTRY, 5, [Outcome.ACKNOWLEDGED], True, [True]),
    Past(What.FILE, 15, [Outcome.INDETERMINATE, Outcome.ACKNOWLEDGED], True),
]


def test_requests_stand_where_they_were_due_and_answers_where_they_came() -> None:
    samples = [event for event in story(histories.told(PASTS)) if event.kind is Kind.SAMPLE]
    figures = [(s.fields["requests"], s.fields["answers"], s.fields["errors"], s.fields["p99_ms"]) for s in samples]
    # Due at 0.5 s, answered at 1.0 s, read at 2.5 s; due at 1.5 s, in doubt at 2.0 s, answered at 3.0 s.
    assert figures == [(1, 0, 0, 500.0), (1, 1, 0, 1500.0), (1, 1, 1, 100.0), (0, 1, 0, None)]
    assert [sample.at for sample in samples] == [2.0, 3.0, 4.0, 5.0]  # the run began at 1


def test_faults_and_nodes_are_told_at_their_time() -> None:
    told = histories.told(PASTS)
    told.insert(1, records.node(0.5, "worker-1", "ready"))
    events = story(told)
    node = next(event for event in events if event.kind is Kind.NODE)
    fault = next(event for event in events if event.kind is Kind.FAULT)
    assert (node.at, node.what, node.fields) == (1.5, "worker-1", {"state": "ready"})
    assert (fault.at, fault.what) == (3.0, "kill")
    assert fault.fields == {"target": "worker-0", "until": 3.0, "verified": True}


def test_a_journal_without_a_line_tells_nothing() -> None:
    assert story([]) == []
