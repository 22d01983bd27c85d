"""The schedule of a run is drawn from its seed, and from nothing else."""

from dataclasses import replace
from typing import cast

from hypothesis import given
from hypothesis import strategies as st

from lab.faults.base import NEEDS_ROOT, NO_POWER
from lab.faults.catalogue import FAULTS, RANDOM, impossible, schedule
from lab.model.deadline import Deadline
from lab.substrates.base import Substrate
from tests.unit.faults.ground import ground, planned

NODES = [spec.name for spec in planned((1, 2, 5)).nodes]
possibles = st.sets(st.sampled_from(sorted(FAULTS)), min_size=1).map(sorted)
asked = st.lists(st.sampled_from([*FAULTS, RANDOM]), max_size=8)
kills, seeds = st.integers(0, 20), st.integers(0, 2**32)


@given(asked, kills, possibles, seeds)
def test_a_schedule_has_what_was_asked_for_in_order_then_the_kills(
    names: list[str], kills: int, possible: list[str], seed: int
) -> None:
    drawn = schedule(names, kills, possible, NODES, seed)
    assert [one.fault for one in drawn[len(names) :]] == ["kill"] * kills
    for name, one in zip(names, drawn, strict=False):
        assert one.fault == name if name != RANDOM else one.fault in possible
    assert all(one.target in NODES and one.target.role is FAULTS[one.fault].role for one in drawn)


@given(asked, kills, possibles, seeds)
def test_the_same_seed_repeats_the_schedule(names: list[str], kills: int, possible: list[str], seed: int) -> None:
    again = schedule(names, kills, reversed_set(possible), NODES, seed)
    assert schedule(names, kills, possible, NODES, seed) == again


def reversed_set(names: list[str]) -> list[str]:
    return list(reversed(names))


def test_what_needs_a_power_that_an_engine_lacks_is_said_with_the_power() -> None:
    powerless = replace(ground(), substrate=cast(Substrate, object()))
    found = impossible(powerless, FAULTS, Deadline.after(30, "one test"))
    need_root = ("database-kill", "drive-away", "disk-full", "cut-store", "cut-balancer", "delay", "loss", "answer-cut")
    assert found == dict.fromkeys((*need_root, "clock"), NEEDS_ROOT) | dict.fromkeys(("pause", "store-off"), NO_POWER)
    assert NEEDS_ROOT.startswith("needs root")


def test_another_seed_draws_another_schedule() -> None:
    drawn = {tuple(schedule([RANDOM] * 5, 5, sorted(FAULTS), NODES, seed)) for seed in range(10)}
    assert len(drawn) == 10
