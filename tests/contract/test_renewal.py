"""A node that was made from something else than is wanted now is told as outdated, and `up` makes it anew."""

from pathlib import Path

import pytest

from lab.flows import deployment, fleet
from lab.flows.deployment import Deployment
from lab.host.wait import await_until
from lab.model.deadline import Deadline
from lab.scaling.places import Fleet
from lab.traffic.visitor import Visitor
from tests.conftest import REPO, Typed, type_lab, type_well
from tests.contract.conftest import W1, W2, W3, say_nothing, status

ALL = {"loadbalancer-1", "store-1", "worker-1", "worker-2"}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A topology file of the test's own."""
    path = tmp_path / "topology.toml"
    path.write_text((REPO / "topology.toml").read_text())
    return path


def edit(file: Path, before: str, after: str) -> None:
    text = file.read_text()
    assert before in text
    file.write_text(text.replace(before, after))


def up(lab: Deployment, *words: str) -> Typed:
    return type_well("up", lab.plan.substrate, "--name", lab.lab, *words)


def outdated(lab: Deployment) -> set[str]:
    return {name for name, node in status(lab).items() if node["outdated"]}


def made(lab: Deployment, by: Deadline) -> dict[str, str]:
    return {str(node.name): node.digest for node in lab.substrate.nodes(lab.lab, by)}


@pytest.mark.long("vagrant")
def test_what_was_edited_in_the_labs_own_file_is_taken_by_the_next_up(
    whole: Deployment, visitor: Visitor, file: Path, by: Deadline
) -> None:
    before = made(whole, by)
    up(whole, "--topology", str(file))
    assert made(whole, by) == before, "the same values from another file change no node"
    assert outdated(whole) == set()
    edit(file, "drain_notice_s = 5", "drain_notice_s = 4")
    edit(file, "retries = 3", "retries = 4")
    assert outdated(whole) == ALL - {"store-1"}
    told = up(whole, "--dry-run").out
    assert "would make loadbalancer-1 anew: it is outdated" in told
    assert "would drain worker-2 and make it anew: it is outdated" in told

    gave = up(whole)
    assert gave.err.index("draining worker-1") < gave.err.index("draining worker-2"), "one after the other"
    after = made(whole, by)
    assert {name for name in ALL if before[name] != after[name]} == ALL - {"store-1"}
    assert outdated(whole) == set()
    assert visitor.missing() == []

    up(whole, "--topology", str(REPO / "topology.toml"))
    assert made(whole, by) == before
    assert deployment.deployed(whole.lab)[whole.plan.substrate].topology_file is None


@pytest.mark.only("docker")
def test_the_store_is_made_anew_around_its_data(whole: Deployment, visitor: Visitor, file: Path) -> None:
    edit(file, "store_memory_mb = 512", "store_memory_mb = 576")
    gave = up(whole, "--topology", str(file))
    assert "removing store-1, which is outdated" in gave.err
    assert visitor.missing() == []
    file.unlink()
    gone = type_lab("up", whole.plan.substrate, "--name", whole.lab)
    assert gone.code == 2
    assert f"where: {file}" in gone.err
    assert "--topology FILE" in gone.err
    assert {node["outdated"] for node in status(whole).values()} == {None}, "what cannot be told is not told"
    up(whole, "--topology", str(REPO / "topology.toml"))
    assert visitor.missing() == []


@pytest.mark.long
def test_who_sleeps_in_the_warm_pool_is_told_as_outdated_and_made_anew_before_anybody_wakes_it(
    whole: Deployment, file: Path, by: Deadline
) -> None:
    substrate, name = whole.plan.substrate, whole.lab
    fleet.fill_pool(whole, 1, say_nothing, by)
    before = made(whole, by)
    edit(file, "drain_notice_s = 5", "drain_notice_s = 4")
    up(whole, "--topology", str(file))
    try:
        seen = fleet.seen(whole, by)
        assert (seen.serving, seen.asleep, seen.outdated) == ((W1, W2), (), (W3,))
        assert outdated(whole) == {"worker-3"}
        assert "in the warm pool" in type_well("status", substrate, "--name", name).out
        bounds = ["--min", "2", "--max", "3", "--warm-pool", "1"]
        type_well("autoscale", substrate, *bounds, "--background", "--name", name)

        def probe() -> str | None:
            seen = fleet.seen(whole, by)
            return None if seen == Fleet(serving=(W1, W2), asleep=(W3,)) else f"{seen}"

        await_until(probe, by, what="a pool that can be woken", mend="", every_s=0.5)
        assert made(whole, by)["worker-3"] != before["worker-3"]
        assert outdated(whole) == set()
    finally:
        type_lab("autoscale", substrate, "--stop", "--name", name)
        fleet.fill_pool(whole, 0, say_nothing, by)
        up(whole, "--topology", str(REPO / "topology.toml"))
