"""The learner's own folder for an exercise: a copy of the app to change, and files. What is replaced is kept."""

import secrets
import shutil
import time
from pathlib import Path

from lab.exercise.catalogue import Exercise
from lab.host import paths
from lab.host.run import run
from lab.model.deadline import Deadline
from lab.store import source

APP = "app"


def folder(workspaces: Path, exercise: Exercise) -> Path:
    """Where the learner's folder is."""
    return workspaces / exercise.name


def ensure(workspaces: Path, exercise: Exercise, by: Deadline) -> bool:
    """Makes the folder where there is none, whole or not at all; what is there stays. True if it was made."""
    target = folder(workspaces, exercise)
    if target.exists():
        return False
    _made(workspaces, exercise, by).rename(target)
    return True


def renew(workspaces: Path, exercise: Exercise, by: Deadline) -> Path | None:
    """Makes the folder anew; gives where the one before is kept. Cut in the middle, `ensure` makes what is missing."""
    target, made = folder(workspaces, exercise), _made(workspaces, exercise, by)
    kept = None
    if target.exists():
        kept = target.with_name(f"{exercise.name}.{time.strftime('%y%m%d-%H%M%S')}-{secrets.token_hex(2)}")
        target.rename(kept)
    made.rename(target)
    return kept


def original(workspaces: Path, exercise: Exercise, by: Deadline) -> Path:
    """A copy of the app as the exercise begins with it, for the caller to use and `discard`."""
    return _made(workspaces, exercise, by)


def discard(made: Path) -> None:
    """Removes what `original` made."""
    shutil.rmtree(made)


def _made(workspaces: Path, exercise: Exercise, by: Deadline) -> Path:
    """A new folder beside all others, under a name that nobody looks at."""
    workspaces.mkdir(parents=True, exist_ok=True)
    for left in workspaces.glob(f".{exercise.name}.*"):
        shutil.rmtree(left, ignore_errors=True)
    made = workspaces / f".{exercise.name}.{secrets.token_hex(4)}"
    app = paths.REPO / APP
    for path in source.files(app):
        copy = made / APP / path.relative_to(app)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, copy)
    for patch in exercise.start.patches:
        _patch(made / APP, exercise.folder / patch, by)
    for to, what in exercise.start.files.items():
        (made / to).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(exercise.folder / what, made / to)
    return made


def _patch(app: Path, patch: Path, by: Deadline) -> None:
    # Inside a repository, git would take the paths for those of the repository (git-apply(1)): it is not to find one.
    alone = {"GIT_CEILING_DIRECTORIES": str(app.parent), "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1"}
    run(["git", "apply", str(patch)], by=by, cwd=app, env=alone, where=str(patch), mend="mend the exercise's patch")
