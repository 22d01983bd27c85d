"""Events in plain words."""

from lab.timeline.events import Event, Kind
from lab.timeline.words import told


def sample(at: float, what: str = "visitors", **fields: float | None) -> Event:
    return Event(at, Kind.SAMPLE, what, {"span_s": 1, **fields})


def test_each_kind_of_event_is_a_sentence() -> None:
    events = [
        Event(1, Kind.NODE, "worker-3", {"state": "creating"}),
        Event(2, Kind.DECISION, "grow", {"why": "300 requests a second need 3 workers"}),
        Event(3, Kind.CHANGE, "deploy", {"why": "a new page"}),
        Event(4, Kind.CHANGE, "sleep"),
        Event(5, Kind.FAULT, "kill", {"target": "worker-1", "verified": True}),
        Event(6, Kind.FAULT, "clock", {}),
    ]
    assert list(told(events)) == [
        (1, "worker-3 is creating"),
        (2, "decided: grow: 300 requests a second need 3 workers"),
        (3, "deploy: a new page"),
        (4, "sleep"),
        (5, "fault kill of worker-1"),
        (6, "fault clock of ?, which was not seen to happen"),
    ]


def test_samples_that_follow_each_other_are_one_line() -> None:
    events = [sample(n, requests=10.5, errors=n % 2, p50_ms=10 + n, workers=2) for n in range(1, 5)]
    assert list(told(events)) == [
        (1, "visitors, 4 s; 42 requests; 2 errors; half of all within 11 to 14 ms; workers 2")
    ]


def test_another_event_source_or_pause_begins_a_new_line() -> None:
    events = [
        sample(1, requests=1),
        Event(1.5, Kind.NODE, "worker-1", {"state": "ready"}),
        sample(2, requests=2),
        sample(3, "balancer", response_ms=7, queue=3, users=None),
        sample(9, "balancer", response_ms=8),
        *(sample(n, "balancer", requests=1) for n in range(10, 80)),
    ]
    assert [line for _, line in told(events)] == [
        "visitors, 1 s; 1 requests",
        "worker-1 is ready",
        "visitors, 1 s; 2 requests",
        "balancer, 1 s; 7 ms on average; queue 3",
        "balancer, 60 s; 59 requests; 8 ms on average",
        "balancer, 11 s; 11 requests",
    ]
