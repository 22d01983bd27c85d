"""Figures of a load, second by second and phase by phase."""

import pytest

from lab.ledger.records import Attempt
from lab.ledger.writes import Outcome, What
from lab.traffic.figures import Figures
from lab.traffic.notes import Ended, Notes, Waiting, Went, went
from lab.traffic.profiles import profile

STEP = profile("step", peak=4, duration_s=4, base=1)


def test_a_request_counts_in_the_phase_in_which_it_was_due_however_late_it_ended() -> None:
    figures = Figures(STEP)
    for due_s in STEP.pace.due_s():
        late = due_s == 1
        figures.hear(Ended(due_s, 9.0 if late else 0.01, Went.FAILED if late else Went.ANSWERED))
    figures.hear(Ended(3.5, 0.02, Went.REFUSED))
    assert figures.phases() == [
        {
            "name": "before",
            "from_s": 0,
            "to_s": 1,
            "requests": 1,
            "errors": 0,
            "refused": 0,
            "p50_ms": 10,
            "p99_ms": 10,
        },
        {"name": "during", "from_s": 1, "to_s": 3, "requests": 8, "errors": 1, "refused": 0, "p50_ms": 10}
        | {"p99_ms": 9000},
        {"name": "after", "from_s": 3, "to_s": 4, "requests": 2, "errors": 0, "refused": 1, "p50_ms": 10, "p99_ms": 20},
    ]
    assert figures.total() == {"requests": 11, "errors": 1, "refused": 1, "p50_ms": 10, "p99_ms": 9000}


def test_a_sample_is_of_what_ended_since_the_one_before() -> None:
    figures = Figures(STEP)
    for latency_s in (0.1, 0.2, 0.3):
        figures.hear(Ended(0.5, latency_s, Went.ANSWERED))
    figures.hear(Ended(0.5, 0.4, Went.FAILED))
    first = figures.sample(span_s=2, begun=6)
    assert first == {"span_s": 2, "requests": 3, "answers": 1.5, "errors": 0.5, "p50_ms": 200, "p99_ms": 400}
    assert figures.sample(span_s=1, begun=0) == {
        **dict.fromkeys(("requests", "answers", "errors"), 0),
        **{"span_s": 1, "p50_ms": None, "p99_ms": None},
    }
    assert figures.total()["requests"] == 4


def test_any_part_of_a_load_has_figures_of_all_that_was_due_in_it() -> None:
    figures = Figures(STEP)
    for due_s, latency_s, how in ((1.0, 0.1, Went.ANSWERED), (1.5, 0.2, Went.ANSWERED), (2.0, 9.0, Went.FAILED)):
        figures.hear(Ended(due_s, latency_s, how))
    part = {"from_s": 1.2, "to_s": 2.5, "requests": 2, "errors": 1, "refused": 0, "p50_ms": 200, "p99_ms": 9000}
    assert figures.between(1.2, 2.5) == part
    assert figures.between(1.0, 2.0)["p99_ms"] == 200, "what is due at the end belongs to the next part"
    nothing = dict.fromkeys(("requests", "errors", "refused"), 0) | dict.fromkeys(("p50_ms", "p99_ms"))
    assert figures.between(3, 4) == {"from_s": 3, "to_s": 4, **nothing}


@pytest.mark.parametrize(
    ("status", "failure", "how"),
    [
        (200, "", Went.ANSWERED),
        (201, "", Went.ANSWERED),
        (404, "", Went.REFUSED),
        (503, "", Went.FAILED),
        (0, "no connection", Went.FAILED),
        (0, "cut in the answer", Went.FAILED),
    ],
)
def test_how_a_request_went_is_told_by_its_answer(status: int, failure: str, how: Went) -> None:
    assert went(status, failure) is how


@pytest.mark.parametrize("outcome", Outcome)
def test_an_attempt_that_ended_without_a_yes_or_a_no_is_in_doubt_also_once_its_repeat_is_answered(
    outcome: Outcome,
) -> None:
    notes, first = Notes(), Waiting(What.ENTRY, "r1-0-1", 3.0)
    for sent, came in (first, outcome), (first._replace(sent_s=4.0), Outcome.ACKNOWLEDGED):
        notes.send(sent)
        assert notes.waiting() == {sent}
        notes.attempt(Attempt(sent.key, came, sent.sent_s, sent.sent_s + 1, 0, "", "", altered=False), sent.what)
    assert notes.waiting() == frozenset()
    assert notes.in_doubt() == ({first} if outcome is Outcome.INDETERMINATE else frozenset())
