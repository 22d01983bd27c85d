"""What a killed process left on the way: into service, or out of it."""

from pathlib import Path
from typing import Any

import pytest

from lab.flows import deployment, drain, fleet, leases, readiness, staff, unfinished, up
from lab.flows.deployment import Deployment
from lab.flows.fleet import ScaleIn
from lab.host import lock
from lab.loadbalancer.config import Server
from lab.loadbalancer.runtime import LoadBalancer
from lab.model.deadline import Deadline
from lab.model.errors import LabError
from lab.model.node import Mode, Node, NodeName, Role, State
from lab.scaling.places import Fleet
from tests.unit.model.test_plan import KEYS, TOPOLOGY

W1, W2, W3, W4 = (NodeName(Role.WORKER, number) for number in range(1, 5))


@pytest.fixture
def by() -> Deadline:
    return Deadline.after(60, "one test")


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, Any]]:
    """What was done, in its order, to a sticky lab whose load balancer knows worker 1 only."""
    told: list[tuple[str, Any]] = []

    class Engine:
        def wake(self, _lab: str, names: list[NodeName], _by: Deadline) -> None:
            told.append(("wake", tuple(names)))

    def freshen(_lab: Deployment, names: list[NodeName], *_: object) -> None:
        told.append(("freshen", tuple(names)))

    def admit(lab: Deployment, names: list[NodeName], *_: object) -> Deployment:
        told.append(("admit", tuple(names)))
        return lab

    monkeypatch.setattr(up, "rest", lambda _: Engine())
    monkeypatch.setattr(LoadBalancer, "servers", lambda *_: [Server("worker-1", "UP", 0, 0)])
    monkeypatch.setattr(readiness, "await_node", lambda _lab, name, *_: told.append(("await", name)))
    monkeypatch.setattr(readiness, "await_store_used", lambda _lab, name, *_: told.append(("store", name)))
    monkeypatch.setattr(readiness, "await_drained", lambda _balancer, name, *_, **__: told.append(("drained", name)))
    monkeypatch.setattr(fleet, "freshen", freshen)
    monkeypatch.setattr(fleet, "admit", admit)
    monkeypatch.setattr(up, "end", lambda _lab, name, *_: told.append(("end", name)))
    monkeypatch.setattr(LoadBalancer, "users_of", lambda *_: 0)
    monkeypatch.setattr(LoadBalancer, "close", lambda _self, name, _by: told.append(("close", name)))
    return told


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Deployment:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    file = deployment.topology_file()
    return deployment.intend(
        "blue", "docker", mode=Mode.STATELESS, workers=2, topology=TOPOLOGY, file=file, keys=KEYS, sticky=True
    )


def test_who_was_being_woken_gets_the_time_and_the_source_and_reaches_the_store_before_any_traffic(
    lab: Deployment, told: list[tuple[str, Any]], by: Deadline
) -> None:
    # Worker 1 was in service, and only missed its checks: it is left as it is. Nobody wants worker 3 any more.
    fleet.finish(lab, (W1, W2, W3), lambda _: None, by)
    told.remove(("admit", (W1,)))
    assert told == [("await", W2), ("wake", (W2,)), ("freshen", (W2,)), ("store", W2), ("admit", (W2,))]


def test_one_that_a_refresh_made_and_did_not_check_before_it_was_cut_off_leaves(
    lab: Deployment, told: list[tuple[str, Any]], by: Deadline
) -> None:
    # Worker 1 was replaced by worker 2, which had no traffic yet when the refresh was cut off.
    unfinished.begin("blue", "docker", 1)
    unfinished.launched("blue", "docker", [W2])
    assert fleet.finish(lab, (W2,), lambda _: None, by).deployed.workers == (1,)
    assert told == [("end", W2)]
    assert unfinished.unchecked_of("blue", "docker") == frozenset()


