"""What changed beyond the noise."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.comparison import diff, figures
from lab.comparison.diff import Change, Verdict
from lab.comparison.report import Better, Cell, Report
from tests.unit.comparison.reports import BARE, BOX, COLD, HOST, measured, report, row


def _change(before: Cell, after: Cell, better: Better = "lower") -> Change:
    first = row("a", {"box": before}).model_copy(update={"better": better})
    second = first.model_copy(update={"cells": {"box": after}})
    [found] = diff.changes(report(first), report(second))
    return found


def _verdict(before: list[float], after: list[float], better: Better = "lower") -> Verdict:
    return _change(measured(*before), measured(*after), better).verdict


ONE = [1.0, 1.01, 0.99, 1.02, 0.98]
TWO = [2.0, 2.01, 1.99, 2.02, 1.98]


@pytest.mark.parametrize(
    ("before", "after", "better", "verdict"),
    [
        (ONE, TWO, "lower", Verdict.WORSE),
        (TWO, ONE, "lower", Verdict.BETTER),
        (ONE, TWO, "higher", Verdict.BETTER),
        (TWO, ONE, "higher", Verdict.WORSE),
        (ONE, TWO, "neither", Verdict.CHANGED),
        (ONE, ONE, "lower", Verdict.SAME),
        ([0.0] * 5, [0.0] * 5, "lower", Verdict.SAME),
        ([0.0] * 5, [3.0] * 5, "lower", Verdict.WORSE),
        ([8.0] * 5, [8.0] * 5, "higher", Verdict.SAME),
        # Surely another value, and not enough of another.
        (ONE, [1.06, 1.07, 1.05, 1.08, 1.055], "lower", Verdict.SAME),
        # Far apart in the middle, and too scattered to be sure.
        ([1.0, 1.1, 1.2, 3.0, 4.0], [1.05, 1.9, 2.0, 2.1, 0.9], "lower", Verdict.SAME),
    ],
)
def test_the_rule(before: list[float], after: list[float], better: Better, verdict: Verdict) -> None:
    assert _verdict(before, after, better) is verdict


def test_five_runs_wholly_apart_are_a_change_also_where_two_of_them_are_alike() -> None:
    tied = [1.0, 1.0, 0.99, 1.02, 0.98]
    assert _verdict(tied, TWO) is Verdict.WORSE
    assert _change(measured(*tied), measured(*TWO)).why == "p = 0.0079"
    # One run that lies among the others, and it is none.
    assert _verdict(tied, [*TWO[:4], 1.0]) is Verdict.SAME


def test_a_change_says_how_many_times_as_much_with_its_interval() -> None:
    found = _change(measured(*ONE, 1.0), measured(*TWO, 2.0))
    assert found.ratio is not None
    assert found.ratio.low is not None
    assert found.ratio.high is not None
    assert 1.9 < found.ratio.low <= found.ratio.value == 2.0 <= found.ratio.high < 2.1
    assert found.why == "p = 0.0022"
    assert _change(measured(*ONE), measured(*TWO)).ratio == figures.Figure(5, 2.0, None, None)


def test_from_nothing_there_is_no_multiple() -> None:
    assert _change(measured(*[0.0] * 5), measured(*ONE)).ratio is None


@pytest.mark.parametrize(
    ("before", "after", "why"),
    [
        (measured(*ONE[:4]), measured(*TWO), "4 runs in the first are too few"),
        (measured(*ONE), measured(*TWO, noisy=True), "noisy in the second"),
        (Cell(state="failed", reason="it broke"), measured(*TWO), "failed in the first: it broke"),
        (measured(*ONE), Cell(state="not measured", reason="no root"), "not measured in the second: no root"),
    ],
)
def test_what_cannot_be_told_says_why(before: Cell, after: Cell, why: str) -> None:
    found = _change(before, after)
    assert (found.verdict, found.why) == (Verdict.UNKNOWN, why)


def test_words_changed_where_they_are_others() -> None:
    def cell(text: str) -> Cell:
        return Cell(state="measured", text=text)

    first, other = (report(row("a", {"box": cell(text)}, "", "words")) for text in ("Linux 6.1", "Linux 6.12"))
    [same], [changed] = diff.changes(first, first), diff.changes(first, other)
    assert (same.verdict, changed.verdict) == (Verdict.SAME, Verdict.CHANGED)
    assert changed.why == "Linux 6.1; then Linux 6.12"


def test_how_many_processes_there_are_is_no_change_and_whose_they_are_is_one() -> None:
    def of(text: str, name: str = "isolation-processes") -> Report:
        return report(row(name, {"box": Cell(state="measured", text=text)}, "", "words"))

    few, more = (of(f"{own}, none of this computer's other {all_}") for own, all_ in ((5, 231), (6, 244)))
    theirs = of("244, all of this computer's")
    assert [one.verdict for one in diff.changes(few, more)] == [Verdict.SAME]
    assert [one.verdict for one in diff.changes(few, theirs)] == [Verdict.CHANGED]
    fenced, free = (of(f"{count}, and can gain none", "isolation-capabilities") for count in (14, 40))
    assert [one.verdict for one in diff.changes(fenced, free)] == [Verdict.CHANGED]


def test_another_unit_cannot_be_told() -> None:
    first, other = (report(row("a", {"box": measured(*ONE)}, unit)) for unit in ("s", "ms"))
    [found] = diff.changes(first, other)
    assert (found.verdict, found.why) == (Verdict.UNKNOWN, "the row has another unit")


@given(st.integers(0, 2**32), st.integers(5, 20))
def test_samples_drawn_alike_are_hardly_ever_called_changed(seed: int, count: int) -> None:
    draw = random.Random(seed)
    first, second = ([draw.lognormvariate(0, 0.02) for _ in range(count)] for _ in range(2))
    assert diff.judge(first, second, "lower")[0] is Verdict.SAME


def test_the_rule_is_rarely_wrong_where_samples_scatter_much() -> None:
    draw, called = random.Random(1), 0
    for _ in range(300):
        first, second = ([draw.lognormvariate(0, 1) for _ in range(5)] for _ in range(2))
        called += diff.judge(first, second, "lower")[0] is not Verdict.SAME
    assert called < 10


def test_only_what_both_have_is_held_against_each_other() -> None:
    first = report(row("a", {"bare": measured(*ONE)}), row("b", {"bare": measured(*ONE)}), columns=(BARE,))
    second = report(row("a", {"bare": measured(*ONE), "box": measured(*ONE)}), columns=(BARE, BOX))
    assert [(one.row, one.column) for one in diff.changes(first, second)] == [("A", "bare")]
    assert diff.differences(first, second) == ["only the first has row B", "only the second has column Box"]


def test_what_else_is_not_the_same_is_told() -> None:
    kvm = COLD.model_copy(update={"settings": {"accelerator": "kvm"}})
    second = report(columns=(COLD,)).model_copy(update={"host": {**HOST, "memory": "9 GiB", "date": "later"}})
    assert diff.differences(report(columns=(kvm,)), second) == [
        "the computer: memory was 1 GiB, then 9 GiB",
        "Machine, cold: accelerator was kvm, then tcg",
    ]


def test_the_rule_is_said_with_its_figures() -> None:
    assert diff.RULE.startswith(
        "Changed: a Mann-Whitney test gives p below 0.01, and the medians are 10 % or more apart."
    )
