"""The times of a step are read from the timeline, and the page says what was asked for and what was not reached."""

from dataclasses import asdict
from pathlib import Path

import pytest

from benchmarks import autoscale_page
from benchmarks.autoscale import away, failed
from benchmarks.autoscale_page import RunJson, SessionJson, Times, times
from lab.ledger.records import Attempt, Look, Seen, attempts, looks
from lab.ledger.writes import Outcome
from lab.model.node import NodeName, Role
from lab.scaling.places import Fleet
from lab.timeline.events import Event, Kind
from tests.unit.ledger.histories import header, lines

W1, W2 = (NodeName(Role.WORKER, number) for number in (1, 2))


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
    Event(50.0, Kind.DECISION, "remove worker-4, to 3", {"why": "little", "wanted": 3}),
    sample(70.0, 2, 1),
    sample(90.0, 1, 1),
]
FOUND = Times(step_s=2.5, decided_s=0.1, reached_s=5.5, back_s=60.0, most=4)


def run(reached_s: float | None = 5.5, errors: int = 0, settled_ms: float | None = 140.0, refused: int = 0) -> RunJson:
    bad = {"errors": errors, "refused": refused}
    phase = {"from_s": 0, "to_s": 1, "requests": 100, **bad, "p50_ms": 100.0, "p99_ms": 200.0}
    settled = [] if settled_ms is None else [{"name": "settled", **phase, "p50_ms": settled_ms}]
    load = {
        "phases": [*({"name": name, **phase} for name in ("before", "during", "after")), *settled],
        "requests": 300,
        **bad,
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
    found = times(EVENTS, step_at=10.0, end_at=30.0, target=4.0, least=1)
    assert found == FOUND
    assert found.settled_s == 2.5 + 5.5 + 5.0


def test_workers_that_were_asked_for_before_the_breach_were_not_asked_for_in_less_than_no_time() -> None:
    early = Event(11.6, Kind.DECISION, "add 3, to 4", {"why": "more and more", "wanted": 4})
    found = times(sorted([*EVENTS, early], key=lambda event: event.at), 10.0, 30.0, 4.0, 1)
    assert (found.step_s, found.decided_s, found.reached_s) == (1.6, 0.0, 6.4)


def test_nothing_was_decided_in_time_where_there_was_no_breach() -> None:
    calm = [event for event in EVENTS if event.at < 12 or event.kind is Kind.DECISION]
    found = times(calm, step_at=10.0, end_at=30.0, target=4.0, least=1)
    assert (found.step_s, found.decided_s, found.reached_s) == (None, None, None)


def test_who_is_back_far_too_late_is_not_back_after_the_window() -> None:
    late = run()
    late["times"]["back_s"] = autoscale_page.BACK_S_AT_MOST + 1
    assert autoscale_page.is_missed({"circumstances": {}, "runs": {"docker": late}})
    assert not autoscale_page.is_missed({"circumstances": {}, "runs": {"docker": run()}})


@pytest.mark.parametrize(
    ("noted", "draining", "is_back"), [(1, (), True), (2, (), False), (1, (W2,), False), (None, (), False)]
)
def test_the_way_back_ends_when_the_timeline_tells_of_it(
    noted: int | None, draining: tuple[NodeName, ...], is_back: bool
) -> None:
    last = None if noted is None else sample(90.0, noted, 0)
    assert (away(last, Fleet(serving=(W1,), draining=draining)) is None) is is_back


@pytest.mark.parametrize(("concurrency", "step_s"), [(7, 2.5), (8, 1.5)])
def test_the_breach_is_what_the_rule_of_the_autoscaler_calls_sudden(concurrency: int, step_s: float) -> None:
    events = [*EVENTS[:2], sample(11.5, 1, concurrency), *EVENTS[3:]]
    assert times(events, step_at=10.0, end_at=30.0, target=4.0, least=1).step_s == step_s


def test_what_did_not_happen_has_no_time() -> None:
    nothing = times(EVENTS[1:2], step_at=10.0, end_at=30.0, target=4.0, least=1)
    assert nothing == Times(None, None, None, None, 1)
    assert nothing.settled_s is None


def test_the_page_says_what_was_not_reached() -> None:
    good = autoscale_page.page({"docker": {"circumstances": {"system": "here"}, "runs": {"docker": run()}}})
    assert "**no**" not in good
    assert "| as many workers as needed | 5.5 s (at most 10 s): yes |" in good
    assert "| p50 and p99 settled, as multiples of those before: 1.5 at most | 1.40 and 1.00: yes |" in good
    assert "| settled | 100 | 0 | 140 | 200 |" in good
    bad = autoscale_page.page({"docker": {"circumstances": {}, "runs": {"docker": run(reached_s=None, errors=2)}}})
    assert "| as many workers as needed | not seen (at most 10 s): **no** |" in bad
    assert "| requests that failed: 0 | 2 of 300: **no** |" in bad
    for settled_ms, told in ((160.0, "1.60 and 1.00: **no**"), (None, "? and ?: **no**")):
        slow = autoscale_page.page({"docker": {"circumstances": {}, "runs": {"docker": run(settled_ms=settled_ms)}}})
        assert f"| p50 and p99 settled, as multiples of those before: 1.5 at most | {told} |" in slow


def test_who_was_refused_has_an_error_too() -> None:
    found: SessionJson = {"circumstances": {}, "runs": {"docker": run(errors=2, refused=3)}}
    told = autoscale_page.page({"docker": found})
    assert "| requests that failed: 0 | 5 of 300: **no** |" in told
    assert "| before | 100 | 5 | 100 | 200 |" in told


def test_what_failed_is_told_as_visitors_saw_it(tmp_path: Path) -> None:
    tried = [
        Attempt("k", Outcome.INDETERMINATE, 12.0, 19.0, 503, "", "", altered=False),
        Attempt("k", Outcome.ACKNOWLEDGED, 20.0, 20.1, 201, "worker-1", "", altered=False),
    ]
    looked = [Look("k", 11.0, 11.0, 11.5, 0, "", "reset", Seen.FAILED, "")]
    journal = tmp_path / "journal"
    told = [header(began_at=1000.0).record(), attempts(tried), looks(looked)]
    journal.write_bytes(b"".join(lines(told)))
    found = [*failed(journal, 1010.0)]
    assert found == ["+1.0 s: a read: reset after 0.5 s", "+2.0 s: a write: 503 after 7.0 s"]
    page = autoscale_page.page({"docker": {"circumstances": {}, "runs": {"docker": run() | {"failed": found}}}})
    assert f"- {found[1]}\n" in page


def test_a_script_knows_whether_anything_was_missed() -> None:
    for one, missed in ((run(), False), (run(refused=1), True), (run(reached_s=None), True)):
        assert autoscale_page.is_missed({"circumstances": {}, "runs": {"docker": one}}) is missed
    assert not autoscale_page.is_missed({"circumstances": {}, "runs": {"vagrant": run(reached_s=90.0)}})


def test_where_no_bound_was_asked_for_none_is_missed() -> None:
    runs = {"vagrant": run(reached_s=90.0, errors=2, settled_ms=None)}
    told = autoscale_page.page({"vagrant": {"circumstances": {}, "runs": runs}})
    assert "**no**" not in told
    assert "| requests that failed: 0 | not measured | not measured | 2 of 300, not asked | not measured |" in told
    assert "| as many workers as needed | not measured | not measured | 90.0 s, not asked | not measured |" in told


@pytest.mark.parametrize("what", [what for what in autoscale_page.RUNS if what != "vagrant"])
def test_of_every_run_whose_workers_come_in_time_it_is_asked_that_no_request_fails(what: str) -> None:
    bad = run(errors=2, settled_ms=160.0)
    held = {demand: is_held for demand, (_, is_held) in autoscale_page.demands(what, bad).items()}
    assert held["requests that failed: 0"] is False
    is_slower = held["p50 and p99 settled, as multiples of those before: 1.5 at most"]
    assert is_slower is (False if what in autoscale_page.REACHED_S_AT_MOST else None)
    assert autoscale_page.is_missed({"circumstances": {}, "runs": {what: bad}})


def test_the_page_says_plainly_how_large_the_step_is_and_what_a_breach_is() -> None:
    told = autoscale_page.page({})
    assert "not what one worker can do, but a part of the highest rate that it serves in good time" in told
    assert ": 0.7 on docker, 0.5 on vagrant." in told
    assert "**step**: 4 times on docker, 2.8 of it; 2.4 times on vagrant, 1.2 of it." in told
    assert "the first sample with 2 times as many requests at a time" in told
    assert 'The last is not asked of "vagrant": from nothing' in told
    assert 'is asked of\n  "docker" and "vagrant, from the warm pool".' in told


def test_the_page_of_no_runs_says_so() -> None:
    assert "Not measured yet." in autoscale_page.page({})
