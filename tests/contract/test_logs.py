"""Logs outlive their nodes, until the lab is destroyed."""

import pytest

from lab.flows.deployment import Deployment
from tests.conftest import type_well


@pytest.mark.long("vagrant")
def test_a_dead_workers_log_is_read_and_then_that_of_its_successor_after_it(whole: Deployment) -> None:
    node = f"{whole.plan.substrate}/worker-1"

    def starts() -> int:
        gave = type_well("logs", node, "--name", whole.lab)
        return (gave.out + gave.err).count("running commit")

    before = starts()
    assert before >= 1
    type_well("kill", node, "--name", whole.lab)
    assert starts() == before
    type_well("replace", node, "--name", whole.lab)
    assert starts() == before + 1
    type_well("kill", node, "--name", whole.lab)
    assert starts() == before + 1, "also while the successor is dead, too"
