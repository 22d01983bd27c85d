"""Scale-in without a scratch: a worker leaves under load and no visitor notices; and how it would be without that."""

import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from lab.flows import deployment, fleet
from lab.flows.deployment import Deployment
from lab.flows.fleet import ScaleIn
from lab.host.wait import await_until
from lab.model.deadline import Deadline
from lab.model.node import NodeName, State
from lab.traffic.visitor import Visitor
from tests.conftest import type_well
from tests.contract.conftest import W1, W2, W3, W4, Saw, assert_ready, history, say_nothing
from tests.contract.crowd import Crowd

VISITORS, IN_FLIGHT_AT_LEAST = 40, 20


@pytest.fixture
def roomy(whole: Deployment, by: Deadline) -> Iterator[Deployment]:
    """A lab of four workers; `up` makes it one of two again, without a warm pool."""
    yield fleet.grow(whole, 2, say_nothing, by)
    deployment.restaff(whole, [1, 2], pool=[])


def in_flight(lab: Deployment, names: list[NodeName], by: Deadline) -> int:
    """The requests that these workers are at right now, as the load balancer counts them."""
    wanted = {str(name) for name in names}
    return sum(server.sessions for server in lab.loadbalancer().servers(by) or [] if server.name in wanted)


def await_busy(lab: Deployment, names: list[NodeName], least: int, by: Deadline) -> int:
    """Returns, with their number, once so many requests are in flight on these workers."""
    seen = [0]

    def probe() -> str | None:
        seen.append(in_flight(lab, names, by))
        return None if seen[-1] >= least else f"{seen[-1]} in flight"

    await_until(probe, by, what=f"{least} requests in flight", mend="")
    return seen[-1]


@pytest.mark.long("vagrant")
@pytest.mark.parametrize("how", ScaleIn)
def test_workers_leave_under_load_and_no_visitor_notices(
    roomy: Deployment,
    url: str,
    visitor: Visitor,
    how: ScaleIn,
    by: Deadline,
    saw: Saw,
) -> None:
    began = time.time()
    with Crowd(url, VISITORS) as crowd:
        for victim in (W4, W3):
            await_busy(roomy, [victim], 4, by)
            roomy = fleet.shrink(roomy, victim, how, 300, say_nothing, by)
        served = crowd.served
        await_until(lambda: None if crowd.served > served + VISITORS else "few", by, what="traffic", mend="")
    saw(f"{crowd.served:,} requests, {sum(crowd.errors.values())} errors")
    assert crowd.errors == {}
    assert crowd.served > 3 * VISITORS
    assert visitor.missing() == []
    seen = fleet.seen(roomy, by)
    assert (seen.serving, seen.draining, seen.dead) == ((W1, W2), (), ())
    assert seen.asleep == ((W3, W4) if how is ScaleIn.SLEEP else ())
    there = roomy.states(by)
    left = State.SLEEPING if how is ScaleIn.SLEEP else State.ABSENT
    assert there.get(W3, State.ABSENT) is left
    nodes, _ = history(roomy, began)
    assert nodes == {str(name): ["draining", str(left)] for name in (W3, W4)}


@pytest.mark.long("vagrant")
def test_the_same_load_notices_workers_that_are_killed_without_a_drain(
    roomy: Deployment, url: str, visitor: Visitor, by: Deadline, saw: Saw
) -> None:
    victims = [W2, W3, W4]
    with Crowd(url, VISITORS) as crowd:
        busy = await_busy(roomy, victims, IN_FLIGHT_AT_LEAST, by)
        with ThreadPoolExecutor(len(victims)) as at_once:
            list(at_once.map(lambda name: roomy.substrate.destroy(roomy.lab, name, by), victims))
        served = crowd.served
        await_until(lambda: None if crowd.served > served + VISITORS else "few", by, what="traffic", mend="")
    errors = sum(crowd.errors.values())
    saw(f"{busy} requests in flight at the kills, {crowd.served:,} served, {errors} errors")
    assert busy >= IN_FLIGHT_AT_LEAST
    assert errors > 0, crowd.answers
    # A read is repeated on another worker. The few that met one dead worker after the other are failed, too.
    failed = {
        method: sum(count for answer, count in crowd.errors.items() if answer.startswith(method))
        for method in ("GET", "PUT")
    }
    assert failed["GET"] < failed["PUT"] / 2, crowd.answers
    # What was acknowledged is there all the same: that is what a worker keeps nothing for.
    assert visitor.missing() == []


