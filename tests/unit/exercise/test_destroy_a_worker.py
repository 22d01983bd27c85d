"""What the second exercise says to a run of the proof."""

import sqlite3
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import replace
from types import ModuleType

import pytest

from lab.exercise.evidence import Run
from lab.exercise.scene import Given, Look, Refused, Scene
from lab.ledger.audit import Account
from lab.ledger.sorts import Sort
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


class Written(Scene):
    """A lab with one run that destroyed a worker and kept all, and a database in which entries came in this order."""

    def __init__(self, *keys: str) -> None:
        super().__init__(Given("destroy-a-worker", "7", "ex", ("docker",), 100.0, "/w", 20.0, {}), "docker")
        self._database = sqlite3.connect(":memory:")
        self._database.execute("CREATE TABLE entries (id INTEGER PRIMARY KEY, key TEXT, text TEXT)")
        for key in keys:
            text = f"{self.word.title()} was here" if key == "mine" else key
            self._database.execute("INSERT INTO entries (key, text) VALUES (?, ?)", (key, text))

    def runs(self) -> list[Run]:
        return [Run("r1", Account(header=histories.header(), faults=[KILL], is_whole=True), "kept")]

    def runs_elsewhere(self) -> list[str]:
        return []

    def sql(self, question: str) -> list[list[str]]:
        # SQLite's LIKE does not care about the case either.
        return [["tf"[not is_so]] for (is_so,) in self._database.execute(question.replace("ILIKE", "LIKE"))]


@pytest.mark.parametrize(
    ("keys", "is_older"),
    [
        (["mine", "r1-0", "r1-1"], True),
        (["r0-0", "mine", "r1-0", "mine"], True),
        (["r1-0", "r1-1", "mine"], False),
        (["r1-0", "mine", "r1-1"], False),
        (["r1-0"], False),
        (["mine", "r2-0"], False),
    ],
)
def test_an_entry_has_to_be_there_before_a_worker_is_destroyed(
    check: ModuleType, keys: Sequence[str], is_older: bool
) -> None:
    expected = nullcontext() if is_older else pytest.raises(Refused, match="Nothing of yours was there")
    with expected:
        check.test_a_worker_was_destroyed_while_visitors_wrote_and_nothing_was_lost(
            Written(*keys), Look(lambda _: None, {})
        )
