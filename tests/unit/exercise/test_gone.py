"""Nodes that a hand ended with the engine's own tools: a check notes them before it looks at anything."""

import time
from pathlib import Path

import pytest

from lab.exercise import checks, evidence, session
from lab.exercise.catalogue import Exercise
from lab.exercise.home import Home
from lab.exercise.scene import Given, Scene
from lab.flows import deployment, leases
from lab.flows.deployment import Deployment
from lab.host import lock
from lab.ledger.audit import Account
from lab.model.deadline import Deadline
from lab.model.errors import LabError
from lab.model.node import Mode, Node, NodeName, Role, State
from tests.unit.exercise import small
from tests.unit.exercise.here import run_checks_here
from tests.unit.ledger import histories
from tests.unit.model.test_plan import KEYS, TOPOLOGY

GIVEN = Given("sessions", "7", "ex", ("docker",), 0.0, "/w", 20.0, {})
W1, W2 = (NodeName(Role.WORKER, number) for number in (1, 2))


@pytest.fixture
def by() -> Deadline:
    return Deadline.after(10, "one test")


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Deployment:
    """A lab of two workers, of which the first is not there any more."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    file = deployment.topology_file()
    made = deployment.intend("ex", "docker", mode=Mode.STATELESS, workers=2, topology=TOPOLOGY, file=file, keys=KEYS)
    made.note("ready", *(spec.name for spec in made.plan.nodes))
    there = [Node(spec.name, State.RUNNING, "", spec.digest) for spec in made.plan.nodes if spec.name != W1]
    monkeypatch.setattr(type(made.substrate), "nodes", lambda *_: there)
    return made


def absent(lab: Deployment) -> list[str]:
    return [one.what for one in lab.timeline().read().events if one.fields.get("state") == State.ABSENT]


def test_who_is_gone_is_noted_once_and_destroyed_from_then_on(lab: Deployment, by: Deadline) -> None:
    for _ in range(2):
        evidence.note_gone("ex", "docker", by)
    assert absent(lab) == ["worker-1"]
    scene = Scene(GIVEN, "docker")
    assert scene.destroyed(0, float("inf")) == ["worker-1"]
    assert [scene.state(str(name)) for name in (W1, W2)] == [State.ABSENT, State.RUNNING]


def test_who_is_found_gone_after_a_run_is_none_of_those_that_it_destroyed(lab: Deployment, by: Deadline) -> None:
    ended = time.time()
    evidence.note_gone("ex", "docker", by)
    account = Account(header=histories.header(began_at=ended - 60), final_read_began_s=60.0)
    run, scene = evidence.Run("r", account, "kept"), Scene(GIVEN, "docker")
    assert absent(lab) == ["worker-1"]
    assert (scene.gone(run), scene.gone_after(run)) == ([], ["worker-1"])


def test_nothing_is_noted_while_another_command_changes_the_lab(lab: Deployment, by: Deadline) -> None:
    with lock.held(leases.changes("ex"), "replace"):
        evidence.note_gone("ex", "docker", by)
    assert absent(lab) == []


def test_an_engine_that_does_not_answer_keeps_nobody_from_looking(
    lab: Deployment, by: Deadline, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise LabError("no answer", where="here", mend="wait")

    monkeypatch.setattr(type(lab.substrate), "nodes", fail)
    evidence.note_gone("ex", "docker", by)
    assert absent(lab) == []


@pytest.mark.usefixtures("lab")
def test_of_a_lab_that_is_not_there_nothing_is_kept(by: Deadline, tmp_path: Path) -> None:
    before = sorted(tmp_path.rglob("*"))
    evidence.note_gone("other", "docker", by)
    assert sorted(tmp_path.rglob("*")) == before


def test_a_check_begins_with_it(home: Home, exercise: Exercise, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, str]] = []
    monkeypatch.setattr(evidence, "note_gone", lambda lab, substrate, _by: asked.append((lab, substrate)))
    run_checks_here(monkeypatch)
    small.begin(home, exercise, "a b c")
    assert checks.check(exercise, session.given(home, exercise), lambda _: None).ok
    assert asked == [("ex", "docker")]


def test_who_was_drained_is_told_from_who_was_destroyed(lab: Deployment) -> None:
    lab.note(State.DRAINING, W2)
    lab.note(State.ABSENT, W2)
    lab.note(State.ABSENT, W1)
    scene = Scene(GIVEN, "docker")
    assert [scene.drained(str(name), 0.0) for name in (W1, W2)] == [False, True]
    assert not scene.drained("worker-2", float("inf"))


def test_who_was_drained_before_a_time_and_gone_after_it_was_not_destroyed(lab: Deployment) -> None:
    lab.note(State.DRAINING, W2)
    between = lab.timeline().read().events[-1].at
    lab.note(State.ABSENT, W2)
    assert Scene(GIVEN, "docker").destroyed(between + 1e-9, float("inf")) == []