@pytest.mark.parametrize(("pool", "is_held_against_it"), [([], True), ([3], False)])
def test_only_who_was_made_for_the_newest_version_speaks_against_it(
    pool: list[int], is_held_against_it: bool, lab: Deployment, monkeypatch: pytest.MonkeyPatch, by: Deadline
) -> None:
    def never(_lab: Deployment, name: NodeName, *_: object) -> None:
        raise readiness.UnreadyError(f"{name} did not become ready", where="here", mend="read its log")

    deployment.restaff(lab, [1, 2], pool=pool)
    monkeypatch.setattr(fleet, "_asleep", lambda lab, _by: lab.plan.pool)
    monkeypatch.setattr(Deployment, "states", lambda *_: {})
    monkeypatch.setattr(readiness, "await_node", never)
    monkeypatch.setattr(type(lab.substrate), "prepare", lambda *_: None)
    monkeypatch.setattr(up, "create", lambda *_: None)
    monkeypatch.setattr(up, "wake", lambda *_: None)
    with pytest.raises(LabError, match="worker-3 did not become ready") as raised:
        fleet.launch(lab, 1, lambda _: None, by)
    assert isinstance(raised.value, readiness.UnreadyError) is is_held_against_it


def test_whom_a_refresh_launches_is_noted_before_it_is_wanted_until_it_goes_or_somebody_else_makes_another(
    lab: Deployment, told: list[tuple[str, Any]], monkeypatch: pytest.MonkeyPatch, by: Deadline
) -> None:
    def restaff(*words: Any) -> Deployment:
        told.append(("wanted", unfinished.unchecked_of("blue", "docker")))
        return real(*words)

    real = deployment.restaff
    monkeypatch.setattr(type(lab.substrate), "nodes", lambda *_: [])
    monkeypatch.setattr(type(lab.substrate), "prepare", lambda *_: None)
    monkeypatch.setattr(LoadBalancer, "write", lambda *_: None)
    monkeypatch.setattr(up, "create", lambda _lab, names, *_: told.append(("create", tuple(names))))
    monkeypatch.setattr(up, "wake", lambda *_: None)
    monkeypatch.setattr(deployment, "restaff", restaff)
    fleet.launch(lab, 1, lambda _: None, by, unchecked=True)
    assert told[:2] == [("wanted", {W3}), ("create", (W3,))]
    assert unfinished.unchecked_of("blue", "docker") == {W3}
    fleet.shrink(lab, W3, ScaleIn.DELETE, 0, lambda _: None, by)
    assert unfinished.unchecked_of("blue", "docker") == frozenset()
    fleet.launch(lab, 1, lambda _: None, by, unchecked=True)
    real(lab, [1, 2], [])
    fleet.launch(lab, 1, lambda _: None, by)
    assert unfinished.unchecked_of("blue", "docker") == frozenset()


def test_one_without_traffic_whom_no_refresh_has_to_check_is_brought_into_service(
    lab: Deployment, told: list[tuple[str, Any]], by: Deadline
) -> None:
    unfinished.begin("blue", "docker", 1)
    assert fleet.finish(lab, (W2,), lambda _: None, by).deployed.workers == (1, 2)
    assert ("admit", (W2,)) in told
    told.clear()
    unfinished.launched("blue", "docker", [W2])
    with lock.held(leases.lease("blue", "refresh"), "refresh docker"):
        assert fleet.finish(lab, (W2,), lambda _: None, by).deployed.workers == (1, 2), "one that goes on checks it"
    assert told == []
    with lock.held(leases.lease("blue", "refresh"), "refresh vagrant"):
        assert fleet.finish(lab, (W2,), lambda _: None, by).deployed.workers == (1,), "one elsewhere does not"


def test_one_that_the_load_balancer_forgot_is_not_told_to_close(
    lab: Deployment, told: list[tuple[str, Any]], by: Deadline
) -> None:
    lab = deployment.restaff(lab, [3], pool=[])
    for name in (W1, W2):
        drain.await_unneeded(lab, name, 0, lambda _: None, by)
    assert told == [("close", "worker-1"), ("drained", "worker-1"), ("drained", "worker-2")]


def test_one_that_is_woken_for_service_meanwhile_is_not_put_to_sleep(
    lab: Deployment, monkeypatch: pytest.MonkeyPatch, by: Deadline
) -> None:
    pooled = deployment.restaff(lab, [1], pool=[2, 3])

    def nodes(*_: object) -> list[Node]:
        deployment.restaff(lab, [1, 2], pool=[3])
        return [Node(name, State.RUNNING, "", "") for name in (W1, W2, W3)]

    monkeypatch.setattr(type(lab.substrate), "nodes", nodes)
    assert fleet._awake(pooled, by) == [W3]


