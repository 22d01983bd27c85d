"""How the eleventh exercise tells which run shows what, and what it says to those that show nothing."""

from types import ModuleType

import pytest

from lab.cli.parsing import parse
from lab.exercise import evidence, lint
from lab.exercise.evidence import Run
from lab.exercise.scene import Given, Scene
from lab.ledger.audit import Account
from lab.ledger.sorts import Sort
from lab.ledger.struck import FaultSeen
from lab.ledger.writes import What
from lab.model.node import STORE
from lab.timeline.events import Event, Kind
from tests.unit.exercise.loaded import check_of
from tests.unit.ledger import histories


@pytest.fixture(scope="module")
def check() -> ModuleType:
    return check_of("11-break-it")


def run(verdict: str, *faults: str, began_at: float = 0.0, ended: bool = False, lost: int = 0) -> Run:
    """A run with these faults; where there is no verdict it was cut off, or, with `ended`, a fault ended it."""
    seen = [FaultSeen(name, "store-1", 1.0, 2.0, 1.5, ended_run=ended) for name in faults]
    is_whole = verdict != "unknown"
    account = Account(header=histories.header(began_at=began_at), faults=seen, is_whole=is_whole, acknowledged=300)
    account.sorts[Sort.LOST, What.ENTRY] = lost
    return Run("r", account, verdict)


def test_a_run_is_of_the_store_that_was_there_when_it_began(check: ModuleType) -> None:
    told = [("store-1", "creating"), ("store-1", "ready"), ("worker-1", "creating"), ("store-1", "creating")]
    # What slept or stopped, and goes on, is the same store with the same setting.
    told += [("store-1", state) for state in ("sleeping", "waking", "ready", "starting", "ready")]
    nodes = [Event(float(at), Kind.NODE, name, {"state": state}) for at, (name, state) in enumerate(told, start=10)]
    made = evidence.made(nodes, STORE)
    assert made == [10.0, 13.0]
    runs = [run("kept", began_at=at) for at in (9.0, 12.0, 14.0)]
    assert check.while_careless(runs, made) == runs[:1]
    assert check.since_last(runs, made) == runs[2:]
    assert (check.while_careless(runs, []), check.since_last(runs, [])) == (runs, [])


@pytest.mark.parametrize(
    ("tried", "container", "machine"),
    [
        (run("kept", "store-off"), True, False),
        (run("lost", "store-off", lost=12), False, True),
        # It did not start again: there is no end, and nothing was read back.
        (run("unknown", "store-off", ended=True), False, True),
        # Somebody cut it off, with Ctrl-C.
        (run("unknown", "store-off"), False, False),
        (run("kept", "database-kill"), False, False),
        (run("lost", "database-kill", lost=12), False, False),
    ],
)
def test_the_end_of_a_store_shows_one_thing_with_containers_and_another_with_machines(
    check: ModuleType, tried: Run, container: bool, machine: bool
) -> None:
    assert check.shows(tried, has_own_kernel=False) is container
    assert check.shows(tried, has_own_kernel=True) is machine


@pytest.mark.parametrize(
    ("runs", "careless", "has_own_kernel", "says"),
    [
        ([], [], False, "the store's power was not taken away yet"),
        ([run("kept", "database-kill")], [run("kept", "database-kill")], False, "A crash of the database is not"),
        ([run("kept", "store-off")], [], False, "run r was made with a database that waits for its disk"),
        ([run("kept", "store-off")], [run("kept", "store-off")], True, "nothing was lost, by luck"),
        ([run("lost", "store-off")], [run("lost", "store-off")], False, "the verdict of run r is lost"),
    ],
)
def test_each_run_that_shows_nothing_of_the_power_gets_its_own_message(
    check: ModuleType, runs: list[Run], careless: list[Run], has_own_kernel: bool, says: str
) -> None:
    told = check._says_of_power(runs, careless, has_own_kernel=has_own_kernel, is_late=False)
    assert says in told
    # Once the store was made anew, what the message tells to do shows nothing: it says so, and says it once.
    late = check._says_of_power(runs, careless, has_own_kernel=has_own_kernel, is_late=True)
    assert late.startswith(told)
    assert late.count(check.RESET) == 1


@pytest.mark.parametrize("substrate", ["docker", "vagrant"])
def test_a_hint_names_what_is_missing_and_where(check: ModuleType, substrate: str) -> None:
    scene = Scene(Given("break-it", "7", "ex", ("docker", "vagrant"), 0.0, "/w", 20.0, {}), substrate)
    told = check.run_with(scene, ["pause", "database-kill"])
    assert told == f"`lab prove run {substrate} --kills 0 --fault pause --fault database-kill --name ex`"
    for command in (told, scene.typed(check.MEND)):
        [words] = lint.commands(command.strip("`"))
        assert parse(words, True) is None


def test_a_run_that_took_the_power_too_does_not_tell_which_fault_was_harmless(check: ModuleType) -> None:
    both = run("lost", "pause", "store-off", lost=3)
    assert "does not show which of them was harmless" in check._says_of_four([both], "pause on vagrant", "", [])
    kept = [run("kept", "pause")]
    assert check._says_of_four(kept, "cut-store on docker", "", []).startswith("Still missing: cut-store")
    assert "on lab mine" in check._says_of_four([], "pause on docker", "mine", [])
    assert "`lab exercise reset break-it`" in check._says_of_four(kept, "pause on docker", "mine", ["docker"])
    assert check._listed({"docker": [both], "vagrant": []}, ["pause"]) == (
        "on docker: lost with pause, store-off; on vagrant: no run with it"
    )
    assert (check._lost(both), check._lost(run("unknown", "store-off"))) == (
        "3 of 300",
        "the database did not start again",
    )
