"""A small exercise, and a place for its learner."""

from pathlib import Path

import pytest

from lab.exercise.catalogue import Exercise
from lab.exercise.home import Home
from tests.unit.exercise import small


@pytest.fixture
def exercise(tmp_path: Path) -> Exercise:
    return small.write(tmp_path / "exercises")


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home", tmp_path / "home" / "workspace")