def test_workers_that_somebody_else_made_meanwhile_are_not_made_once_more(
    lab: Deployment, told: list[tuple[str, Any]], monkeypatch: pytest.MonkeyPatch, by: Deadline
) -> None:
    states = {W1: State.RUNNING, W2: State.RUNNING}
    monkeypatch.setattr(type(lab.substrate), "nodes", lambda *_: [Node(name, states[name], "", "") for name in states])
    monkeypatch.setattr(type(lab.substrate), "prepare", lambda *_: None)
    monkeypatch.setattr(up, "create", lambda _lab, names, *_: told.append(("create", tuple(names))))
    monkeypatch.setattr(up, "wake", lambda *_: None)
    # There was one worker when it was decided that there be three, and then an `up` made a second one.
    assert fleet.grow(lab, 2, lambda _: None, by, to=3).deployed.workers == (1, 2, 3)
    assert fleet.grow(lab, 2, lambda _: None, by, to=3).deployed.workers == (1, 2, 3)
    assert [what for what in told if what[0] in ("create", "admit")] == [("create", (W3,)), ("admit", (W3,))]
    # One that sleeps though it is wanted is none of the three.
    states[W2] = State.SLEEPING
    assert fleet.grow(lab, 1, lambda _: None, by, to=3).deployed.workers == (1, 2, 3, 4)


def test_one_that_was_made_is_compared_with_the_newest_source_too_before_any_traffic(
    lab: Deployment, told: list[tuple[str, Any]], monkeypatch: pytest.MonkeyPatch, by: Deadline
) -> None:
    there = [Node(name, State.RUNNING, "", "") for name in (W1, W2)]
    monkeypatch.setattr(type(lab.substrate), "nodes", lambda *_: there)
    monkeypatch.setattr(type(lab.substrate), "prepare", lambda *_: None)
    monkeypatch.setattr(up, "create", lambda _lab, names, *_: told.append(("create", tuple(names))))
    monkeypatch.setattr(up, "wake", lambda *_: None)
    fleet.grow(lab, 1, lambda _: None, by)
    assert told == [("create", (W3,)), ("await", W3), ("freshen", (W3,)), ("admit", (W3,))]


def test_one_that_is_woken_reaches_the_store_before_any_traffic(
    lab: Deployment, told: list[tuple[str, Any]], monkeypatch: pytest.MonkeyPatch, by: Deadline
) -> None:
    pooled = deployment.restaff(lab, [1, 2], pool=[3])
    there = [Node(W3, State.SLEEPING, "", pooled.plan.node(W3).digest)]
    monkeypatch.setattr(type(lab.substrate), "nodes", lambda *_: there)
    monkeypatch.setattr(up, "wake", lambda _lab, names, *_: told.append(("wake", tuple(names))))
    fleet.grow(pooled, 1, lambda _: None, by)
    assert told == [("wake", (W3,)), ("await", W3), ("freshen", (W3,)), ("store", W3), ("admit", (W3,))]


def test_of_a_pool_that_is_to_be_smaller_those_stay_that_sleep(
    lab: Deployment, told: list[tuple[str, Any]], monkeypatch: pytest.MonkeyPatch, by: Deadline
) -> None:
    pooled = deployment.restaff(lab, [1], pool=[2, 3])
    digest = pooled.plan.node(W3).digest
    there = [Node(W1, State.RUNNING, "", ""), Node(W2, State.FAILED, "", ""), Node(W3, State.SLEEPING, "", digest)]
    monkeypatch.setattr(type(lab.substrate), "nodes", lambda *_: there)
    monkeypatch.setattr(up, "end", lambda _lab, name, *_: told.append(("end", name)))
    assert fleet.fill_pool(pooled, 1, lambda _: None, by).deployed.pool == (3,)
    assert told == [("end", W2)]


