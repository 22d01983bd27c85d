"""The versions of the app that exercises are written with."""

import os
import subprocess
from pathlib import Path

from lab.exercise import catalogue, workspace
from lab.model.deadline import Deadline
from tests.conftest import REPO


def app(folder: str, place: Path) -> Path:
    """The app as the exercise begins with it, in a learner's folder in `place`."""
    exercise = catalogue.load(REPO / "exercises" / folder)
    workspace.ensure(place, exercise, Deadline.after(60, "one test"))
    return workspace.folder(place, exercise) / workspace.APP


def edited(folder: str, script: str, place: Path) -> Path:
    """The learner's app after what this script of the exercise, solution/solve.sh for example, does to files."""
    made = app(folder, place)
    for program in ("lab", "curl"):
        (place / program).write_text("#!/bin/sh\n")
        (place / program).chmod(0o755)
    words = {"SUBSTRATE": "docker", "LAB": "ex", "WORD": "otter-4711", "URL": "http://site", "WORKSPACE": made.parent}
    env = {name: str(value) for name, value in words.items()} | {"PATH": f"{place}:{os.environ['PATH']}"}
    subprocess.run(["bash", "-eu", REPO / "exercises" / folder / script], cwd=REPO, env=env, check=True)
    return made
