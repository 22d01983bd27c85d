"""`lab clean`: the end of what labs share and what can be built again, where no lab uses it."""

import shutil
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass

from lab.flows import artefacts, deployment
from lab.host import lock, paths
from lab.model.deadline import Deadline
from lab.model.node import Role
from lab.provision import rootfs
from lab.substrates import registry
from lab.substrates.base import Report


@dataclass(frozen=True)
class Unused:
    """What no lab uses: images and boxes by substrate, root file systems; and whether all of the cache may go."""

    packed: Mapping[str, list[str]]
    layers: list[str]
    all_of_it: bool

    def in_words(self) -> list[str]:
        """A line for each thing."""
        lines = [f"{substrate}: {thing}" for substrate, things in self.packed.items() for thing in things]
        if self.all_of_it:
            return [*lines, *([str(paths.cache())] if paths.cache().exists() else [])]
        return [*lines, *(f"root file system {layer}" for layer in self.layers)]


def unused(by: Deadline, *, without: Collection[str] = ()) -> Unused:
    """What no lab uses, those in `without` left out of account; superseded versions of what labs use are among it."""
    labs = [found for name in deployment.names() if name not in without for found in deployment.deployed(name).items()]
    keys = {key for substrate, found in labs for key in keys_of(substrate, found)}
    packed = {name: _others(registry.get(name).packed(by), keys) for name in registry.NAMES}
    return Unused(packed, _others(rootfs.made(), keys), not labs)


def keys_of(substrate: str, found: deployment.Deployed) -> set[str]:
    """The content keys of what a lab was made from, and of what lies below that while the roles are the same."""
    keys = set(found.keys.values())
    for role in Role:
        layer = artefacts.layer(registry.get(substrate), role, found.topology.versions)
        if layer.key in keys:
            keys |= {each.key for each in layer.lineage()}
    return keys


def _others(things: Mapping[str, str], keys: Collection[str]) -> list[str]:
    return sorted(name for name, key in things.items() if key not in keys)


def clean(report: Report, by: Deadline) -> None:
    """Removes what no lab uses; where there is no lab, everything that was ever built, and what was fetched for it."""
    with lock.held(paths.cache() / "build.lock", "clean"):
        found = unused(by)
        lines = found.in_words()
        for substrate, things in found.packed.items():
            if things:
                registry.get(substrate).unpack(things, by)
        # As the owner of all that is in there, which for a normal user is a range of other users too.
        if found.all_of_it:
            rootfs.remove_all(by)
            shutil.rmtree(paths.cache())
            deployment.leave_nothing("clean")
            with suppress(OSError):  # it is not there, or a connection is still open
                paths.sockets().rmdir()
        else:
            rootfs.remove(found.layers, by)
        for line in lines:
            report(f"removed {line}")
