"""The autoscaler on a lab that is a queueing model: a step, a drift, a steady hour, a day of traffic in seconds."""

import math
from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from lab.scaling.decisions import Grow, Replace
from lab.scaling.limits import Limits
from tests.unit.scaling.queueing import Lab, back_at_most, taken_back

FOUR = Limits(least=1, most=4, target=4.0, cooldown_s=60.0)


def test_a_step_to_four_times_the_load_is_answered_within_four_seconds_and_given_back_after_the_window() -> None:
    step_s, end_s = 120, 420
    lab = Lab(FOUR, lambda at: 28.0 if step_s <= at < end_s else 7.0, seed=4).run(step_s)
    assert lab.made == []
    lab.run(end_s - step_s)
    at_s, first = lab.made[0]
    assert isinstance(first, Grow)
    assert at_s - step_s <= 4
    # The load is the work of 2.8 workers: three would have more than three quarters of what they can do.
    assert (max(lab.counts), lab.counts[-1]) == (4, 4)
    assert lab.backlog[-1] < 20
    lab.run(400)
    assert lab.counts[-1] == 1


def test_a_drift_waits_for_the_stable_window_and_asks_for_no_more_than_it_needs() -> None:
    lab = Lab(FOUR, lambda at: min(9.5, 2 + at / 40), seed=3).run(1200)
    at_s, first = lab.made[0]
    assert isinstance(first, Grow)
    assert at_s > 60
    assert lab.counts[-1] == 2


@pytest.mark.parametrize("load", [0.5, 1.3, 2.4, 3.2])
@pytest.mark.parametrize("per_s", [3, 10])
def test_a_steady_load_keeps_its_workers(load: float, per_s: int) -> None:
    lab = Lab(FOUR, lambda _: load * per_s, per_s=per_s).run(1800)
    settled = len(lab.made)
    lab.run(1800)
    assert len(lab.made) - settled <= 1, lab.made


@settings(max_examples=15)
@given(
    load=st.floats(0.05, 0.95),
    most=st.integers(1, 8),
    target=st.floats(2, 8),
    per_s=st.integers(2, 12),
    boot_s=st.floats(1, 40),
    seed=st.integers(0, 1_000_000),
)
@example(load=0.25, most=2, target=2.0, per_s=2, boot_s=1.0, seed=1)
@example(load=0.125, most=4, target=2.0, per_s=2, boot_s=1.0, seed=1)
# Here the breach that chance makes begins with clearly more than usual, and does not go on.
@example(load=0.25, most=2, target=2.0, per_s=2, boot_s=1.0, seed=986642)
@example(load=0.5521342816448304, most=3, target=2.695492619381349, per_s=4, boot_s=37.655264517424754, seed=854633)
def test_a_steady_load_finds_each_number_of_workers_too_few_once_at_most_and_thrice_where_few_come(
    load: float, most: int, target: float, per_s: int, boot_s: float, seed: int
) -> None:
    limits = Limits(1, most, target, cooldown_s=60.0)
    lab = Lab(limits, lambda _: load * most * per_s, per_s=per_s, boot_s=boot_s, seed=seed).run(2400)
    # Chance alone brings so many at once now and then that nobody could tell it from a breach; the next time one knows.
    again = Counter(taken_back(lab.made))
    assert max(again.values(), default=0) <= back_at_most(lab.rate(0)), lab.made
    for (before_s, _), (at_s, decision) in pairwise(lab.made):
        assert isinstance(decision, Grow) or at_s - before_s >= limits.cooldown_s


@pytest.mark.parametrize(("few", "many", "per_s"), [(0.5, 2, 1), (1, 4, 2), (2, 4, 4), (2, 8, 4), (5, 10, 10)])
def test_each_of_some_small_crowds_is_answered_and_given_back(few: float, many: float, per_s: int) -> None:
    begins_s = (60, 460, 860, 1260)
    labs = [
        Lab(
            Limits(1, 4, 3.0, cooldown_s=20.0),
            lambda at: many if any(begin <= at < begin + 120 for begin in begins_s) else few,
            per_s=per_s,
            boot_s=1.5,
            seed=seed,
        ).run(1600)
        for seed in (100, 101)
    ]
    assert all(max(lab.counts[begin : begin + 120]) > 1 for lab in labs for begin in begins_s)
    # One of them may be taken for chance, and what chance brings for one of them.
    assert sum(lab.counts[begin + 335] == 1 for lab in labs for begin in begins_s) >= 7


def test_a_dead_worker_is_replaced_at_once_also_within_the_cooldown() -> None:
    lab = Lab(Limits(3, 4, 4.0, cooldown_s=600.0), lambda _: 5.0, count=3).run(10)
    lab.die(2)
    lab.run(1)
    at_s, decision = lab.made[-1]
    assert (at_s, type(decision)) == (11, Replace)
    lab.run(10)
    assert lab.counts[-1] == 3


HOUR_S = 1200  # a third of one, so that each rise and fall is three times as steep as people make it


def day(at_s: float) -> float:
    """Requests a second: nearly none at night, two peaks, and a moment in which everybody comes at once."""
    hour = at_s / HOUR_S % 24
    curve = 2 + 18 * math.exp(-((hour - 11) ** 2) / 6) + 26 * math.exp(-((hour - 20) ** 2) / 3)
    return curve + (60 if 15 <= hour < 15 + 1 / 20 else 0)


def test_a_day_of_traffic_takes_seconds_and_half_of_the_workers() -> None:
    lab = Lab(Limits(1, 6, 4.0, cooldown_s=60.0), day, per_s=10, boot_s=20.0).run(24 * HOUR_S)
    night, evening = lab.counts[3 * HOUR_S], lab.counts[20 * HOUR_S]
    assert night == 1
    assert 4 <= evening <= 6
    assert sum(lab.counts) < 0.5 * 6 * 24 * HOUR_S
    full = sum(waiting > 8 * count for waiting, count in zip(lab.backlog, lab.counts, strict=True))
    assert full < 0.005 * 24 * HOUR_S
    assert len(lab.made) < 100
