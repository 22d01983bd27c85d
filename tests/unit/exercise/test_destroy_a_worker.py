"""What the second exercise says to a run of the proof."""

from dataclasses import replace
from types import ModuleType

import pytest

from lab.exercise.evidence import Run
from lab.ledger.audit import Account, Sort
from lab.ledger.struck import FaultSeen
from lab.ledger.writes import What
from tests.unit.exercise import loaded
from tests.unit.ledger import histories

KILL = FaultSeen("kill", "worker-1", 1.0, 2.0, 1.5)
PAUSE = replace(KILL, name="pause")


@pytest.fixture(scope="module")
def check() -> ModuleType:
    return loaded.check_of("02-destroy-a-worker")


@pytest.mark.parametrize(
    ("about", "faults", "verdict", "is_whole", "says"),
    [
        ({}, [], "kept", True, "Kept, but no worker was destroyed in this run"),
        ({}, [PAUSE], "kept", True, "A paused worker is only frozen."),
        ({}, [KILL], "unknown", False, "This run was cut off"),
        ({}, [KILL], "unknown", True, "The verdict is unknown."),
        ({"mode": "stateful"}, [KILL], "lost", True, "the workers of this lab keep what users give them"),
        ({}, [KILL], "lost", True, "The verdict is lost."),
    ],
)
def test_each_run_that_shows_nothing_gets_its_own_message(
    check: ModuleType, about: dict[str, str], faults: list[FaultSeen], verdict: str, is_whole: bool, says: str
) -> None:
    account = Account(header=histories.header(**about), faults=faults, is_whole=is_whole)
    account.sorts[Sort.LOST, What.ENTRY] = verdict == "lost"
    run = Run("r", account, verdict)
    assert says in check._says(run, run.killed)
