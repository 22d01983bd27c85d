"""The autoscaler on real engines: a step of the load, and what becomes of it when it is killed, stopped or doubled."""

import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from benchmarks.autoscale import steady
from benchmarks.autoscale_page import DECIDED_S_AT_MOST, REACHED_S_AT_MOST, STEP, is_growth, times
from benchmarks.capacity import WORK_MS
from lab.flows import autoscaler, deployment, fleet
from lab.flows.deployment import Deployment
from lab.host import children, paths
from lab.host.lock import Holder
from lab.host.wait import await_until
from lab.model.deadline import Deadline
from lab.model.node import NodeName, Role
from lab.scaling.limits import TARGET_SHARE
from lab.scaling.places import Fleet
from lab.traffic.visitor import Visitor
from tests.conftest import type_lab, type_well
from tests.contract.conftest import W1, W2, W3, bring_source_back, history, say_nothing, take_source_away
from tests.contract.crowd import Crowd, held_uploads

CROWD, UPLOADS = 10, 4
# What is asked of a quiet computer, `benchmarks/autoscale.py` measures.
GENEROUS = 3
DURATION_S = {"docker": 60, "vagrant": 240}
# Visitors do not wait for machines that boot: those of the step sleep in the warm pool before it.
ASLEEP = {"docker": 0, "vagrant": 2}
MOST = {"docker": 4, "vagrant": 3}


@pytest.fixture
def lab(whole: Deployment) -> Iterator[Deployment]:
    """A lab of workers 1 and 2; no autoscaler is left, and `up` makes it that again, without a warm pool."""
    yield whole
    type_lab("autoscale", whole.plan.substrate, "--stop", "--name", whole.lab)
    deployment.restaff(whole, [1, 2], pool=[])


@contextmanager
def autoscaling(lab: Deployment, *words: str) -> Iterator[Holder]:
    """An autoscaler in the background."""
    type_well("autoscale", lab.plan.substrate, *words, "--background", "--name", lab.lab)
    holder = autoscaler.running(lab.lab, lab.plan.substrate)
    assert holder is not None
    try:
        yield holder
    finally:
        type_well("autoscale", lab.plan.substrate, "--stop", "--name", lab.lab)


def await_fleet(lab: Deployment, wanted: Fleet, by: Deadline) -> None:
    def probe() -> str | None:
        seen = fleet.seen(lab, by)
        return None if seen == wanted else str(seen)

    await_until(probe, by, what="the fleet that is wanted", mend="", every_s=0.5)


def await_sizes(lab: Deployment, serving: int, asleep: int, by: Deadline) -> None:
    """Returns once so many workers serve and so many sleep, and no other is there: who goes first is who came into
    service last, which two that boot at the same time decide between themselves."""

    def probe() -> str | None:
        seen = fleet.seen(lab, by)
        sizes = tuple(len(names) for names in (seen.serving, seen.asleep, seen.warming, seen.draining, seen.dead))
        return None if sizes == (serving, asleep, 0, 0, 0) else str(seen)

    await_until(probe, by, what="a fleet of the wanted size", mend="", every_s=0.5)


def workers_there(lab: Deployment, by: Deadline) -> list[NodeName]:
    """The workers that the engine has, whatever the record says."""
    return [node.name for node in lab.substrate.nodes(lab.lab, by) if node.name.role is Role.WORKER]


@pytest.mark.long
def test_a_step_of_the_load_is_answered_in_time_and_given_back_without_an_error(lab: Deployment, by: Deadline) -> None:
    substrate = lab.plan.substrate
    base, target = steady(substrate), lab.deployed.topology.worker.max_connections * TARGET_SHARE
    asleep, most = ASLEEP[substrate], MOST[substrate]
    warm = ["--warm-pool", str(asleep), "--scale-in", "sleep"] if asleep else []
    with autoscaling(lab, "--min", "1", "--max", str(most), "--cooldown", "10", *warm):
        await_sizes(lab, 1, asleep, by)
        step = ["--profile", "step", "--base", f"{base:g}", "--peak", f"{STEP[substrate] * base:g}"]
        rest = ["--duration", str(DURATION_S[substrate]), "--work", str(WORK_MS[substrate]), "--prove", "--json"]
        told = json.loads(type_well("load", substrate, *step, *rest, "--name", lab.lab).out)
        await_sizes(lab, 1, asleep, by)
    peak = next(phase for phase in told["phases"] if phase["name"] == "during")
    step_at, end_at = (told["began_at"] + peak[edge] for edge in ("from_s", "to_s"))
    events = lab.timeline().read().events
    found = times(events, step_at, end_at, target, least=1)
    assert found.decided_s is not None
    assert found.decided_s <= DECIDED_S_AT_MOST
    assert found.reached_s is not None, [event.fields for event in events if is_growth(event)]
    what = f"{substrate}, from the warm pool" if asleep else substrate
    assert found.reached_s <= GENEROUS * REACHED_S_AT_MOST[what]
    assert found.back_s is not None
    assert found.most <= most
    assert (told["errors"], told["refused"], told["proof"]["lost"], told["proof"]["verdict"]) == (0, 0, 0, "kept")
    assert len(workers_there(lab, by)) == 1 + asleep


