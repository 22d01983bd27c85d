"""The plan of a run comes from its seed alone."""

import math

import pytest

from lab.ledger.pace import Knot, Pace
from lab.ledger.plan import Does, Plan
from lab.ledger.writes import What, is_of
from lab.model.errors import UsageError


def test_the_same_seed_plans_the_same_and_another_one_does_not() -> None:
    first = list(Plan("r1", 7, 50, 20).steps())
    assert first == list(Plan("r1", 7, 50, 20).steps())
    again = list(Plan("r2", 7, 50, 20).steps())
    assert [(s.due_s, s.visitor, s.does) for s in first] == [(s.due_s, s.visitor, s.does) for s in again]
    assert [s.does for s in first] != [s.does for s in Plan("r1", 8, 50, 20).steps()]


def test_the_rate_is_steady_and_kinds_are_mixed() -> None:
    steps = list(Plan("r1", 1, 100, 10).steps())
    assert [step.due_s for step in steps] == [number / 100 for number in range(1000)]
    assert {step.does for step in steps} == set(Does) - {Does.WORK}
    assert {step.does.writes for step in steps} == {*What, None}


def test_keys_carry_the_run_and_no_two_writes_are_alike() -> None:
    plan = Plan("r1", 1, 100, 10)
    steps = list(plan.steps())
    assert all(is_of("r1", step.key) and is_of(f"r1-{step.visitor}", step.key) for step in steps)
    assert not any(is_of("r", step.key) for step in steps)
    assert len({step.key for step in steps}) == len(steps)
    written = [step.content for step in steps if step.does.writes]
    assert len(set(written)) == len(written)
    assert all(4 <= len(content) <= 4 * 1024 + 8 for content in written)


def test_each_visitor_logs_in_once_and_first() -> None:
    plan = Plan("r1", 1, 100, 10)
    seen: dict[int, Does] = {}
    for step in plan.steps():
        assert (step.does is Does.LOG_IN) == (step.visitor not in seen)
        seen[step.visitor] = step.does
    assert len(seen) == plan.visitors == 20


def test_with_work_most_requests_are_work_and_it_writes_nothing() -> None:
    steps = list(Plan.paced("r1", 1, Pace.steady(100, 10), cpu_ms=20).steps())
    work = [step for step in steps if step.does is Does.WORK]
    assert 0.55 < len(work) / len(steps) < 0.65
    assert {(step.cpu_ms, step.content, step.does.writes) for step in work} == {(20, b"", None)}
    assert {step.cpu_ms for step in steps if step.does is not Does.WORK} == {0}


def test_visitors_come_and_go_with_the_rate() -> None:
    plan = Plan.paced(
        "r1", 1, Pace((Knot(0, 10), Knot(10, 10), Knot(10, 40), Knot(20, 40), Knot(20, 10), Knot(30, 10)))
    )
    steps = list(plan.steps())
    assert len(steps) == plan.requests == 600
    assert [plan.present(at_s) for at_s in (5, 15, 25, 30)] == [5, 20, 5, 0]
    for begin_s, visitors in ((0, 5), (10, 20), (20, 5)):
        there = {step.visitor for step in steps if begin_s <= step.due_s < begin_s + 10}
        assert there == set(range(visitors))
    first = {step.visitor: step.does for step in reversed(steps)}
    assert set(first.values()) == {Does.LOG_IN}


@pytest.mark.parametrize(
    ("rate", "duration_s", "where"),
    [
        *((rate, 10, "--rate") for rate in (0, -1, math.nan, math.inf, 5001)),
        *((10, duration_s, "--duration") for duration_s in (0, math.nan, 1e9)),
    ],
)
def test_what_cannot_be_is_refused(rate: float, duration_s: float, where: str) -> None:
    with pytest.raises(UsageError) as refused:
        Plan("r1", 1, rate, duration_s)
    assert refused.value.where == where


@pytest.mark.parametrize("run", ["", "a-b", "A", "x" * 25, "a\n"])
def test_a_run_has_a_name_that_its_keys_can_carry(run: str) -> None:
    with pytest.raises(UsageError, match="is not the name of a run"):
        Plan(run, 1, 1, 1)
