"""What a comparison asks of machines: their processes, their disk, a further disk for a while, other settings."""

import re
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from lab.host import processes
from lab.host.run import run
from lab.host.wait import await_until
from lab.model.deadline import Deadline
from lab.model.errors import LabError
from lab.model.node import LabPlan, NodeName, NodeSpec
from lab.substrates.base import Disk, Processes, Reach, Scratch
from lab.substrates.vagrant import box, settings, virsh
from lab.substrates.vagrant.names import POOL, Names, boot_volume, image_volume
from lab.substrates.vagrant.names import box as box_name
from lab.substrates.vagrant.render import Tuning, cpus
from lab.substrates.vagrant.tool import box_folder

TITLE = "Vagrant VM"
# One for all, or one for each kind of thing (libvirtd(8)).
DAEMONS = frozenset({"libvirtd", "virtlogd", "virtqemud", "virtnetworkd", "virtstoraged"})
# The kit gives a machine one processor where it is emulated, and two under KVM.
VARIANTS: Mapping[str, str] = {
    "cpus": "two processors where emulated, one under KVM",
    "no-cache": "disks without this computer's cache",
}
TUNED: Mapping[str, Tuning] = {"": Tuning(), "cpus": Tuning(swaps_cpus=True), "no-cache": Tuning(cache="none")}

_SCRATCH_MB = 64
_LABEL, _TARGET, _FOLDER = "scratch", "vdz", "/run/scratch"
_ALLOCATION = re.compile(r"^Allocation:\s+(\d+) bytes", re.MULTILINE)
_SBIN = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}


def facts_with(facts: Mapping[str, str], variant: str) -> Mapping[str, str]:
    """What libvirt's machines are, as they are with this setting. Pure."""
    tuned = TUNED[variant]
    changed = {"processors": str(cpus(facts["accelerator"], tuned))}
    return {**facts, **changed, **({"disk cache": tuned.cache} if tuned.cache else {})}


def bound(reach: Reach, node: NodeSpec, by: Deadline, *, holds: bool) -> None:
    """Lets a machine's service have as much of the processors as the plan says, or all of them; the service itself sets
    that bound again once it serves (settings.py)."""
    for service in settings.SERVICES[node.name.role]:
        quota = settings.quota(node) if holds else "CPUQuota="
        reach.run(["systemctl", "set-property", "--runtime", f"{service}.service", quota], by)


def of_node(lab: str, name: NodeName) -> Processes:
    """The QEMU of a machine, by the name that libvirt gives it on its command line."""
    return Processes(frozenset(processes.with_words(f"guest={Names(lab).domain(name)},")))


def around(lab: str) -> frozenset[int]:
    """The DHCP server of the lab's network."""
    return frozenset(processes.with_words(f"/{Names(lab).network}.conf"))


def disk(plan: LabPlan, name: NodeName, by: Deadline) -> Disk:
    """What the volumes of the box and of the machine really take, and Vagrant's own copy of the box."""
    names, key = Names(plan.lab), plan.node(name).key
    named = box_name(name.role, key)
    copy = box_folder(named) / "0" / "libvirt" / "box.img"
    of_box = [image_volume(named, copy), *(boot_volume(kind, key) for kind in box.KINDS)]
    shared = sum(_allocated(volume, by) for volume in of_box)
    own = sum(_allocated(volume, by) for volume in (names.overlay(name), names.settings(name)))
    note = "the box twice, Vagrant's copy and libvirt's, with its kernel; of a machine its own two disks"
    return Disk(shared + copy.stat().st_blocks * 512, shared, own, note)


def _allocated(volume: str, by: Deadline) -> int:
    return allocation(virsh.ask("vol-info", volume, "--pool", POOL, "--bytes", by=by))


def allocation(told: str) -> int:
    """The bytes that a volume really takes, in what `virsh vol-info --bytes` says. Pure."""
    match = _ALLOCATION.search(told)
    if match is None:
        raise LabError(f"libvirt did not say how large a volume is: {told!r}", where="vol-info", mend="see its log")
    return int(match[1])


@contextmanager
def scratch(reach: Reach, lab: str, name: NodeName, variant: str, by: Deadline) -> Iterator[Scratch]:
    """A disk that the running machine is given, and that is mounted in it for as long as the block lasts."""
    domain, volume = Names(lab).domain(name), Names(lab).scratch(name)
    cache = TUNED[variant].cache
    _upload(volume, by)
    try:
        # The pool is closed to normal users, whose virsh could not see that it is a file.
        words = ["--sourcetype", "file", "--targetbus", "virtio", "--driver", "qemu", "--subdriver", "raw", "--live"]
        words += ["--cache", cache] if cache else []
        virsh.virsh("attach-disk", domain, str(virsh.pool_folder(by) / volume), _TARGET, *words, by=by)
        try:
            _mount(reach, name, by)
            yield Scratch(reach, _FOLDER)
            reach.run(["umount", _FOLDER], by)
        finally:
            _detach(domain, by)
    finally:
        virsh.delete(volume, by)


def _upload(volume: str, by: Deadline) -> None:
    """Puts an empty file system into the pool: a worker has no program that makes one."""
    with tempfile.NamedTemporaryFile() as file:
        file.truncate(_SCRATCH_MB * 1024 * 1024)
        argv = ["mke2fs", "-q", "-F", "-t", "ext4", "-m", "0", "-E", "lazy_itable_init=0", "-L", _LABEL, file.name]
        run(argv, by=by, env=_SBIN, where=volume)
        virsh.upload(volume, Path(file.name), by, virsh.volumes(by))


def _mount(reach: Reach, name: NodeName, by: Deadline) -> None:
    find = f'mkdir -p {_FOLDER} && mount "$(/usr/sbin/blkid -c /dev/null -L {_LABEL})" {_FOLDER}'

    def probe() -> str | None:
        # The machine is told of the disk a moment after it was given to it.
        found = reach.run(["sh", "-c", find], by, ok=dict.fromkeys(range(255), "told"))
        return f"it said {found.err.strip()!r}" if found.status else None

    await_until(probe, by.at_most(30, "30 s"), what=f"{name} finding its new disk", mend="read its log", every_s=0.2)


def _detach(domain: str, by: Deadline) -> None:
    virsh.virsh("detach-disk", domain, _TARGET, "--live", by=by)

    def probe() -> str | None:
        # The machine gives it back in its own time.
        return "still attached" if _TARGET in virsh.ask("domblklist", domain, by=by).split() else None

    await_until(probe, by.at_most(30, "30 s"), what=f"{domain} giving its disk back", mend="read its log", every_s=0.2)
