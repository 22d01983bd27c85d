"""The one event format, read and written."""

import pytest

from lab.model.errors import UsageError
from lab.timeline.events import Event, Kind, read

EVENTS = [
    Event(10.0, Kind.NODE, "worker-1", {"state": "ready"}),
    Event(12.5, Kind.DECISION, "grow", {"why": "300 req/s need 3 workers"}),
    Event(13.0, Kind.SAMPLE, "balancer", {"span_s": 1, "requests": 300.5, "p99_ms": None}),
]


def test_events_are_read_as_they_were_written_in_order_of_time() -> None:
    assert read([event.line() for event in reversed(EVENTS)], "t") == EVENTS


def test_a_torn_last_line_is_left_out() -> None:
    lines = [event.line() for event in EVENTS]
    assert read([*lines[:2], lines[2][:-1]], "t") == EVENTS[:2]


@pytest.mark.parametrize(
    "line",
    [
        "",
        "[]",
        "{}",
        '{"at":1,"kind":"other","what":"x","fields":{}}',
        '{"at":"x","kind":"node","what":"","fields":{}}',
    ],
)
def test_a_line_that_is_no_event_is_refused_with_its_number(line: str) -> None:
    with pytest.raises(UsageError) as refused:
        read([EVENTS[0].line(), line + "\n", EVENTS[1].line()], "t.jsonl")
    assert refused.value.where == "t.jsonl, line 2"
