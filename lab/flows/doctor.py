"""`lab doctor`: each thing that the kit needs, asked of this computer and of each engine."""

import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from lab.flows import artefacts, deployment, setup
from lab.host import computer, netns, paths
from lab.model.checks import Check
from lab.model.deadline import Deadline
from lab.model.errors import LabError
from lab.model.node import State
from lab.substrates.base import Substrate

_SETUP = "run `lab setup`"
_SIZES = paths.REPO / "requirements/machine.env"
_ENGINES = Path("/var/lib")
_COUNT_S = 10


def examine(substrates: Iterable[Substrate], by: Deadline) -> list[Check]:
    """All checks, of this computer first, then of each engine."""
    asked, sizes = list(substrates), read_sizes()
    rooms_left = still_needed(rooms(sizes), _taken(sizes, asked, by))
    checks = [_python(), *_prepared(), *space(rooms_left), memory(sizes, _memory_in_use_mb(asked, by))]
    for substrate in asked:
        try:
            checks += substrate.checks(by)
        except LabError as error:
            checks.append(Check(substrate.name, None, error.message, error.mend))
    return checks


def verdict(checks: Iterable[Check]) -> bool | None:
    """The worst answer of all: no, then could not be told, then yes. Pure."""
    answers = [check.ok for check in checks]
    if False in answers:
        return False
    return None if None in answers else True


def space(needs: Mapping[Path, int]) -> list[Check]:
    """Whether each file system has the room, in MB, that these folders need of it together."""
    first: dict[int, Path] = {}
    needed: dict[int, int] = {}
    for folder, size in needs.items():
        device = computer.device(folder)
        first.setdefault(device, folder)
        needed[device] = needed.get(device, 0) + size
    mend = "`lab clean` removes what can be built again; else free some space"
    checks = []
    for device, folder in first.items():
        free = computer.free_mb(folder)
        found = f"{free} MB free, {needed[device]} MB needed"
        checks.append(Check(f"disk at {folder}", free >= needed[device], found, mend))
    return checks


def memory(sizes: Mapping[str, int], in_use_mb: int = 0) -> Check:
    """Whether there is enough memory beside what labs that run have already."""
    available, needed = computer.available_memory_mb(), max(0, sizes["memory_mb"] - in_use_mb)
    found = f"{available} MB available, {needed} MB needed{' beside the labs that run' if in_use_mb else ''}"
    return Check("memory", available >= needed, found, "end other programs, or give this computer more")


def rooms(sizes: Mapping[str, int]) -> dict[Path, int]:
    """What the kit fills, in MB by folder: its own, its cache and state, and what the engines keep."""
    return {
        paths.REPO: sizes["kit_mb"],
        paths.cache(): sizes["cache_mb"],
        paths.state(): sizes["state_mb"],
        _ENGINES: sizes["engines_mb"],
    }


def still_needed(needs: Mapping[Path, int], taken: Mapping[Path, int]) -> dict[Path, int]:
    """What each folder needs of its file system beside what is taken already. Pure."""
    return {folder: max(0, size - taken.get(folder, 0)) for folder, size in needs.items()}


def _taken(sizes: Mapping[str, int], substrates: Sequence[Substrate], by: Deadline) -> dict[Path, int]:
    """What the kit has of its rooms already. What the engines keep not everybody may count: it is there, or not."""
    taken = {}
    for folder in (paths.REPO, paths.cache(), paths.state()):
        with suppress(LabError):
            taken[folder] = computer.used_mb(folder, by.at_most(_COUNT_S, f"counting {folder}: {_COUNT_S} s"))
    with suppress(LabError):
        versions = deployment.read_topology(None).versions
        if not any(artefacts.missing(substrate, versions) for substrate in substrates):
            taken[_ENGINES] = sizes["engines_mb"]
    return taken


def _memory_in_use_mb(substrates: Sequence[Substrate], by: Deadline) -> int:
    """The memory of all nodes of this user's labs that run; none of those of which nobody can tell."""
    total = 0
    for lab in deployment.names():
        with suppress(LabError):
            found = deployment.deployed(lab)
            for substrate in (each for each in substrates if each.name in found):
                table = found[substrate.name].topology.substrates[substrate.name]
                running = [node for node in substrate.nodes(lab, by) if node.state is State.RUNNING]
                total += sum(table.memory_mb(node.name.role) for node in running)
    return total


def read_sizes() -> dict[str, int]:
    """What the kit needs of a computer, in MiB, from the file that bin/lab reads too."""
    pairs = (line.split("=", 1) for line in computer.lines(_SIZES) if line and not line.startswith("#"))
    return {name: int(value) for name, value in pairs}


def _python() -> Check:
    version = ".".join(map(str, sys.version_info[:3]))
    real = Path(sys.executable).resolve()
    is_debians = real.is_relative_to("/usr/bin")
    found = f"Python {version}, {real}" + ("" if is_debians else ", not Debian's own")
    return Check("python", sys.version_info >= (3, 11), found, "install Debian's python3 (3.11 or newer)")


def _prepared() -> list[Check]:
    """What setup takes care of, each thing by itself; the system alone where it is not one that setup knows."""
    name, version = computer.system()
    try:
        needs = setup.needs_here()
        setup.refuse_engines_elsewhere(os.environ, needs.engines_here)
    except LabError as error:
        return [Check("system", False, error.message, error.mend)]
    plan = setup.decide(needs, found := setup.look(needs))
    return [
        Check("system", True, f"{name} {version}"),
        Check("packages", not plan.packages, _lacking(plan.packages), _SETUP),
        Check("groups", not plan.groups, _lacking(plan.groups), _SETUP),
        _login(),
        Check("id ranges", not plan.needs_ids, "there" if not plan.needs_ids else "missing", _SETUP),
        _device(plan, found),
        Check("daemons", not plan.daemons, _lacking(plan.daemons, "all answer", "do not run: "), _SETUP),
        *(netns.check(name, needs.daemons[name]) for name in needs.daemons if name in found.running),
        Check("storage pool", found.has_pool, "active" if found.has_pool else "not active, or not told", _SETUP),
    ]


def _login() -> Check:
    is_stale = setup.has_fresh_groups()
    mend = "log in again; `bin/lab` itself takes up the new groups without that"
    return Check("groups of this login", not is_stale, "older than your groups" if is_stale else "up to date", mend)


def _lacking(names: tuple[str, ...], none: str = "all there", some: str = "missing: ") -> str:
    return some + " ".join(names) if names else none


def _device(plan: setup.Plan, found: setup.Found) -> Check:
    if found.device is None:
        return Check(f"rights on {computer.KVM}", True, "there is no such device: machines are emulated")
    # libvirtd probes QEMU again at every call, 4 s each, where libvirt-qemu may not open the device.
    said = f"group {found.device.group}, mode {found.device.mode}"
    return Check(f"rights on {computer.KVM}", not plan.mends_device, said, _SETUP)
