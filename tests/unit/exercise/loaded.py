"""An exercise's check as a module, for what it decides."""

import importlib.util
from types import ModuleType

from tests.conftest import REPO


def check_of(folder: str) -> ModuleType:
    """The checks of the exercise in this folder."""
    file = REPO / "exercises" / folder / "test_check.py"
    spec = importlib.util.spec_from_file_location(folder.partition("-")[2].replace("-", "_"), file)
    assert spec is not None
    assert spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made