def test_a_second_autoscaler_is_refused_and_the_first_one_can_be_asked_for_and_ended(
    lab: Deployment, by: Deadline
) -> None:
    about = [lab.plan.substrate, "--name", lab.lab]
    bounds, began_at = ["--min", "2", "--max", "2"], time.time()

    def probe() -> str | None:
        # The timeline of the lab also has what autoscalers before this one saw.
        told = autoscaler.said(lab.lab, lab.plan.substrate)
        return None if all(event and event.at > began_at for event in told) else f"{told}"

    with autoscaling(lab, *bounds) as first:
        for more in ([], ["--background"]):
            refused = type_lab("autoscale", *about, *bounds, *more)
            assert refused.code != 0
            assert f"`lab autoscale {lab.plan.substrate}` (pid {first.pid}) is at work on this" in refused.err
        await_until(probe, by, what="a sample and a decision", mend="")
        told = type_well("autoscale", *about, "--status").out.splitlines()
        assert f"pid {first.pid}" in told[0]
        assert "2 workers" in told[1]
        assert "keep 2" in told[2]
    assert type_lab("autoscale", *about, "--status").code == 1
    assert fleet.seen(lab, by) == Fleet(serving=(W1, W2))


@pytest.mark.long("vagrant")
def test_a_worker_that_died_is_replaced(lab: Deployment, by: Deadline) -> None:
    with autoscaling(lab, "--min", "2", "--max", "2"):
        type_well("kill", f"{lab.plan.substrate}/worker-2", "--name", lab.lab)
        await_fleet(lab, Fleet(serving=(W1, W2)), by)


def is_written_down(lab: Deployment, _by: Deadline) -> bool:
    return deployment.load(lab.lab, lab.plan.substrate).deployed.workers == (1, 2, 3)


def is_made(lab: Deployment, by: Deadline) -> bool:
    return W3 in workers_there(lab, by)


def runs(lab: Deployment, by: Deadline) -> bool:
    seen = fleet.seen(lab, by)
    return W3 in seen.warming + seen.serving


def kill_when(lab: Deployment, holder: Holder, is_so: bool) -> str | None:
    if is_so:
        os.kill(holder.pid, signal.SIGKILL)
        return None
    return f"lab {lab.lab} is not so far"


def await_killed(lab: Deployment, holder: Holder, so_far: Callable[[Deployment, Deadline], bool], by: Deadline) -> None:
    """Returns once an autoscaler was killed when it was so far, and is gone."""
    started = children.start_time(holder.pid)
    await_until(lambda: kill_when(lab, holder, so_far(lab, by)), by, what="the middle", mend="", every_s=0.01)
    await_until(lambda: "it lives" if children.lives(holder.pid, started) else None, by, what="the end of it", mend="")


@pytest.mark.long("vagrant")
@pytest.mark.parametrize("so_far", [is_written_down, is_made, runs])
def test_one_that_is_killed_while_it_adds_leaves_no_orphan_and_no_double(
    lab: Deployment, so_far: Callable[[Deployment, Deadline], bool], by: Deadline
) -> None:
    bounds = ["--min", "3", "--max", "3"]
    with autoscaling(lab, *bounds) as first:
        await_killed(lab, first, so_far, by)
        with autoscaling(lab, *bounds):
            await_fleet(lab, Fleet(serving=(W1, W2, W3)), by)
    assert sorted(workers_there(lab, by)) == [W1, W2, W3]
    assert deployment.load(lab.lab, lab.plan.substrate).deployed.workers == (1, 2, 3)


@pytest.mark.long("vagrant")
def test_one_that_is_killed_while_it_fills_the_pool_or_wakes_a_worker_leaves_no_orphan_and_no_double(
    lab: Deployment, by: Deadline
) -> None:
    """Both in one: each boot costs a machine."""
    pooled, more = ["--min", "2", "--max", "3", "--warm-pool", "1"], ["--min", "3", "--max", "3"]
    with autoscaling(lab, *pooled) as first:
        await_killed(lab, first, is_made, by)
        with autoscaling(lab, *pooled):
            await_fleet(lab, Fleet(serving=(W1, W2), asleep=(W3,)), by)
    with autoscaling(lab, *more) as first:
        await_killed(lab, first, is_written_down, by)
        with autoscaling(lab, *more):
            await_fleet(lab, Fleet(serving=(W1, W2, W3)), by)
    assert sorted(workers_there(lab, by)) == [W1, W2, W3]
    found = deployment.load(lab.lab, lab.plan.substrate).deployed
    assert (found.workers, found.pool) == ((1, 2, 3), ())


