"""The order of the runs, and how long they take."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.comparison import schedule
from lab.comparison.catalogue import Batch, Cost, Group, RowSpec
from lab.comparison.columns import Place, Way
from lab.comparison.schedule import ROUNDS, Task, Turn

BOX = Place("box", "Box", "box", Way.FRESH, is_machine=False)
COLD = Place("cold", "Machine, cold", "machine", Way.FRESH, is_machine=True)
WARM = Place("warm", "Machine, warm", "machine", Way.WARM, is_machine=True)
BARE = Place("bare", "Bare process", "box", Way.BARE, is_machine=False)


def batch(name: str, cost: Cost, *, ways: frozenset[Way] = frozenset(Way), often: int | None = None) -> Batch:
    """A batch of one row."""
    row = RowSpec(name, name, "s", "time", "lower", Group.START, "It measures.", "They differ.")
    return Batch(name, (row,), cost, ways, "no", is_standard=True, often=often, has_warm_up=often is None)


QUICK = batch("quick", Cost(bare=1, container=1, machine=9, woken=5))
LONG = batch("long", Cost(container=60, machine=120), ways=frozenset({Way.FRESH}), often=3)


def _all(tasks: list[Task]) -> list[Turn]:
    return schedule.coming(tasks, 0, {}, {})


def test_rounds_are_interleaved_and_a_columns_runs_come_together() -> None:
    tasks = schedule.tasks([QUICK, LONG], [BOX, COLD, WARM], None, {})
    order = [turn.task.name for turn in _all(tasks)]
    first = [("quick", "box"), ("long", "box"), ("quick", "cold"), ("long", "cold"), ("quick", "warm")]
    assert order[:5] == first
    columns = [column for _, column in order]
    changes = [here for here, before in zip(columns, [None, *columns], strict=False) if here != before]
    assert changes == ["box", "cold", "warm"] * ROUNDS


def _warm_ups(places: list[Place]) -> dict[tuple[str, str], list[int]]:
    """Those of each turn of a task that has any."""
    found: dict[tuple[str, str], list[int]] = {}
    for turn in _all(schedule.tasks([QUICK, LONG], places, None, {})):
        found.setdefault(turn.task.name, []).append(turn.warm_ups)
    return {name: each for name, each in found.items() if any(each)}


def test_a_warm_up_comes_before_the_first_run_and_never_where_it_takes_long() -> None:
    once = [1, *[0] * (ROUNDS - 1)]
    assert _warm_ups([BARE, BOX]) == {("quick", "bare"): once, ("quick", "box"): once}


def test_a_machine_has_one_in_each_round_where_it_sleeps_between_them() -> None:
    assert _warm_ups([BOX, COLD])["quick", "cold"] == [1] * ROUNDS
    assert _warm_ups([BOX, COLD])["quick", "box"] == [1, *[0] * (ROUNDS - 1)]
    # Both are of one lab, which is awake all the time.
    assert set(map(tuple, _warm_ups([COLD, WARM]).values())) == {(1, *[0] * (ROUNDS - 1))}


@given(st.integers(1, 60))
def test_as_many_runs_are_made_as_were_asked_for_spread_over_the_rounds(repeats: int) -> None:
    turns = _all(schedule.tasks([QUICK], [BOX], repeats, {}))
    assert sum(turn.runs for turn in turns) == repeats
    assert max(turn.runs for turn in turns) - min(turn.runs for turn in turns) <= 1
    assert len(turns) == min(repeats, ROUNDS)


def test_what_was_done_is_not_done_again() -> None:
    tasks = schedule.tasks([QUICK], [BOX, COLD], 5, {("quick", "box"): 5, ("quick", "cold"): 3})
    assert [(task.name, task.runs) for task in tasks] == [(("quick", "cold"), 2)]


SLOW = batch("slow", Cost(container=8, machine=40))
RATE = dataclasses.replace(SLOW, rows=(dataclasses.replace(SLOW.rows[0], unit="requests/s", kind="rate"),))


@pytest.mark.parametrize(
    ("one", "place", "done", "told_s", "left"),
    [
        (SLOW, BOX, 3, 1.5, 17),
        (SLOW, BOX, 5, 1.5, 15),
        (SLOW, BOX, 7, 1.5, 13),
        (SLOW, BOX, 12, 1.5, 8),
        (SLOW, BOX, 20, 1.5, 0),
        (SLOW, BOX, 3, 2.5, 2),
        (SLOW, BOX, 7, 2.5, 0),
        (SLOW, COLD, 5, 1.5, 0),  # Dear, as far as is known.
        (SLOW, COLD, 7, 1.5, 13),  # It was not, or there were 5.
        (RATE, BOX, 3, None, 2),
        (RATE, BOX, 5, None, 0),
        (RATE, BOX, 7, None, 13),
    ],
)
def test_what_was_quick_before_an_interruption_is_measured_as_often_as_without_one(
    one: Batch, place: Place, done: int, told_s: float | None, left: int
) -> None:
    name = one.name, place.key
    told = {name: [told_s] * done} if told_s is not None else {}
    tasks = schedule.tasks([one], [place], None, {name: done}, told)
    assert sum(turn.runs for turn in _all(tasks)) == sum(map(schedule.wanted, tasks)) == left
    assert bool(tasks) is bool(left)


def test_what_was_told_before_counts_with_what_is_told_now() -> None:
    name = SLOW.name, BOX.key
    [task] = schedule.tasks([SLOW], [BOX], None, {name: 7}, {name: [1.9] * 7})
    assert schedule.wanted(task, [4.0], [1.9]) == 13
    assert schedule.wanted(task, [4.0], [3.0]) < 0
    assert schedule.wanted(task, [12.0], [1.9]) < 0
    assert schedule.turn([task], 0, {name: [4.0]}, {name: 1}, {name: [3.0]}).runs == 0
    # Made by nobody else before: the catalogue's number, until there is a run.
    assert schedule.wanted(dataclasses.replace(task, runs=5, before=0, told=())) == 5


def test_what_turns_out_quick_is_measured_more_often_unless_somebody_said_how_often() -> None:
    took = {("quick", "cold"): [1.5, 1.0]}
    for repeats, wanted in ((None, 20), (6, 6)):
        tasks = schedule.tasks([QUICK], [COLD], repeats, {})
        runs = schedule.turn(tasks, 0, {}, {}).runs
        assert runs == 2
        for step in schedule.steps(tasks)[1:]:
            runs += schedule.turn(tasks, step, took, {("quick", "cold"): runs}).runs
        assert runs == wanted


def test_an_estimate_is_the_catalogues_and_counts_that_labs_are_brought_up_and_wakened() -> None:
    alone = _all(schedule.tasks([QUICK], [BOX], 5, {}))
    assert schedule.left_s(alone, {}) == pytest.approx(6 * 1 + 15 + 10)
    assert schedule.left_s(alone, {}, opened=["box"]) == pytest.approx(6 * 1 + 3)
    both = _all(schedule.tasks([QUICK], [BOX, COLD], 5, {}))
    runs_s = 6 * 1 + (5 + ROUNDS) * 9
    assert schedule.left_s(both, {}, opened=["box", "machine"]) == pytest.approx(runs_s + ROUNDS * (3 + 25))
    beside = _all(schedule.tasks([QUICK], [BARE, BOX], 5, {}))
    assert schedule.left_s(beside, {}, opened=["box"]) == pytest.approx(6 * 1 + 6 * 1 + ROUNDS * (3 + 3))


def test_an_estimate_follows_what_runs_take() -> None:
    turns = _all(schedule.tasks([QUICK, LONG], [BOX], 5, {}))
    runs_s, woken_s = 6 * 1 + 5 * 60, 3
    assert schedule.left_s(turns, {}, ["box"]) == pytest.approx(runs_s + woken_s)
    # Twice as long as expected: so will be what was not measured yet.
    assert schedule.left_s(turns, {("quick", "box"): [2.0, 2.0]}, ["box"]) == pytest.approx(2 * runs_s + woken_s)


def test_how_often_is_by_what_the_first_row_measures_and_not_by_what_makes_ready_for_it() -> None:
    for place, run_s, own, wanted in (
        (BOX, 8.0, [], 5),
        (BOX, 8.0, [0.1, 0.2], 20),
        (BOX, 8.0, [2.5], 5),
        (COLD, 40.0, [0.1], 5),  # Dear: twenty of these would be a quarter of an hour.
    ):
        [task] = schedule.tasks([SLOW], [place], None, {})
        assert schedule.wanted(task, [run_s], own) == wanted
        told = {task.name: own}
        turns = schedule.coming([task], 1, {task.name: [run_s]}, {task.name: 1}, told)
        assert 1 + sum(turn.runs for turn in turns) == wanted


def test_nothing_to_do_takes_no_time() -> None:
    assert schedule.left_s([], {}) == 0
    assert list(schedule.steps([])) == []
