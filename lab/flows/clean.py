"""`lab clean`: the end of what labs share and what can be built again, where no lab uses it."""

import shutil
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from lab.flows import artefacts, deployment
from lab.host import lock, paths
from lab.model.deadline import Deadline
from lab.provision import rootfs
from lab.substrates import registry
from lab.substrates.base import Report

UNRECORDED = "there is no record of it here; if it is yours, `lab clean --all --name {lab}` removes it"


@dataclass(frozen=True)
class Unused:
    """What no lab uses: images and boxes by substrate, root file systems; and whether all of the cache may go.

    `unrecorded` are labs that an engine has and this user has no record of, by substrate: another user's, or one whose
    folder was removed. What they use is not known, so no image or box of that substrate is among the rest.
    """

    packed: Mapping[str, list[str]]
    layers: list[str]
    all_of_it: bool
    unrecorded: Mapping[str, list[str]] = field(default_factory=dict)

    def in_words(self) -> list[str]:
        """A line for each thing."""
        lines = [f"{substrate}: {thing}" for substrate, things in self.packed.items() for thing in things]
        if self.all_of_it:
            return [*lines, *([str(paths.cache())] if paths.cache().exists() else [])]
        return [*lines, *(f"root file system {layer}" for layer in self.layers)]

    def kept_in_words(self) -> list[str]:
        """A line for each lab for which images and boxes stay that nobody may use."""
        return [
            f"{substrate}: images and boxes stay, for lab {lab} may use them: {UNRECORDED.format(lab=lab)}"
            for substrate, labs in self.unrecorded.items()
            for lab in labs
        ]


def unused(by: Deadline, *, without: Collection[str] = ()) -> Unused:
    """What no lab uses, those in `without` left out of account; superseded versions of what labs use are among it."""
    labs = {name: deployment.deployed(name) for name in deployment.names() if name not in without}
    keys = {key for lab in labs.values() for substrate, found in lab.items() for key in keys_of(substrate, found)}
    recorded = {name: {*without, *(lab for lab in labs if name in labs[lab])} for name in registry.NAMES}
    unrecorded = {name: _unrecorded(name, recorded[name], by) for name in registry.NAMES}
    free = [name for name in registry.NAMES if not unrecorded[name]]
    packed = {name: _others(registry.get(name).packed(by), keys) for name in free}
    return Unused(packed, _others(rootfs.made(), keys), not any(labs.values()), unrecorded)


def _unrecorded(name: str, recorded: Collection[str], by: Deadline) -> list[str]:
    """The labs of which a substrate has more than the data that `destroy` leaves, but for those that are recorded."""
    substrate = registry.get(name)
    others = {lab: things for lab, things in substrate.leftovers(by).items() if lab not in recorded}
    return sorted(lab for lab, things in others.items() if set(things) - set(substrate.data(lab, by)))


def keys_of(substrate: str, found: deployment.Deployed) -> set[str]:
    """The content keys of what a lab was made from, and of what lies below that while the roles are the same."""
    keys = set(found.keys.values())
    for role, key in artefacts.keys(registry.get(substrate), found.topology.versions).items():
        if key in keys:
            layer = artefacts.layer(registry.get(substrate), role, found.topology.versions)
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
        for line in [*found.kept_in_words(), *(f"removed {line}" for line in lines)]:
            report(line)
