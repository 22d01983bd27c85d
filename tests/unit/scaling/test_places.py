"""Who is where in the fleet: from what is wanted, what the engine tells, and what the load balancer tells."""

from dataclasses import fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.loadbalancer.config import Server
from lab.model.node import LOADBALANCER, NodeName, Role, State
from lab.scaling.places import Fleet, joined
from tests.unit.model.test_plan import make

W1, W2, W3 = (NodeName(Role.WORKER, number) for number in (1, 2, 3))
# Worker 1 is wanted in service, and 3 nowhere; 2 in the pool where a case is about it.
PLAN, POOLED = make(workers=(1,)), make(workers=(1,), pool=(2,))
RUNNING, SLEEPING, ABSENT = State.RUNNING, State.SLEEPING, State.ABSENT

CASES: dict[str, tuple[NodeName, State, str | None, Fleet]] = {
    "it serves": (W1, RUNNING, "UP", Fleet(serving=(W1,))),
    "it serves, one good check after a bad one": (W1, RUNNING, "UP 1/2", Fleet(serving=(W1,))),
    "it boots": (W1, RUNNING, None, Fleet(warming=(W1,))),
    "it was checked, and is not ready": (W1, RUNNING, "DOWN", Fleet(warming=(W1,))),
    "it is drained": (W1, RUNNING, "DRAIN", Fleet(draining=(W1,))),
    "it is told to end": (W1, State.DRAINING, "UP", Fleet(draining=(W1,))),
    "it is not there, which the load balancer does not know yet": (W1, ABSENT, "UP", Fleet(dead=(W1,))),
    "it is there in part": (W1, State.CREATING, None, Fleet(dead=(W1,))),
    "it ended": (W1, State.STOPPED, "DOWN", Fleet(dead=(W1,))),
    "it failed": (W1, State.FAILED, "DOWN", Fleet(dead=(W1,))),
    "it sleeps, with the whole lab or by itself": (W1, SLEEPING, "DOWN", Fleet(frozen=(W1,))),
    "it is being woken": (W1, SLEEPING, None, Fleet(frozen=(W1,))),
    "it sleeps in the pool": (W2, SLEEPING, None, Fleet(asleep=(W2,), dead=(W1,))),
    "it boots for the pool": (W2, RUNNING, None, Fleet(sleepy=(W2,), dead=(W1,))),
    "it goes back to the pool": (W2, RUNNING, "DRAIN", Fleet(draining=(W2,), dead=(W1,))),
    "it ends, in the pool": (W2, State.DRAINING, None, Fleet(dead=(W1,))),
    "it is gone from the pool": (W2, ABSENT, None, Fleet(lost=(W2,), dead=(W1,))),
    "it stopped in the pool": (W2, State.STOPPED, None, Fleet(lost=(W2,), dead=(W1,))),
    "it goes for good": (W3, RUNNING, "DRAIN", Fleet(draining=(W3,), dead=(W1,))),
    "it ended, and who removes it was killed": (W3, State.STOPPED, None, Fleet(draining=(W3,), dead=(W1,))),
    "it sleeps, and nobody wants it": (W3, SLEEPING, None, Fleet(draining=(W3,), dead=(W1,))),
    "it went": (W3, ABSENT, None, Fleet(dead=(W1,))),
}


@pytest.mark.parametrize("case", CASES)
def test_each_worker_is_where_engine_and_load_balancer_say(case: str) -> None:
    name, state, status, fleet = CASES[case]
    servers = [Server(str(name), status, 0, 0)] if status else []
    plan = POOLED if name == W2 else PLAN
    assert joined(plan, {LOADBALANCER: RUNNING, name: state}, servers) == fleet


def test_who_is_nowhere_has_no_place() -> None:
    fleet = Fleet(serving=(W1,), lost=(W2,))
    assert [fleet.place_of(name) for name in (W1, W2, W3)] == ["serving", "lost", ""]


def test_of_those_that_sleep_in_the_pool_the_outdated_ones_are_told_apart() -> None:
    plan = make(workers=(1,), pool=(2, 3))
    states = dict.fromkeys((W1, W2, W3), SLEEPING)
    assert joined(plan, states, [], old={W1, W3}) == Fleet(frozen=(W1,), asleep=(W2,), outdated=(W3,))
    awake = joined(plan, {**states, W3: RUNNING}, [], old={W3})
    assert awake == Fleet(frozen=(W1,), asleep=(W2,), outdated=(W3,)), "nobody puts it to sleep to wake it later"


NAMES = st.sampled_from([NodeName(Role.WORKER, number) for number in range(1, 6)])
STATUSES = st.sampled_from(["UP", "UP 1/2", "DOWN", "DOWN 1/2", "DRAIN", "MAINT", "no check"])


@given(st.dictionaries(NAMES, st.sampled_from(State)), st.dictionaries(NAMES, STATUSES), st.sets(NAMES))
def test_no_worker_is_in_two_places_and_only_one_that_runs_and_is_wanted_is_capacity(
    states: dict[NodeName, State], statuses: dict[NodeName, str], old: set[NodeName]
) -> None:
    plan = make(workers=(1, 2, 3), pool=(4,))
    servers = [Server(str(name), status, 0, 0) for name, status in statuses.items()]
    fleet = joined(plan, states, servers, old)
    places = [getattr(fleet, place.name) for place in fields(Fleet)]
    everybody = [name for place in places for name in place]
    assert len(everybody) == len(set(everybody))
    assert {*fleet.asleep, *fleet.sleepy, *fleet.outdated, *fleet.lost} <= {*plan.pool}
    wanted = {spec.name for spec in plan.workers()}
    assert wanted <= set(everybody)
    assert set(fleet.serving + fleet.warming) <= {name for name in wanted if states.get(name) is RUNNING}
    assert set(fleet.dead) <= wanted
