"""What `up` decides: a table of what is there against what is wanted."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from ipaddress import IPv4Network
from pathlib import Path

import pytest

from lab.flows import artefacts, build, deployment, place, up
from lab.flows.changes import Changes, decide
from lab.flows.deployment import numbers
from lab.host import network
from lab.model.deadline import Deadline
from lab.model.errors import UsageError
from lab.model.node import LOADBALANCER, STORE, LabPlan, Mode, Node, NodeName, Role, State
from lab.substrates import registry
from tests.unit.model.test_plan import KEYS, TOPOLOGY, make

W1, W2, W3, W4 = (NodeName(Role.WORKER, index) for index in (1, 2, 3, 4))
ALL_UP = {LOADBALANCER: State.RUNNING, STORE: State.RUNNING, W1: State.RUNNING, W2: State.RUNNING}

CASES = {
    "nothing is there": ({}, Changes(create=(LOADBALANCER, STORE, W1, W2))),
    "all is there": (ALL_UP, Changes()),
    "a worker was killed": ({**ALL_UP, W1: State.ABSENT}, Changes(create=(W1,))),
    "the host was restarted": (
        dict.fromkeys(ALL_UP, State.STOPPED),
        Changes(create=(LOADBALANCER, STORE, W1, W2), start=(LOADBALANCER, STORE, W1, W2)),
    ),
    "a laptop was suspended": ({**ALL_UP, STORE: State.SLEEPING}, Changes(wake=(STORE,))),
    "the lab sleeps": (dict.fromkeys(ALL_UP, State.SLEEPING), Changes(wake=(LOADBALANCER, STORE, W1, W2))),
    "a worker died while the others slept": (
        {LOADBALANCER: State.SLEEPING, STORE: State.SLEEPING, W1: State.SLEEPING},
        Changes(create=(W2,), wake=(LOADBALANCER, STORE, W1)),
    ),
    "a node is there only in part": ({**ALL_UP, W2: State.CREATING}, Changes(create=(W2,), clear=(W2,))),
    "a node failed": ({**ALL_UP, W2: State.FAILED}, Changes(create=(W2,), clear=(W2,))),
    "there is a worker too many": ({**ALL_UP, W3: State.RUNNING}, Changes(retire=(W3,))),
}


@pytest.mark.parametrize("case", CASES)
def test_up_brings_what_is_there_to_what_is_wanted(case: str) -> None:
    states, wanted = CASES[case]
    assert decide(make(), _there(make(), states)) == wanted


def _there(plan: LabPlan, states: Mapping[NodeName, State], outdated: Collection[NodeName] = ()) -> list[Node]:
    """Nodes in these states, made as the plan says but for the outdated ones."""
    digests = {spec.name: spec.digest for spec in plan.nodes if spec.name not in outdated}
    return [
        Node(name, state, "", digests.get(name, "old")) for name, state in states.items() if state is not State.ABSENT
    ]


OLD = {
    "a worker is drained first": ({W1}, ALL_UP, Changes(renew=(W1,))),
    "a store or load balancer is removed first": (
        {LOADBALANCER, STORE},
        ALL_UP,
        Changes(create=(LOADBALANCER, STORE), remake=(LOADBALANCER, STORE)),
    ),
    "a worker that does not run has nothing to drain": (
        {W1},
        {**ALL_UP, W1: State.STOPPED},
        Changes(create=(W1,), remake=(W1,)),
    ),
    "a node that failed is removed as such": ({W2}, {**ALL_UP, W2: State.FAILED}, Changes(create=(W2,), clear=(W2,))),
    "one that sleeps is not woken for that": (
        {W1, STORE},
        dict.fromkeys(ALL_UP, State.SLEEPING),
        Changes(create=(STORE, W1), remake=(STORE, W1), wake=(LOADBALANCER, W2)),
    ),
    "a worker too many just goes": ({W3}, {**ALL_UP, W3: State.RUNNING}, Changes(retire=(W3,))),
}


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("old", [set(), {W3}])
def test_up_leaves_the_warm_pool_as_it_is(state: State, old: set[NodeName]) -> None:
    plan = make(pool=(3,))
    assert decide(plan, _there(plan, {**ALL_UP, W3: state}, old)) == Changes()


@pytest.mark.parametrize("case", OLD)
def test_an_outdated_node_is_made_anew(case: str) -> None:
    old, states, wanted = OLD[case]
    assert decide(make(), _there(make(), states, old)) == wanted


def test_an_outdated_worker_that_keeps_its_users_data_is_left() -> None:
    plan = make(Mode.STATEFUL)
    there = _there(plan, {**ALL_UP, W2: State.STOPPED}, {W1, W2, STORE})
    assert decide(plan, there) == Changes(create=(STORE, W2), remake=(STORE,), leave=(W1, W2), start=(W2,))
    asleep = _there(plan, {**ALL_UP, W2: State.SLEEPING}, {W1, W2})
    assert decide(plan, asleep) == Changes(leave=(W1, W2), wake=(W2,))


def test_every_change_is_told_in_words() -> None:
    anew = Changes(create=(STORE, W1, W4), remake=(STORE,), start=(W4,))
    told = replace(anew, retire=(W3,), renew=(W2,), wake=(LOADBALANCER,))
    assert told.in_words() == [
        "wake loadbalancer-1",
        "start worker-4",
        "make worker-1",
        "make store-1 anew: it is outdated",
        "drain worker-2 and make it anew: it is outdated",
        "drain and remove worker-3",
    ]


@pytest.mark.parametrize(
    ("before", "count", "after"),
    [([], 2, [1, 2]), ([1, 2], 4, [1, 2, 3, 4]), ([1, 2, 3], 1, [1]), ([2, 5], 3, [1, 2, 5]), ([2], 1, [2])],
)
def test_workers_keep_their_numbers(before: list[int], count: int, after: list[int]) -> None:
    assert numbers(before, count) == after


@pytest.mark.parametrize(
    ("before", "count", "taken", "after"), [([1], 3, [2], [1, 3, 4]), ([], 2, [1, 2], [3, 4]), ([4], 1, [1], [4])]
)
def test_a_new_worker_gets_no_number_of_the_warm_pool(
    before: list[int], count: int, taken: list[int], after: list[int]
) -> None:
    assert numbers(before, count, taken=taken) == after


def test_a_network_that_somebody_uses_is_named_before_minutes_of_building(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    engine = type(registry.get("vagrant"))
    monkeypatch.setattr(engine, "is_networked", lambda *_: False)
    monkeypatch.setattr(network, "routed", lambda: [IPv4Network("10.0.0.0/8")])
    monkeypatch.setattr(build, "build", lambda *_: pytest.fail("it was built"))
    with pytest.raises(UsageError, match=r"overlaps 10\.0\.0\.0/8, which this"):
        up.up(up.Wanted("blue", "vagrant"), lambda _: None, Deadline.after(10, "one test"))
    assert not (tmp_path / "vagrant-docker-lab").exists(), "it changed nothing"


@pytest.fixture
def taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What engines have of lab blue, which is recorded nowhere here: first the data of one that was destroyed."""
    there = ["blue_store"]
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setattr(network, "routed", list)
    monkeypatch.setattr(network, "is_free", lambda *_: True)
    monkeypatch.setattr(artefacts, "missing", lambda *_: [])
    monkeypatch.setattr(build, "build", lambda *_: pytest.fail("it was built"))
    for name in registry.NAMES:
        engine = type(registry.get(name))
        monkeypatch.setattr(engine, "is_networked", lambda *_: False)
        monkeypatch.setattr(engine, "leftovers", lambda *_: {"blue": there, "blue-2": ["blue-2_net"]})
        monkeypatch.setattr(engine, "data", lambda *_: ["blue_store"])
    return there