@pytest.mark.long("vagrant")
@pytest.mark.parametrize("how", ["sleep", "delete"])
def test_one_that_is_killed_while_it_removes_leaves_nobody_half_removed(
    lab: Deployment, how: str, by: Deadline
) -> None:
    bounds = ["--min", "1", "--max", "1", "--scale-in", how]
    with autoscaling(lab, *bounds) as first:

        def probe() -> str | None:
            return kill_when(lab, first, len(deployment.load(lab.lab, lab.plan.substrate).deployed.workers) == 1)

        await_until(probe, by, what="the middle", mend="", every_s=0.01)
        with autoscaling(lab, *bounds):
            asleep = 1 if how == "sleep" else 0
            await_sizes(lab, 1, asleep, by)
    assert len(workers_there(lab, by)) == 1 + asleep


def is_drained_at_a_request(lab: Deployment, by: Deadline) -> bool:
    return any(server.is_held_back and server.sessions for server in lab.loadbalancer().servers(by) or [])


@pytest.mark.long
@pytest.mark.only("docker")
@pytest.mark.parametrize("how", ["sleep", "delete"])
def test_one_that_is_killed_while_a_worker_drains_leaves_it_to_the_next_one_which_awaits_its_requests(
    lab: Deployment, url: str, how: str, by: Deadline
) -> None:
    bounds = ["--min", "1", "--max", "1", "--scale-in", how]

    def at_both() -> str | None:
        told = {server.name: server.sessions for server in lab.loadbalancer().servers(by) or []}
        return None if len(told) == 2 and all(told.values()) else f"{told}"

    with held_uploads(url, UPLOADS) as end_uploads:
        await_until(at_both, by, what="an upload at each worker", mend="")
        with autoscaling(lab, *bounds) as first:
            await_killed(lab, first, is_drained_at_a_request, by)
            (going,), killed_at = fleet.seen(lab, by).draining, time.time()

            def drains_again() -> str | None:
                nodes, _ = history(lab, killed_at)
                return None if nodes == {str(going): ["draining"]} else f"{nodes}"

            with autoscaling(lab, *bounds):
                await_until(drains_again, by, what="the next one draining it", mend="", every_s=0.5)
                assert going in workers_there(lab, by), "requests in flight"
                assert end_uploads() == [201] * UPLOADS
                staying = tuple({W1, W2} - {going})
                await_fleet(lab, Fleet(serving=staying, asleep=(going,) if how == "sleep" else ()), by)
    assert sorted(workers_there(lab, by)) == ([W1, W2] if how == "sleep" else [*staying])
    found = deployment.load(lab.lab, lab.plan.substrate).deployed
    assert (found.workers, found.pool) == ((staying[0].index,), (going.index,) if how == "sleep" else ())


def is_forgotten(lab: Deployment, by: Deadline) -> bool:
    servers = lab.loadbalancer().servers(by)
    return servers is not None and str(W2) not in {server.name for server in servers}


def has_a_successor(lab: Deployment, by: Deadline) -> bool:
    return W2 in workers_there(lab, by)


def successor_runs(lab: Deployment, by: Deadline) -> bool:
    seen = fleet.seen(lab, by)
    return W2 in seen.warming + seen.serving


@pytest.mark.long
@pytest.mark.only("docker")
@pytest.mark.parametrize("so_far", [is_forgotten, has_a_successor, successor_runs])
def test_one_that_is_killed_while_it_replaces_a_dead_worker_leaves_no_orphan_and_no_double(
    lab: Deployment, so_far: Callable[[Deployment, Deadline], bool], by: Deadline
) -> None:
    bounds = ["--min", "2", "--max", "2"]
    with autoscaling(lab, *bounds) as first:
        # Not by `lab kill`, a process of its own: until that has ended the successor may serve.
        lab.substrate.destroy(lab.lab, W2, by)
        await_killed(lab, first, so_far, by)
        with autoscaling(lab, *bounds):
            await_fleet(lab, Fleet(serving=(W1, W2)), by)
    assert sorted(workers_there(lab, by)) == [W1, W2]
    found = deployment.load(lab.lab, lab.plan.substrate).deployed
    assert (found.workers, found.pool) == ((1, 2), ())


