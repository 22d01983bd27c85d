"""What an interrupted refresh left is no worker that somebody asked for, and gets no traffic before it is checked."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest

from lab.flows import artefacts, build, deployment, leases, place, unfinished, up
from lab.flows.changes import Changes, decide
from lab.flows.deployment import Deployed, Deployment
from lab.flows.unfinished import Left
from lab.host import lock
from lab.model.deadline import Deadline
from lab.model.node import Mode, Node, NodeName, Role, State
from tests.unit.faults.ground import KEYS
from tests.unit.model.test_plan import TOPOLOGY

W1, W2, W3, W4 = (NodeName(Role.WORKER, number) for number in range(1, 5))
BEFORE = Deployed(0, Mode.STATELESS, (1, 2, 3), TOPOLOGY, KEYS)


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    unfinished.begin("blue", "docker", 2)


def counted(workers: int | None = None, substrate: str = "docker", before: Deployed = BEFORE) -> int:
    return up._count(up.Wanted("blue", substrate, workers), before, unfinished.left("blue", substrate), TOPOLOGY)


def test_up_brings_a_lab_back_to_the_workers_that_were_wanted() -> None:
    assert counted() == 2
    assert counted(substrate="vagrant") == 3, "another substrate has its own"
    unfinished.end("blue", "docker")
    assert counted() == 3


def test_a_record_without_workers_is_brought_back_to_what_the_topology_says() -> None:
    unfinished.end("blue", "docker")
    assert counted(before=replace(BEFORE, workers=())) == TOPOLOGY.worker.count > 0


def test_who_says_how_many_workers_gets_so_many() -> None:
    assert counted(5) == 5


def blue(monkeypatch: pytest.MonkeyPatch, workers: list[int], unchecked: Iterable[NodeName] = ()) -> Deployment:
    """A lab of these workers on an engine that has what it needs; a refresh has yet to check some."""
    file = deployment.topology_file()
    lab = deployment.intend("blue", "docker", mode=Mode.STATELESS, workers=2, topology=TOPOLOGY, file=file, keys=KEYS)
    unfinished.launched("blue", "docker", unchecked)
    monkeypatch.setattr(build, "build", lambda *_: None)
    monkeypatch.setattr(artefacts, "keys", lambda *_: KEYS)
    monkeypatch.setattr(artefacts, "missing", lambda *_: [])
    monkeypatch.setattr(place, "check_kept", lambda *_: None)
    monkeypatch.setattr(place, "check_room", lambda *_: None)
    return deployment.restaff(lab, workers, pool=[])


def brought(monkeypatch: pytest.MonkeyPatch, workers: int | None = None) -> tuple[Deployment, Deployment]:
    """What `up` wrote down, and the lab that it brought about."""
    settled: list[Deployment] = []
    monkeypatch.setattr(up, "_settle", lambda lab, *_: settled.append(lab))
    up.up(up.Wanted("blue", "docker", workers), lambda _: None, Deadline.after(10, "one test"))
    return deployment.load("blue", "docker"), settled[0]


def running(lab: Deployment, *names: NodeName) -> list[Node]:
    """All nodes of a plan, and these besides, as engines tell them that made them as they are wanted."""
    digests = {spec.name: spec.digest for spec in lab.plan.nodes}
    return [Node(name, State.RUNNING, "", digests.get(name, "")) for name in {*digests, *names}]


def test_up_keeps_the_workers_that_came_while_it_built(monkeypatch: pytest.MonkeyPatch) -> None:
    unfinished.end("blue", "docker")
    lab = blue(monkeypatch, [1, 2])
    monkeypatch.setattr(build, "build", lambda *_: deployment.restaff(lab, [1, 2, 4], pool=[3]))
    told, _ = brought(monkeypatch)
    assert (told.deployed.workers, told.deployed.pool) == ((1, 2, 4), (3,))


def test_up_drops_whom_a_cut_off_refresh_did_not_check_and_keeps_the_others_whatever_their_numbers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # After one refresh of a lab of two its workers are 1 and 3; the next one launches 2.
    blue(monkeypatch, [1, 2, 3], unchecked=[W2])
    told, settled = brought(monkeypatch)
    assert told.deployed.workers == (1, 3)
    assert settled.plan.worker_names == {W1, W3}
    assert decide(settled.plan, running(settled, W2)) == Changes(retire=(W2,))
    assert unfinished.left("blue", "docker") == Left(None, frozenset(), False)


def test_a_worker_more_does_not_take_over_the_number_of_one_that_was_not_checked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    blue(monkeypatch, [1, 2], unchecked=[W2])
    assert brought(monkeypatch)[0].deployed.workers == (1, 3)


@pytest.mark.parametrize(
    ("workers", "written", "brought_about", "wanted"),
    [(None, (1, 2, 3), {W1, W3}, 2), (3, (1, 2, 3, 4), {W1, W3, W4}, 3)],
)
def test_beside_a_refresh_that_goes_on_up_leaves_alone_whom_that_has_yet_to_check(
    workers: int | None,
    written: tuple[int, ...],
    brought_about: set[NodeName],
    wanted: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    blue(monkeypatch, [1, 2, 3], unchecked=[W2])
    with lock.held(leases.lease("blue", "refresh"), "refresh docker"):
        told, settled = brought(monkeypatch, workers)
    assert told.deployed.workers == written
    assert settled.plan.worker_names == brought_about
    there = running(settled, W2)
    assert decide(settled.plan, there) == Changes()
    gone = [node for node in there if node.name != W2]
    assert decide(settled.plan, gone) == Changes(), "the refresh makes up for one that died"
    assert unfinished.unchecked_of("blue", "docker") == {W2}
    assert unfinished.wanted("blue", "docker") == wanted


def test_the_forecast_tells_that_too(monkeypatch: pytest.MonkeyPatch) -> None:
    lab = blue(monkeypatch, [1, 2, 3], unchecked=[W2])
    topology = deployment.read_topology(None)
    plan = artefacts.plan_now("blue", lab.substrate, lab.deployed, topology)
    monkeypatch.setattr(type(lab.substrate), "nodes", lambda *_: running(replace(lab, plan=plan)))
    wanted, by = up.Wanted("blue", "docker"), Deadline.after(10, "one test")
    assert up.forecast(wanted, by) == ["would drain and remove worker-2"]
    with lock.held(leases.lease("blue", "refresh"), "refresh docker"):
        assert up.forecast(wanted, by) == []
    assert deployment.load("blue", "docker").deployed.workers == (1, 2, 3)


def test_a_refresh_that_goes_on_keeps_its_one_more() -> None:
    with lock.held(leases.lease("blue", "refresh"), "refresh docker"):
        assert counted() == 3
    with lock.held(leases.lease("blue", "refresh"), "refresh vagrant"):
        assert counted() == 2, "one on another substrate knows nothing of it"


def test_who_is_checked_or_gone_is_noted_no_more_and_a_note_that_says_nothing_goes() -> None:
    unfinished.launched("blue", "docker", [W2, W3])
    unfinished.begin("blue", "docker", 2)
    assert unfinished.unchecked_of("blue", "docker") == {W2, W3}
    unfinished.settled("blue", "docker", [W3, W4])
    assert unfinished.unchecked_of("blue", "docker") == {W2}
    unfinished.count_anew("blue", "docker")
    assert unfinished.wanted("blue", "docker") is None
    assert counted() == 2, "whom nobody checked is not counted"
    unfinished.settled("blue", "docker", [W2])
    assert not deployment.refresh_note("blue", "docker").exists()


def test_a_lab_that_is_destroyed_takes_its_note_along() -> None:
    deployment.forget("blue", "docker", volumes=False)
    assert unfinished.wanted("blue", "docker") is None
    assert counted() == 3
