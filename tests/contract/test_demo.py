"""`lab demo` for real: nothing is lost where workers keep nothing, and what is lost is told where they do not."""

import re

import pytest

from lab.flows.demo import ENTRIES, FILES
from lab.flows.deployment import Deployment
from tests.conftest import type_lab, type_well

WRITES = ENTRIES + FILES + 1  # and the login
LAB = "test-demo"


def cells(out: str, row: str) -> list[str]:
    """What stands in a row of the table, without its lines."""
    line = next(line for line in out.splitlines() if row in line)
    return [cell.strip() for cell in re.split("[|\u2500-\u257f]", line) if cell.strip()][1:]


@pytest.mark.long("vagrant")
def test_the_demo_destroys_every_worker_and_loses_nothing(whole: Deployment) -> None:
    gave = type_well("demo", whole.plan.substrate, "--yes", "--name", whole.lab)
    assert cells(gave.out, "nodes") == [str(len(whole.plan.nodes))]
    assert cells(gave.out, "writes acknowledged") == [str(WRITES)]
    assert cells(gave.out, "workers destroyed") == ["2"]
    assert cells(gave.out, "writes lost") == ["0"]
    assert f"open {whole.substrate.url(whole.plan)} in a browser" in gave.out


@pytest.mark.long
@pytest.mark.only("docker")
def test_the_demo_tells_what_the_counter_example_lost_and_exits_1(substrate_name: str) -> None:
    """A lab that is stateful stays so, and what its workers kept goes with them."""
    try:
        type_well("up", substrate_name, "--stateful", "--name", LAB)
        gave = type_lab("demo", substrate_name, "--yes", "--name", LAB)
    finally:
        type_well("destroy", substrate_name, "--volumes", "--yes", "--name", LAB)
    assert gave.code == 1, gave.err
    assert cells(gave.out, "writes lost") == [str(WRITES)]
    assert gave.out.count(f"LOST on {substrate_name}: ") == WRITES
    assert "nothing that was acknowledged is gone" not in gave.out


@pytest.mark.long
@pytest.mark.only("docker")
def test_the_demo_of_a_lab_with_one_worker_ends_well(substrate_name: str) -> None:
    try:
        type_well("up", substrate_name, "--workers", "1", "--name", LAB)
        gave = type_well("demo", substrate_name, "--yes", "--name", LAB)
    finally:
        type_well("destroy", substrate_name, "--volumes", "--yes", "--name", LAB)
    assert cells(gave.out, "workers destroyed") == ["1"]
    assert cells(gave.out, "writes lost") == ["0"]