@pytest.mark.long("vagrant")
def test_a_shrink_that_was_interrupted_is_finished_by_the_next_one(roomy: Deployment, by: Deadline) -> None:
    numbers = [1, 2, 3]
    lab = deployment.restaff(roomy, numbers, pool=[4])
    lab.loadbalancer().drain(str(W4), by)
    assert fleet.seen(lab, by).draining == (W4,)
    fleet.shrink(lab, W4, ScaleIn.SLEEP, 300, say_nothing, by)
    assert fleet.seen(lab, by).asleep == (W4,)
    fleet.shrink(lab, W4, ScaleIn.SLEEP, 300, say_nothing, by)
    assert fleet.seen(lab, by).asleep == (W4,)


TWENTY, HALF, EACH_AT_LEAST = "test-twenty", 10, 100


def given(lab: Deployment, by: Deadline) -> Counter[str]:
    """How many requests each worker was given so far."""
    return Counter({server.name: server.requests for server in lab.loadbalancer().servers(by) or []})


@pytest.mark.long
@pytest.mark.only("docker")  # twenty machines do not fit
def test_twenty_workers_get_their_share_and_ten_of_them_come_and_go_unnoticed(
    substrate_name: str, by: Deadline, saw: Saw
) -> None:
    type_well("up", substrate_name, "--workers", str(HALF), "--name", TWENTY)
    try:
        lab = deployment.load(TWENTY, substrate_name)
        with Crowd(lab.substrate.url(lab.plan), VISITORS) as crowd:
            await_until(lambda: None if crowd.served > VISITORS else "few", by, what="traffic", mend="")
            lab = fleet.grow(lab, HALF, say_nothing, by)
            served = crowd.served
            await_until(lambda: None if crowd.served > served + VISITORS else "few", by, what="calm", mend="")
            before = given(lab, by)

            def probe() -> str | None:
                got = given(lab, by)
                return None if (got - before).total() >= 2 * HALF * EACH_AT_LEAST else f"{got}"

            await_until(probe, by, what="traffic for each", mend="", every_s=0.5)
            shares = given(lab, by) - before
            for spec in lab.plan.workers()[HALF:]:
                lab = fleet.shrink(lab, spec.name, ScaleIn.DELETE, 300, say_nothing, by)
            served = crowd.served
            await_until(lambda: None if crowd.served > served + VISITORS else "few", by, what="traffic", mend="")
        share = shares.total() / (2 * HALF)
        least, most = (f"{got / share:.1%}" for got in (min(shares.values()), max(shares.values())))
        told = f"{shares.total():,} requests over {len(shares)} workers, {least} to {most} of an equal share each"
        saw(f"{told}; {crowd.served:,} in all, {sum(crowd.errors.values())} errors")
        assert crowd.errors == {}
        assert len(shares) == 2 * HALF
        assert all(0.9 * share <= got <= 1.1 * share for got in shares.values()), shares
        assert len(fleet.seen(lab, by).serving) == HALF
    finally:
        type_well("destroy", substrate_name, "--volumes", "--yes", "--name", TWENTY)


STICKY = "test-sticky"


@pytest.fixture
def sticky(substrate_name: str) -> Iterator[Deployment]:
    """A lab whose users stay with their worker."""
    type_well("up", substrate_name, "--stateful", "--workers", "2", "--name", STICKY)
    yield deployment.load(STICKY, substrate_name)
    type_well("destroy", substrate_name, "--volumes", "--yes", "--name", STICKY)


@pytest.mark.long
def test_where_users_stay_with_their_worker_it_waits_for_them_for_so_long_and_no_longer(
    sticky: Deployment, by: Deadline
) -> None:
    visitor = Visitor(sticky.substrate.url(sticky.plan))
    visitors_worker = NodeName.parse(visitor.log_in())
    empty = W2 if visitors_worker == W1 else W1
    sticky = fleet.grow(sticky, 1, say_nothing, by)
    began = time.monotonic()
    sticky = fleet.shrink(sticky, empty, ScaleIn.DELETE, 300, say_nothing, by)
    assert time.monotonic() - began < 150, "nobody was there: it ends early"
    assert visitor.missing() == []
    began = time.monotonic()
    sticky = fleet.shrink(sticky, visitors_worker, ScaleIn.DELETE, 5, say_nothing, by)
    assert time.monotonic() - began >= 5, "its user was there until a moment ago"
    assert_ready(sticky, W3)
