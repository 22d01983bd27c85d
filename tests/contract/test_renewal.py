"""A node that was made from something else than is wanted now is told as outdated, and `up` makes it anew."""

from pathlib import Path

import pytest

from lab.flows import deployment
from lab.flows.deployment import Deployment
from lab.model.deadline import Deadline
from lab.traffic.visitor import Visitor
from tests.conftest import REPO, Typed, type_lab, type_well
from tests.contract.conftest import status

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