def test_of_a_pool_one_that_runs_is_put_to_sleep_and_one_that_is_gone_is_not_made_anew_in_its_place(
    lab: Deployment, told: list[tuple[str, Any]], monkeypatch: pytest.MonkeyPatch, by: Deadline
) -> None:
    def sleep(lab: Deployment, names: list[NodeName], *_: object) -> Deployment:
        told.append(("sleep", tuple(names)))
        return lab

    pooled = deployment.restaff(lab, [1], pool=[2, 3, 4])
    digests = {name: pooled.plan.node(name).digest for name in (W3, W4)}
    # Worker 2 is gone, and worker 4 was about to be put to sleep when somebody was killed.
    there = [Node(W3, State.SLEEPING, "", digests[W3]), Node(W4, State.RUNNING, "", digests[W4])]
    monkeypatch.setattr(type(lab.substrate), "nodes", lambda *_: [Node(W1, State.RUNNING, "", ""), *there])
    monkeypatch.setattr(up, "create", lambda _lab, names, *_: told.append(("create", tuple(names))))
    monkeypatch.setattr(fleet, "_put_to_sleep", sleep)
    assert fleet.fill_pool(pooled, 2, lambda _: None, by).deployed.pool == (3, 4)
    assert told == [("end", W2), ("sleep", (W4,))]


def test_who_sleeps_in_the_pool_and_was_made_otherwise_is_told_apart_and_made_anew(
    lab: Deployment, told: list[tuple[str, Any]], monkeypatch: pytest.MonkeyPatch, by: Deadline
) -> None:
    pooled = deployment.restaff(lab, [1], pool=[2, 3, 4])
    digests = {W2: "another", W3: pooled.plan.node(W3).digest, W4: "another"}
    there = [Node(W1, State.RUNNING, "", ""), *(Node(name, State.SLEEPING, "", digests[name]) for name in digests)]
    monkeypatch.setattr(type(lab.substrate), "nodes", lambda *_: there)
    monkeypatch.setattr(type(lab.substrate), "prepare", lambda *_: None)
    monkeypatch.setattr(LoadBalancer, "servers", lambda *_: [Server("worker-1", "UP", 0, 0)])
    monkeypatch.setattr(up, "create", lambda _lab, names, *_: told.append(("create", tuple(names))))
    assert fleet.seen(pooled, by) == Fleet(serving=(W1,), asleep=(W3,), outdated=(W2, W4))
    assert fleet.pool(pooled, by) == (W3,)
    assert fleet.fill_pool(pooled, 2, lambda _: None, by).deployed.pool == (2, 3)
    assert told == [("end", W4), ("end", W2), ("create", (W2,))]


@pytest.mark.parametrize("verb", ["autoscale docker", "refresh docker"])
def test_who_finds_the_lab_locked_by_a_change_of_its_fleet_is_told_which_verb_makes_it(
    lab: Deployment, verb: str, by: Deadline
) -> None:
    with leases.leased("blue", verb.split()[0], verb), staff.change(lab, lambda _: None, by):
        holder = lock.holder(leases.changes("blue"))
    assert holder is not None
    assert holder.verb == verb


@pytest.mark.parametrize("how", ScaleIn)
def test_a_worker_that_goes_is_drained_and_awaited_before_it_ends(
    lab: Deployment, told: list[tuple[str, Any]], by: Deadline, monkeypatch: pytest.MonkeyPatch, how: ScaleIn
) -> None:
    def users_of(_self: LoadBalancer, name: str, _by: Deadline) -> int:
        told.append(("users", name))
        return 0

    def sleep(lab: Deployment, names: list[NodeName], *_: object) -> Deployment:
        told.append(("sleep", names[0]))
        return lab

    both = [Server("worker-1", "UP", 2, 1), Server("worker-2", "UP", 0, 0)]
    monkeypatch.setattr(LoadBalancer, "servers", lambda *_: both)
    monkeypatch.setattr(LoadBalancer, "write", lambda _self, workers, _by: told.append(("write", len(workers))))
    monkeypatch.setattr(LoadBalancer, "drain", lambda _self, name, _by: told.append(("drain", name)))
    monkeypatch.setattr(LoadBalancer, "users_of", users_of)
    monkeypatch.setattr(Deployment, "states", lambda *_: {W1: State.RUNNING})
    monkeypatch.setattr(fleet, "restart", lambda _lab, name, _by: told.append(("restart", name)))
    monkeypatch.setattr(fleet, "_put_to_sleep", sleep)
    fleet.shrink(lab, W1, how, 300, lambda _: None, by)
    ended = [("end", W1)] if how is ScaleIn.DELETE else [("restart", W1), ("sleep", W1)]
    w1 = str(W1)
    assert told == [("write", 1), ("drain", w1), ("users", w1), ("close", w1), ("drained", w1), *ended]
    assert [event.fields for event in lab.timeline().read().events] == [{"state": "draining", "requests": 3}]
