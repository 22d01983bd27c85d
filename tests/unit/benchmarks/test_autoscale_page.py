"""The times of a step are read from the timeline, and the page says what was asked for and what was not reached."""

from dataclasses import asdict

from benchmarks import autoscale_page
from benchmarks.autoscale_page import RunJson, Times, times
from lab.timeline.events import Event, Kind


def sample(at: float, workers: int, concurrency: int) -> Event:
    fields = {"workers": workers, "sessions": min(concurrency, 8), "queue": max(0, concurrency - 8)}
    return Event(at, Kind.SAMPLE, "autoscale", fields)


EVENTS = [
    sample(9, 1, 30),
    sample(10.5, 1, 2),
    sample(11.5, 1, 5),
    sample(12.5, 1, 20),
    Event(12.6, Kind.DECISION, "add 3, to 4", {"why": "much", "wanted": 4}),
    sample(15.0, 2, 40),
    sample(18.0, 4, 12),
    Event(22.0, Kind.SAMPLE, "visitors", {"p50_ms": 900.0, "p99_ms": 4000.0}),
    *(Event(23.5 + n, Kind.SAMPLE, "visitors", {"p50_ms": 100.0 + n, "p99_ms": 200.0}) for n in range(3)),
    Event(35.0, Kind.SAMPLE, "visitors", {"p50_ms": 9.0, "p99_ms": 9.0}),
    Event(50.0, Kind.DECISION, "remove worker-4, to 3", {"why": "little", "wanted": 3}),
    sample(70.0, 2, 1),
    sample(90.0, 1, 1),
]
FOUND = Times(step_s=1.5, decided_s=1.1, reached_s=6.5, back_s=60.0, most=4, settled_p50_ms=101.0, settled_p99_ms=200.0)


def run(reached_s: float | None = 6.5, errors: int = 0) -> RunJson:
    phase = {"from_s": 0, "to_s": 1, "requests": 100, "errors": errors, "refused": 0, "p50_ms": 100.0, "p99_ms": 200.0}
    load = {
        "phases": [{"name": name, **phase} for name in ("before", "during", "after")],
        "requests": 300,
        "errors": errors,
        "proof": {"verdict": "kept", "lost": 0},
    }
    return {
        "substrate": "docker",
        "pool": 0,
        "words": ["docker"],
        "date": "today",
        "load": load,
        "times": {**asdict(FOUND), "reached_s": reached_s},
        "why": ["+2.6 s: add 3, to 4: much"],
    }


def test_the_times_are_counted_from_the_step_and_from_the_breach() -> None:
    assert times(EVENTS, step_at=10.0, end_at=30.0, target=4.0, least=1) == FOUND


def test_what_did_not_happen_has_no_time() -> None:
    nothing = times(EVENTS[1:2], step_at=10.0, end_at=30.0, target=4.0, least=1)
    assert nothing == Times(None, None, None, None, 1, None, None)


def test_the_page_says_what_was_not_reached() -> None:
    good = autoscale_page.page({"docker": {"circumstances": {"system": "here"}, "runs": {"docker": run()}}})
    assert "**no**" not in good
    assert "| as many workers as needed | 6.5 s (at most 10 s): yes |" in good
    bad = autoscale_page.page({"docker": {"circumstances": {}, "runs": {"docker": run(reached_s=None, errors=2)}}})
    assert "| as many workers as needed | not seen (at most 10 s): **no** |" in bad
    assert "| requests that failed: 0 | 2 of 300: **no** |" in bad


def test_where_no_bound_was_asked_for_none_is_missed() -> None:
    runs = {"vagrant": run(reached_s=90.0)}
    assert "**no**" not in autoscale_page.page({"vagrant": {"circumstances": {}, "runs": runs}})


def test_the_page_of_no_runs_says_so() -> None:
    assert "Not measured yet." in autoscale_page.page({})
