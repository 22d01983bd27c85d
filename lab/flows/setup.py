"""`lab setup`: what this computer lacks, shown before it is done; done, and taken back, by the Ansible role `host`."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from lab.flows import listing
from lab.host import computer, paths, records
from lab.host.computer import Rights
from lab.host.run import run
from lab.model.deadline import Deadline
from lab.model.errors import LabError, UnknownError, UsageError
from lab.provision import roles
from lab.provision.layers import PLAYBOOKS
from lab.provision.roles import Play
from lab.substrates.base import Report

RECORD = Path("/var/lib/vagrant-docker-lab/setup.json")
# Begins the one line of lab.cli.as_root that is not a step but the error that ended it.
ERROR = "error: "
_LOCAL = {"ansible_connection": "local", "ansible_python_interpreter": "/usr/bin/python3"}


@dataclass(frozen=True)
class Needs:
    """What the role `host` brings about, as its variables say; `daemons` are their sockets by name."""

    packages: tuple[str, ...]
    groups: tuple[str, ...]
    daemons: Mapping[str, Path]
    pool: str
    pool_ask: tuple[str, ...]
    device_modes: tuple[str, ...]
    engines_here: Mapping[str, tuple[str, ...]]
    counting: Mapping[str, str] = field(default_factory=dict)
    """Packages that others give out under names of their own, and which of `packages` each counts for."""


@dataclass(frozen=True)
class Found:
    """What this computer has. `has_pool` is None where that could not be told."""

    user: str
    packages: frozenset[str]
    memberships: frozenset[str]
    has_ids: bool
    device: Rights | None
    running: frozenset[str]
    has_pool: bool | None


@dataclass(frozen=True)
class Plan:
    """What setup would change."""

    user: str
    packages: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    needs_ids: bool = False
    mends_device: bool = False
    daemons: tuple[str, ...] = ()
    needs_pool: bool = False

    def lines(self, *, start: bool = True) -> list[str]:
        """The changes in words, one each; none when all is as it should be. Without `start`, nothing is started."""
        said = {
            f"install {len(self.packages)} packages and what they need: {' '.join(self.packages)}": self.packages,
            f"put {self.user} in the groups {', '.join(self.groups)}": self.groups,
            f"give {self.user} a range of user and group ids for builds (/etc/subuid, /etc/subgid)": self.needs_ids,
            f"let the group kvm use {computer.KVM}": self.mends_device,
            f"start {', '.join(self.daemons)}": start and self.daemons,
            "define and start the storage pool of machines": start and self.needs_pool,
        }
        return [line for line, is_due in said.items() if is_due]


def plan() -> Plan:
    """What setup would change here; one without lines when there is nothing to do.

    Raises UsageError on another system, or where the environment says that an engine is elsewhere.
    """
    needs = needs_here()
    refuse_engines_elsewhere(os.environ, needs.engines_here)
    return decide(needs, look(needs))


def decide(needs: Needs, found: Found) -> Plan:
    """The plan for a computer where this was found. Pure. Root needs neither groups nor ids."""
    is_root = found.user == "root"
    device = found.device
    there = found.packages | {ours for other, ours in needs.counting.items() if other in found.packages}
    return Plan(
        user=found.user,
        packages=tuple(name for name in needs.packages if name not in there),
        groups=() if is_root else tuple(name for name in needs.groups if name not in found.memberships),
        needs_ids=not is_root and not found.has_ids,
        mends_device=device is not None and (device.group != "kvm" or device.mode not in needs.device_modes),
        daemons=tuple(name for name in needs.daemons if name not in found.running),
        needs_pool=found.has_pool is False,
    )


def apply(user: str, report: Report, by: Deadline, *, start: bool = True) -> None:
    """Does what the plan says, as root: through sudo, which may ask for a password, where we are not.

    `start` false: installs and grants rights only. Raises LabError with the failed task's text.
    """
    if os.geteuid() != 0:
        _as_root(["apply", user, str(int(start))], report, by)
        return
    id_lines = [line for file in computer.ID_FILES for line in computer.lines(file)]
    variables = {
        "host_user": user,
        "host_subid_start": computer.first_free_id(id_lines),
        "host_starts_daemons": start,
    }
    roles.play(Play(PLAYBOOKS / "host.yml", {"host": _LOCAL}, variables), report, by, where="this computer")


def undo(report: Report, by: Deadline) -> None:
    """Takes back what setup changed, and nothing else; nothing to do is success.

    Raises UsageError while there are labs: the engines that hold them would go.
    """
    if labs := labs_left(by):
        raise UsageError(
            f"there are labs: {', '.join(labs)}",
            where=f"{paths.state() / 'labs'}, and the engines, which hold those of all users",
            mend=f"remove them first: {'; '.join(f'lab destroy --volumes --yes --name {name}' for name in labs)}",
        )
    if os.geteuid() != 0:
        _as_root(["undo"], report, by)
        return
    roles.play(Play(PLAYBOOKS / "host-undo.yml", {"host": _LOCAL}), report, by, where="this computer")


def labs_left(by: Deadline) -> list[str]:
    """The labs of which something is left: by this user's records, and, whoever made them, in engines that answer.

    Raises LabError where one answers and does not tell: it may have some.
    """
    ours = {folder.name for folder in (paths.state() / "labs").glob("*")}
    return sorted(ours | listing.labs(by, forgiven=UnknownError)[0].keys())


def changes_made() -> list[str]:
    """What `undo` would take back, in words; none where setup changed nothing."""
    return in_words(records.read_json(RECORD) or {})


def in_words(record: Mapping[str, Any]) -> list[str]:
    """A record of changes, one line each. Pure."""
    said = {"purge the packages": record.get("packages")}
    for user, given in record.get("users", {}).items():
        said[f"take {user} out of the groups"] = given["groups"]
        said[f"remove the id ranges of {user} from"] = given["subids"]
    said |= {
        f"give {computer.KVM} back its rights": record.get("kvm"),
        "end and disable": record.get("units"),
        "forget the storage pool of machines": record.get("pool"),
        "leave the storage pool of machines as it was": record.get("pool_was"),
    }
    lines = []
    for what, value in said.items():
        if value:
            lines.append(f"{what} {' '.join(value)}" if isinstance(value, list) else what)
    return [*lines, "end the daemons that setup started"] if lines else []


def download_mb(packages: Iterable[str], by: Deadline) -> int | None:
    """How much apt would fetch for these packages, in MB; None where its lists are too old to tell."""
    argv = ["apt-get", "--print-uris", "--yes", "--quiet", "--no-install-recommends", "install", *packages]
    try:
        said = run(argv, by=by)
    except LabError:
        return None
    sizes = [int(line.split()[2]) for line in said.out.splitlines() if line.startswith("'")]
    return round(sum(sizes) / 1e6)


def has_fresh_groups() -> bool:
    """Whether the user is by now in groups that this process, begun earlier, is not in."""
    if os.geteuid() == 0:
        return False
    granted = computer.memberships(computer.user())
    return any(name in granted and not computer.is_in(name) for name in needs_here().groups)


def needs_here() -> Needs:
    """What the role needs on this computer's release of Debian; raises UsageError for another system."""
    name, version = computer.system()
    return read_needs(name, version, has_apparmor=Path("/sys/module/apparmor").exists())