@pytest.mark.long
@pytest.mark.only("docker")
def test_one_that_is_killed_between_a_workers_waking_and_its_service_leaves_it_to_the_next_one(
    lab: Deployment, by: Deadline
) -> None:
    bounds = ["--min", "3", "--max", "3"]
    fleet.fill_pool(lab, 1, say_nothing, by)
    # Nobody is admitted before it has the newest source, so this keeps who was woken from getting any further.
    take_source_away(lab, by)
    try:
        with autoscaling(lab, *bounds) as first:
            await_killed(lab, first, runs, by)
    finally:
        bring_source_back(lab, by)
    assert fleet.seen(lab, by) == Fleet(serving=(W1, W2), warming=(W3,))
    with autoscaling(lab, *bounds):
        await_fleet(lab, Fleet(serving=(W1, W2, W3)), by)
    assert sorted(workers_there(lab, by)) == [W1, W2, W3]
    found = deployment.load(lab.lab, lab.plan.substrate).deployed
    assert (found.workers, found.pool) == ((1, 2, 3), ())


@pytest.mark.long("vagrant")
def test_the_warm_pool_is_filled_a_worker_of_it_is_used_first_and_it_is_emptied_if_somebody_says_so(
    lab: Deployment, by: Deadline
) -> None:
    with autoscaling(lab, "--min", "2", "--max", "3", "--warm-pool", "1"):
        await_fleet(lab, Fleet(serving=(W1, W2), asleep=(W3,)), by)
        type_well("kill", f"{lab.plan.substrate}/worker-2", "--name", lab.lab)
        # Whoever is awake first serves; the pool gets another one.
        await_fleet(lab, Fleet(serving=(W1, W3), asleep=(W2,)), by)
    with autoscaling(lab, "--min", "2", "--max", "3", "--warm-pool", "0"):
        await_fleet(lab, Fleet(serving=(W1, W3)), by)
    assert sorted(workers_there(lab, by)) == [W1, W3]


@pytest.mark.long("vagrant")
def test_destroy_ends_one_that_is_in_the_background(substrate_name: str) -> None:
    name = "test-ended"
    type_well("up", substrate_name, "--workers", "1", "--name", name)
    try:
        type_well("autoscale", substrate_name, "--max", "1", "--background", "--name", name)
        holder = autoscaler.running(name, substrate_name)
        assert holder is not None
        started = children.start_time(holder.pid)
        said = type_well("destroy", substrate_name, "--volumes", "--yes", "--dry-run", "--name", name).out
        assert f"would end the autoscaler of {substrate_name}" in said
    finally:
        type_well("destroy", substrate_name, "--volumes", "--yes", "--name", name)
    assert not children.lives(holder.pid, started)
    assert not paths.lab(name).exists()


@pytest.mark.long
def test_a_sticky_lab_leads_its_users_to_the_same_worker_and_knows_whose_they_are(
    substrate_name: str, by: Deadline
) -> None:
    name = "test-stays"
    type_well("up", substrate_name, "--sticky", "--workers", "2", "--name", name)
    try:
        lab = deployment.load(name, substrate_name)
        visitor = Visitor(lab.substrate.url(lab.plan))
        first = visitor.log_in()
        balancer = lab.loadbalancer()
        other = str(W2 if first == str(W1) else W1)
        assert balancer.users_of(first, by) == 1, "who has only logged in is a user"
        assert {visitor.write_entry(f"entry {number}") for number in range(10)} == {first}
        assert (balancer.users_of(first, by), balancer.users_of(other, by)) == (1, 0)
        # Nobody keeps data, so a user whose worker went is served by another one.
        fleet.shrink(lab, NodeName.parse(first), fleet.ScaleIn.DELETE, 2, lambda _: None, by)
        assert visitor.missing() == []
        assert visitor.write_entry("one more") == other
        assert balancer.users_of(other, by) == 1
        # Nor does anybody notice of those who are at it, when the time for their sessions is over.
        lab = fleet.grow(lab, 1, lambda _: None, by)
        with Crowd(lab.substrate.url(lab.plan), CROWD, logs_in=True) as crowd:
            await_until(lambda: None if crowd.served > CROWD else "few", by, what="traffic", mend="")
            assert balancer.users_of(other, by) > 1
            fleet.shrink(lab, NodeName.parse(other), fleet.ScaleIn.DELETE, 2, lambda _: None, by)
            served = crowd.served
            await_until(lambda: None if crowd.served > served + CROWD else "few", by, what="traffic", mend="")
        assert crowd.errors == {}
    finally:
        type_well("destroy", substrate_name, "--volumes", "--yes", "--name", name)
