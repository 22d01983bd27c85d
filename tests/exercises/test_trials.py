"""Each exercise on real nodes: its starting state fails, its solution passes, each wrong attempt gets its message.

In time for each commit: all starting states and solutions on one engine; on the other test_loop.py does one exercise.
"""

import pytest

from lab.exercise import catalogue
from lab.exercise.catalogue import Exercise
from lab.exercise.home import Home
from lab.exercise.trial import Trial
from lab.model.deadline import Deadline
from tests.conftest import REPO, type_well

EXERCISES = catalogue.load_all(REPO / "exercises")
# Those that a learner who has all engines does on each of them, in one lab.
ON_EACH = [one for one in EXERCISES if one.on == "each"]


def _here(exercise: Exercise, substrate: str) -> Exercise:
    if substrate not in exercise.substrates:
        pytest.skip(f"{exercise.name} is for {' and '.join(exercise.substrates)}")
    return exercise


@pytest.mark.long("vagrant")
@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda exercise: exercise.name)
def test_the_starting_state_fails_and_the_solution_passes(
    exercise: Exercise, ex_lab: str, substrate_name: str, home: Home, by: Deadline
) -> None:
    trial = Trial(_here(exercise, substrate_name), ex_lab, (substrate_name,), home)
    assert list(trial.faults(print, by, wrong=False)) == []


@pytest.mark.long
@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda exercise: exercise.name)
def test_each_wrong_attempt_gets_its_message(
    exercise: Exercise, ex_lab: str, substrate_name: str, home: Home, by: Deadline
) -> None:
    trial = Trial(_here(exercise, substrate_name), ex_lab, (substrate_name,), home)
    assert list(trial.faults(print, by)) == []


# Once, where machines are tested; it needs the other engines, too.
@pytest.mark.only("vagrant")
@pytest.mark.long
@pytest.mark.parametrize("exercise", ON_EACH, ids=lambda exercise: exercise.name)
def test_an_exercise_is_done_on_all_its_substrates_at_once(
    exercise: Exercise, ex_lab: str, substrate_name: str, home: Home, by: Deadline
) -> None:
    try:
        assert list(Trial(exercise, ex_lab, exercise.substrates, home).faults(print, by, wrong=False)) == []
    finally:
        # The lab's part on this one is removed after all tests.
        for other in set(exercise.substrates) - {substrate_name}:
            type_well("destroy", other, "--volumes", "--yes", "--name", ex_lab)