@pytest.mark.parametrize("substrate", registry.NAMES)
def test_a_lab_of_which_there_is_no_record_is_not_taken_over(taken: list[str], substrate: str, tmp_path: Path) -> None:
    by, wanted = Deadline.after(10, "one test"), up.Wanted("blue", substrate, workers=2)
    assert up.forecast(wanted, by) == ["would make a load balancer, a store and 2 workers"]
    taken.append("blue_worker-1")
    for verb in (lambda: up.up(wanted, lambda _: None, by), lambda: up.forecast(wanted, by)):
        with pytest.raises(UsageError, match="is no record here") as raised:
            verb()
        assert raised.value.message.endswith("\nit has blue_worker-1")
        assert f"`lab destroy {substrate} --name blue` removes these and keeps its data" in raised.value.mend
    assert [*tmp_path.iterdir()] == [], "it changed nothing"


def test_a_lab_that_is_recorded_may_have_nodes(taken: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def leftovers(*_: object) -> dict[str, list[str]]:
        # Somebody brings it up while the engine is asked.
        deployment.intend("blue", "docker", mode=Mode.STATELESS, workers=2, topology=TOPOLOGY, file=file, keys=KEYS)
        return {"blue": [*taken, "blue_net"]}

    file, docker, by = deployment.topology_file(), registry.get("docker"), Deadline.after(10, "one test")
    monkeypatch.setattr(type(docker), "leftovers", leftovers)
    for _ in range(2):
        place.check_name("blue", docker, by)
        monkeypatch.setattr(type(docker), "leftovers", lambda *_: pytest.fail("it is recorded"))
