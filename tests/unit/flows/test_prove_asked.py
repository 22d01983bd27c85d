"""What a run may take at most, which faults a seed draws for it, and what it is called."""

import time
from dataclasses import replace
from typing import cast

import pytest

from lab.faults.base import Ground
from lab.faults.catalogue import RANDOM
from lab.flows import prove
from lab.ledger import writes
from lab.ledger.plan import LONGEST_S
from lab.model.deadline import Deadline
from lab.model.errors import UsageError
from lab.substrates.base import Substrate
from tests.unit.faults.ground import ground

SEEDS = range(30)


def _asked(
    kills: int = 3, duration_s: float = 20.0, faults: tuple[str, ...] = ("pause",), seed: int = 1
) -> prove.Asked:
    return prove.Asked("lab", "docker", kills, faults, 30.0, duration_s, seed)


def _drawn(on: Ground, *faults: str, seed: int) -> list[str]:
    """The faults of a run without kills on this ground."""
    asked, by = _asked(kills=0, faults=faults, seed=seed), Deadline.after(30, "one test")
    return [planned.fault for planned in prove._schedule(asked, on, by)]


@pytest.fixture
def powerless() -> Ground:
    """A ground whose engine can only do what each can."""
    return replace(ground(), substrate=cast(Substrate, object()))


def test_random_is_a_word_of_its_own_beside_the_faults() -> None:
    prove._check(_asked(faults=("pause", RANDOM)))
    with pytest.raises(UsageError, match="there is no fault 'earthquake'"):
        prove._check(_asked(faults=(RANDOM, "earthquake")))


def test_at_random_all_that_can_be_made_on_a_ground_is_drawn_and_nothing_else(powerless: Ground) -> None:
    drawn = {fault for seed in SEEDS for fault in _drawn(powerless, RANDOM, RANDOM, seed=seed)}
    assert drawn == {"kill", "stop", "balancer-restart"}


def test_what_was_asked_for_by_name_is_refused_where_it_cannot_be_made_also_beside_random(powerless: Ground) -> None:
    with pytest.raises(UsageError, match="pause: not on this substrate"):
        _drawn(powerless, RANDOM, "pause", seed=1)


def test_the_same_seed_draws_the_same_faults_and_targets_another_one_others(powerless: Ground) -> None:
    by = Deadline.after(30, "one test")
    runs = [prove._schedule(_asked(faults=(RANDOM,) * 3, seed=seed), powerless, by) for seed in (5, 5, 6)]
    assert runs[0] == runs[1] != runs[2]


def test_the_time_of_a_run_grows_with_its_faults_and_its_duration() -> None:
    assert prove.longest_s(_asked(kills=4)) > prove.longest_s(_asked())
    assert prove.longest_s(_asked(duration_s=7200.0)) >= 7200.0 + prove.longest_s(_asked(duration_s=0.1)) - 1
    assert prove.longest_s(_asked(kills=100)) <= LONGEST_S


@pytest.mark.parametrize("asked", [_asked(kills=1000), _asked(duration_s=LONGEST_S)])
def test_a_run_that_could_not_end_within_a_day_is_refused_at_once(asked: prove.Asked) -> None:
    with pytest.raises(UsageError, match="and a run has 24 h") as refused:
        prove.longest_s(asked)
    assert refused.value.where == "--kills, --fault, --duration"


def test_a_runs_name_begins_with_its_year_so_that_the_latest_comes_last() -> None:
    name = prove.new_run()
    assert writes.RUN.fullmatch(name)
    assert abs(time.mktime(time.strptime(name[:12], "%y%m%d%H%M%S")) - time.time()) < 60
