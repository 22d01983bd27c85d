"""The autoscaler on workers that are bound by CPU: few requests are there at a time until a worker is nearly full."""

from collections import Counter

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from lab.scaling.decisions import Grow
from lab.scaling.limits import Limits
from tests.unit.scaling.queueing import back_at_most, taken_back
from tests.unit.scaling.quota import QuotaLab

# As the benchmark has them: four workers at most, half of eight places, twenty seconds.
FOUR = Limits(least=1, most=4, target=4.0, cooldown_s=20.0)
STEP_S, END_S = 60, 300


def step(share: float, seed: int, *, is_even: bool) -> QuotaLab:
    """A lab after a load of this share of what one worker can do, four times that, and the first one again."""
    lab = QuotaLab(FOUR, lambda _: 0.0, boot_s=1.5, seed=seed, is_even=is_even)
    lab.rate = lambda at_s: share * lab.capacity * (4 if STEP_S <= at_s < END_S else 1)
    return lab.run(END_S + 150)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("share", [0.5, 0.6])
def test_a_step_to_four_times_the_load_gets_its_workers_at_once_and_keeps_them(share: float, seed: int) -> None:
    lab = step(share, seed, is_even=True)
    at_s, first = lab.made[0]
    assert isinstance(first, Grow)
    assert at_s - STEP_S <= 4
    assert first.wanted >= 3
    assert [decision for _, decision in lab.made[1:] if isinstance(decision, Grow)] == []
    assert lab.slowest(STEP_S + 10, END_S) <= 2 * lab.slowest(0, STEP_S)
    assert lab.counts[-1] == 1


@pytest.mark.parametrize("seed", range(3))
def test_visitors_who_come_at_random_do_not_change_that(seed: int) -> None:
    lab = step(0.5, seed, is_even=False)
    assert taken_back(lab.made) == []
    assert lab.counts[END_S - 1] >= 3
    assert lab.counts[-1] == 1


@pytest.mark.parametrize("seed", range(3))
def test_after_each_crowd_of_several_the_lab_is_as_small_as_before(seed: int) -> None:
    lab = QuotaLab(FOUR, lambda _: 0.0, boot_s=1.5, seed=seed, is_even=True)
    lab.rate = lambda at_s: 0.5 * lab.capacity * (4 if 60 <= at_s % 300 < 120 else 1)
    lab.run(1200)
    assert {lab.counts[at_s] for at_s in (299, 599, 899, 1199)} == {1}


@settings(max_examples=6)
@given(
    load=st.floats(0.05, 0.95),
    most=st.integers(1, 3),
    cpu_s=st.floats(0.1, 0.3),
    heavy=st.floats(0.7, 1),
    wait_s=st.sampled_from([0.0, 0.02, 0.2]),
    boot_s=st.floats(1, 20),
    seed=st.integers(0, 1_000_000),
)
# One request a second: chance brings a worker back twice.
@example(load=0.3125, most=2, cpu_s=0.25, heavy=1.0, wait_s=0.0, boot_s=1.0, seed=427857)
def test_a_steady_load_finds_each_number_of_workers_too_few_once_at_most_and_thrice_where_few_come(
    load: float, most: int, cpu_s: float, heavy: float, wait_s: float, boot_s: float, seed: int
) -> None:
    limits = Limits(1, most, 4.0, cooldown_s=20.0)
    lab = QuotaLab(limits, lambda _: 0.0, boot_s=boot_s, seed=seed, cpu_s=cpu_s, heavy=heavy, wait_s=wait_s)
    lab.rate = lambda _: load * most * lab.capacity
    lab.run(1200)
    again = Counter(taken_back(lab.made))
    assert max(again.values(), default=0) <= back_at_most(lab.rate(0)), lab.made
