"""Where the kit keeps things on this computer (XDG base directories)."""

import os
from pathlib import Path

KIT = "vagrant-docker-lab"
REPO = Path(__file__).resolve().parents[2]
_TEMPORARY = Path("/tmp")


def _xdg(variable: str, default: str) -> Path:
    value = os.environ.get(variable, "")
    # The specification says that a relative path in these variables is to be ignored.
    base = Path(value) if value.startswith("/") else Path.home() / default
    return base / KIT


def state() -> Path:
    """Folder of what was deployed: one folder a lab, kept until its `destroy`."""
    return _xdg("XDG_STATE_HOME", ".local/state")


def cache() -> Path:
    """Folder of what can be made again: root file systems, images' archives, boxes."""
    return _xdg("XDG_CACHE_HOME", ".cache")


def sockets() -> Path:
    """Folder, with a short path, of sockets, for a user whose session has none of its own; made by who needs it."""
    return _TEMPORARY / f"{KIT}-{os.getuid()}"


def exercises() -> Path:
    """Folder of what a learner did; LAB_EXERCISES names another one, as tests of exercises do."""
    given = os.environ.get("LAB_EXERCISES", "")
    return Path(given) if given.startswith("/") else state() / "exercises"


def workspaces() -> Path:
    """Folder of the learner's own copies of the app, near at hand; with LAB_EXERCISES, it is in there."""
    given = os.environ.get("LAB_EXERCISES", "")
    return (Path(given) if given.startswith("/") else REPO) / "workspace"


def lab(name: str) -> Path:
    """The state folder of one lab."""
    return state() / "labs" / name
