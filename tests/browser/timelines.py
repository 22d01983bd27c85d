"""A page of timelines with all that one can hold. None of it happened: it was made up to look at the page."""

import math
from collections.abc import Iterator

from lab.timeline import draw
from lab.timeline.draw import Picture
from lab.timeline.events import Event, Kind

_BEGIN, _LENGTH = 1_700_000_000, 240
_FAULTS = (
    ("kill", 60, True),
    ("load-balancer-restart", 100, True),
    ("network-partition", 130, True),
    ("clock", 160, False),
)


def page() -> str:
    """Both labs side by side."""
    pictures = [
        Picture([*_events(slow)], f"Lab default on {name}", _SUBTITLE) for name, slow in (("docker", 1), ("vagrant", 3))
    ]
    lists = {
        "What users noticed": ["12 errors within 6 s of `kill`"],
        "What this run does not show": ["a power failure"],
    }
    return draw.page(
        "What happened to lab default", draw.draw_all(pictures), "Kept: all of 1,234 writes are there", lists
    )


_SUBTITLE = f"A run of {_LENGTH} s with {len(_FAULTS)} faults, and a subtitle that is so long that it has to be wrapped"


def _events(slow: int) -> Iterator[Event]:
    for second in range(1, _LENGTH):
        yield from _samples(_BEGIN + second, second, slow)
    for number in range(1, 6):
        yield Event(_BEGIN + number, Kind.NODE, f"worker-{number}", {"state": "creating"})
        yield Event(_BEGIN + number + 5 * slow, Kind.NODE, f"worker-{number}", {"state": "ready"})
    for number, state in ((2, "absent"), (4, "sleeping"), (5, "failed")):
        yield Event(_BEGIN + 40 * number, Kind.NODE, f"worker-{number}", {"state": state})
    for name, at, is_verified in _FAULTS:
        yield Event(
            _BEGIN + at, Kind.FAULT, name, {"target": "worker-2", "until": _BEGIN + at + 10, "verified": is_verified}
        )
    yield Event(_BEGIN + 40, Kind.DECISION, "grow", {"why": "50 req/s needs 4 workers"})
    yield Event(_BEGIN + 41, Kind.CHANGE, "up", {})


def _samples(at: float, second: int, slow: int) -> Iterator[Event]:
    is_struck = 60 < second < 70
    visits = {"users": 40 + 20 * math.sin(second / 30), "requests": 60 * slow, "answers": 48, "errors": 3 * is_struck}
    times = {"p50_ms": 20 * slow, "p99_ms": 80 * slow + 900 * is_struck}
    yield Event(at, Kind.SAMPLE, "visitors", {"span_s": 1, **visits, **times})
    gauge = {"requests": 48, "queue": second % 7, "workers": 3, "response_ms": 30 * slow}
    yield Event(at, Kind.SAMPLE, "load balancer", {"span_s": 1, **gauge})
