"""The substrates by name, each loaded when it is first used: an engine's library costs time to import."""

from importlib import import_module
from typing import cast

from lab.model.errors import UsageError
from lab.substrates.base import Substrate

_MODULES = {"docker": "lab.substrates.docker.substrate", "vagrant": "lab.substrates.vagrant.substrate"}
NAMES = tuple(_MODULES)


def get(name: str) -> Substrate:
    """The substrate of this name; raises UsageError for an unknown one."""
    if name not in _MODULES:
        raise UsageError(
            f"there is no substrate {name!r}", where="the command line", mend=f"choose one of: {', '.join(NAMES)}"
        )
    return cast(Substrate, import_module(_MODULES[name]).make())
