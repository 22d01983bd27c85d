"""Which run of the third exercise the guess of how much is lost is held against."""

from types import ModuleType

import pytest

from lab.exercise.catalogue import Seen
from lab.exercise.evidence import Run
from lab.exercise.scene import Given, Look, Refused, Scene
from lab.ledger.audit import Account
from lab.ledger.sorts import Sort
from lab.ledger.struck import FaultSeen
from lab.ledger.writes import What
from lab.store.source import Version
from lab.timeline.events import Event, Kind
from tests.unit.exercise.loaded import check_of
from tests.unit.ledger import histories

GIVEN = Given("stateful-mistake", "7", "ex", ("docker",), 100.0, "/w", 20.0, {"docker": {"commit": "given"}})
KILL = FaultSeen("kill", "worker-1", 1.0, 2.0, 1.5)


def run(began_at: float, lost: int, kills: int = 1) -> Run:
    """A run of 100 writes that were confirmed, of which so many are lost."""
    account = Account(header=histories.header(began_at=began_at), faults=[KILL] * kills, is_whole=True)
    account.acknowledged, account.sorts[Sort.LOST, What.ENTRY] = 100, lost
    return Run("r", account, "lost" if lost else "kept")


class Past(Scene):
    """A lab that these runs were made on; of these versions the one that was given is the first."""

    def __init__(self, runs: list[Run], versions: list[Version]) -> None:
        super().__init__(GIVEN, "docker")
        self._runs, self._versions = runs, versions

    def runs(self) -> list[Run]:
        return self._runs

    def versions(self) -> list[Version]:
        return self._versions

    def events(self, kind: Kind) -> list[Event]:
        del kind
        return []

    def runs_elsewhere(self) -> list[str]:
        return []


GIVEN_VERSION, OLDER = Version("given", "t1", 90.0, ""), Version("older", "t0", 10.0, "")
HALF_MENDED, MENDED = Version("half", "t2", 300.0, ""), Version("mended", "t3", 500.0, "")


@pytest.fixture(scope="module")
def check() -> ModuleType:
    return check_of("03-stateful-mistake")


def share(check: ModuleType, *runs: Run, later: list[Version]) -> Seen | None:
    noted: dict[str, Seen] = {}
    scene = Past([*runs], [*later, GIVEN_VERSION, OLDER])
    with pytest.raises(Refused):
        check.test_a_worker_was_destroyed_and_nothing_was_lost(
            scene, Look(lambda one: noted.update(one.noted or {}), {"lab": "ex"})
        )
    return noted.get("lost_share")


@pytest.mark.parametrize("later", [[], [HALF_MENDED], [MENDED, HALF_MENDED]])
def test_the_first_run_of_the_version_that_was_given_counts(check: ModuleType, later: list[Version]) -> None:
    assert share(check, run(200.0, 80), run(250.0, 70), run(400.0, 30), later=later) == 80


def test_a_run_without_anybody_destroyed_is_not_what_the_guess_is_about(check: ModuleType) -> None:
    assert share(check, run(200.0, 60, kills=0), run(250.0, 80), later=[]) == 80
    assert share(check, run(200.0, 60, kills=0), later=[]) is None


def test_a_run_of_a_version_that_is_half_mended_is_not_what_the_guess_is_about(check: ModuleType) -> None:
    assert share(check, run(400.0, 30), later=[HALF_MENDED]) is None
    assert share(check, run(400.0, 30), later=[MENDED, HALF_MENDED]) is None