def read_needs(system: str, version: str, *, has_apparmor: bool) -> Needs:
    """What the role's variables say for a system; raises UsageError for one that it does not know."""
    values = yaml.safe_load((PLAYBOOKS / "roles/host/vars/main.yml").read_text())
    if system != "debian" or version not in values["host_packages_of"]:
        raise UsageError(
            f"not supported: {system} {version}",
            where="/etc/os-release",
            mend="run the kit on Debian 12 or 13 on amd64, for example in a virtual machine",
        )
    packages = [*values["host_packages"], *values["host_packages_of"][version]]
    if has_apparmor:
        packages += values["host_packages_with_apparmor"]
    return Needs(
        packages=tuple(sorted(packages)),
        groups=tuple(values["host_groups"]),
        daemons={each["name"]: Path(each["socket"]) for each in values["host_daemons"]},
        pool=values["host_pool"],
        pool_ask=tuple(values["host_pool_ask"]),
        device_modes=tuple(values["host_kvm_modes"]),
        engines_here={name: tuple(allowed) for name, allowed in values["host_engines_here"].items()},
        counting=values["host_packages_counting"],
    )


def refuse_engines_elsewhere(environment: Mapping[str, str], here: Mapping[str, tuple[str, ...]]) -> None:
    """Raises UsageError where a variable names an engine that is not this computer's own."""
    for name, allowed in here.items():
        value = environment.get(name, "")
        if value and value not in allowed:
            raise UsageError(
                f"{name} names an engine elsewhere: {value}",
                where="the environment",
                mend=f"unset {name}: the kit sets up this computer's own engines",
            )


def look(needs: Needs) -> Found:
    """What this computer has of what is needed."""
    name = computer.user()
    running = frozenset(daemon for daemon, socket in needs.daemons.items() if computer.somebody_listens(socket))
    return Found(
        user=name,
        packages=computer.packages(),
        memberships=computer.memberships(name),
        has_ids=computer.has_id_range(name),
        device=computer.rights(computer.KVM),
        running=running,
        has_pool=_has_pool(needs) if running == set(needs.daemons) else False,
    )


def _has_pool(needs: Needs) -> bool | None:
    try:
        said = run(needs.pool_ask, by=Deadline.after(20, "asking for the storage pools: 20 s"))
    except LabError:
        return None
    return needs.pool in said.out.split()


def _as_root(words: list[str], report: Report, by: Deadline) -> None:
    """Runs lab.cli.as_root through sudo, which asks on the terminal by itself; its lines are our steps."""
    if shutil.which("sudo") is None:
        raise UsageError("setup needs root, and there is no sudo", where="this computer", mend="run it as root")
    argv = [
        *("sudo", "--", "env", f"PYTHONPATH={paths.REPO}", "PYTHONDONTWRITEBYTECODE=1"),
        *(sys.executable, "-P", "-m", "lab.cli.as_root", str(int(by.left())), *words),
    ]
    status, steps = _heard(argv, report)
    if status != 0:
        raise UsageError(
            "could not become root: " + " ".join(steps[-3:]),
            where="sudo",
            mend="run it on a terminal, where sudo can ask for your password, or as root: `sudo bin/lab setup --yes`",
        )


def _heard(argv: list[str], report: Report) -> tuple[int, list[str]]:
    """The exit status and the lines of a program whose lines are steps; raises the error that it tells of."""
    steps, errors = list[str](), list[str]()
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        for line in map(str.rstrip, process.stdout or ()):
            if line.startswith(ERROR):
                errors.append(line.removeprefix(ERROR))
            else:
                steps.append(line)
                report(line)
    if errors:
        told = json.loads(errors[-1])
        kinds = {kind.code: kind for kind in (LabError, UsageError, UnknownError)}
        raise kinds[told.pop("code")](**told)
    return process.returncode, steps
