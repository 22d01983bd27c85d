"""Which worker goes."""

from dataclasses import replace

import pytest

from lab.loadbalancer.gauge import ServerSample
from lab.scaling.decide import decide
from lab.scaling.decisions import Shrink
from lab.scaling.limits import Victim
from lab.scaling.places import Fleet
from tests.unit.scaling.queueing import worker, workers
from tests.unit.scaling.situations import LIMITS, LONG_AGO, NOW, steadily


@pytest.mark.parametrize(("victim", "goes"), [(Victim.NEWEST, 3), (Victim.OLDEST, 1), (Victim.FEWEST, 2)])
def test_the_victim_is_chosen_as_the_setting_says(victim: Victim, goes: int) -> None:
    servers = {
        "worker-1": ServerSample("UP", sessions=2, queued=0, rate=0, since_s=900),
        "worker-2": ServerSample("UP", sessions=0, queued=0, rate=0, since_s=500),
        "worker-3": ServerSample("UP", sessions=1, queued=0, rate=0, since_s=20),
    }
    samples = [replace(each, per_server=servers) for each in steadily(0)]
    decision = decide(samples, Fleet(serving=workers(1, 2, 3)), replace(LIMITS, victim=victim), NOW, LONG_AGO)
    assert isinstance(decision, Shrink)
    assert decision.victim == worker(goes)


def test_where_users_stay_with_their_worker_who_has_the_fewest_of_them_goes_whatever_is_in_flight() -> None:
    servers = {
        f"worker-{number}": ServerSample("UP", sessions=sessions, queued=0, rate=0, since_s=9, users=users)
        for number, sessions, users in ((1, 0, 7), (2, 2, 3), (3, 1, 3))
    }
    samples = [replace(each, per_server=servers) for each in steadily(0)]
    fewest = replace(LIMITS, victim=Victim.FEWEST)
    decision = decide(samples, Fleet(serving=workers(1, 2, 3)), fewest, NOW, LONG_AGO)
    assert isinstance(decision, Shrink)
    assert decision.victim == worker(3)


@pytest.mark.parametrize("victim", Victim)
def test_where_it_is_a_draw_the_highest_number_goes(victim: Victim) -> None:
    decision = decide(steadily(0), Fleet(serving=workers(1, 2, 3)), replace(LIMITS, victim=victim), NOW, LONG_AGO)
    assert isinstance(decision, Shrink)
    assert decision.victim == worker(3)
