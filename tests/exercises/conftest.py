"""The one lab that the exercises share in the tests, and a learner's place."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.exercise.home import Home
from lab.flows import deployment
from lab.model.deadline import Deadline
from tests.conftest import Typed, type_lab, type_well

LAB = "test-ex"
SHARED = "test-shared"
TRIAL_S = {"docker": 600, "vagrant": 3600}
"""Of one exercise; on containers the slowest took 83 s."""


@pytest.fixture(scope="session")
def ex_lab(substrate_name: str) -> Iterator[str]:
    """The name of the lab; the one that other tests share sleeps meanwhile, where there is one: two are a crowd."""
    is_there = substrate_name in deployment.deployed(SHARED)
    if is_there:
        type_well("sleep", substrate_name, "--name", SHARED)
    try:
        yield LAB
    finally:
        down = type_lab("destroy", substrate_name, "--volumes", "--yes", "--name", LAB)
        if is_there:
            type_well("wake", substrate_name, "--name", SHARED)
    assert down.code == 0, down.err


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path, tmp_path / "workspace")


@pytest.fixture
def by(substrate_name: str) -> Deadline:
    return Deadline.after(TRIAL_S[substrate_name], "one exercise")


def typed(home: Home, *words: str) -> Typed:
    """Types `lab exercise WORDS` as this learner."""
    return type_lab("exercise", *words, env={"LAB_EXERCISES": str(home.folder)})
