"""What exercises ask of a run of the proof, and say to it."""

import pytest

from lab.exercise import mended
from lab.exercise.evidence import Run, unkept
from lab.exercise.scene import Given, Look, Refused, Scene
from lab.ledger.audit import Account
from lab.ledger.struck import FaultSeen
from lab.timeline.events import Event, Kind
from tests.unit.ledger import histories

GIVEN = Given("one", "7", "ex", ("docker",), 100.0, "/w", 20.0, {})
KILL = FaultSeen("kill", "worker-1", 1.0, 2.0, 1.5)


def run(verdict: str = "kept", *, kills: int = 1, is_whole: bool = True, began_at: float = 200.0) -> Run:
    account = Account(header=histories.header(began_at=began_at), faults=[KILL] * kills, is_whole=is_whole)
    account.acknowledged, account.final_read_began_s = 300, 90.0
    return Run("r", account, verdict)


class Here(Scene):
    """A lab of which is known who was destroyed, and whether the proof was run on another lab."""

    def __init__(self, elsewhere: list[str] | None = None) -> None:
        super().__init__(GIVEN, "docker")
        self._elsewhere = elsewhere or []

    def runs_elsewhere(self) -> list[str]:
        return self._elsewhere

    def events(self, kind: Kind) -> list[Event]:
        """One worker was destroyed by hand, in the runs that began late."""
        return [Event(350.0, kind, "worker-2", {"state": "absent"})]


LOOK = Look(lambda _told: None, {"lab": "ex"})


@pytest.mark.parametrize(
    ("runs", "chosen", "gone"),
    [
        ("kept", 0, ["worker-1"]),
        ("kept lost", 0, ["worker-1"]),
        ("kept calm", 0, ["worker-1"]),
        ("lost calm", 1, []),
        ("calm lost", 1, ["worker-1"]),
        ("by-hand calm", 0, ["worker-2"]),
    ],
)
def test_the_run_that_tells_is_the_last_that_took_a_worker_and_kept_all_or_else_the_last(
    runs: str, chosen: int, gone: list[str]
) -> None:
    kinds = {"kept": run(), "lost": run("lost"), "calm": run(kills=0), "by-hand": run(kills=0, began_at=300.0)}
    made = [kinds[name] for name in runs.split()]
    assert Here().telling(made) == (made[chosen], gone)


def test_a_run_of_the_newest_version_is_expected_and_who_ran_the_proof_elsewhere_is_told_so() -> None:
    mended.expect_a_run(Here(elsewhere=["lab"]), LOOK, [run()], [run()], "prove it")
    with pytest.raises(Refused) as none:
        mended.expect_a_run(Here(), LOOK, [run()], [], "prove it")
    assert (none.value.saw, none.value.says) == ("1 runs, none of the newest", "prove it")
    with pytest.raises(Refused) as elsewhere:
        mended.expect_a_run(Here(elsewhere=["lab"]), LOOK, [], [], "prove it")
    assert elsewhere.value.says == ("You ran the proof on lab lab. This exercise is about lab ex: give it --name ex.")


def test_a_run_has_to_destroy_somebody_and_to_be_kept() -> None:
    mended.expect_kept(LOOK, run(), ["worker-1"], "no")
    for made, gone in ((run(), []), (run("lost"), ["worker-1"]), (run("unknown"), ["worker-1"])):
        with pytest.raises(Refused) as refused:
            mended.expect_kept(LOOK, made, gone, "no")
        saw = f"run r: {len(gone)} workers destroyed, 300 writes confirmed, {made.verdict}"
        assert (refused.value.saw, refused.value.says) == (saw, "no")


@pytest.mark.parametrize(
    ("run", "says"),
    [
        (run(), None),
        (run(kills=0), None),
        (run(is_whole=False), "This run was cut off"),
        (run("lost", is_whole=False), "This run was cut off"),
        (run("unknown"), "The verdict is unknown."),
        (run("lost"), "The verdict is lost."),
    ],
)
def test_why_a_run_does_not_show_that_all_was_kept(run: Run, says: str | None) -> None:
    found = unkept(run)
    assert found is None if says is None else found and found.startswith(says)
