"""What Vagrant and libvirt read of a lab, rendered from the plan. Pure."""

import ipaddress
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from lab.host.paths import REPO
from lab.model.node import LOADBALANCER, STORE, LabPlan, NodeName, NodeSpec, Role
from lab.model.plan import WORKERS_AT_MOST, address
from lab.substrates.vagrant.names import Names, box, title

# The last two: an emulated processor errs now and then, and the kernel dies of that. It starts again by itself then.
_KERNEL_WORDS = (
    "root=/dev/vda net.ifnames=0 quiet mitigations=off audit=0 apparmor=0 selinux=0 random.trust_cpu=on "
    "cryptomgr.notests no_timer_check console=ttyS0 oops=panic panic=1"
)


@dataclass(frozen=True)
class Tuning:
    """What a comparison wants otherwise than the kit: the other number of processors, and a cache mode of disks in
    QEMU's words."""

    swaps_cpus: bool = False
    cache: str = ""


def cpus(accelerator: str, tuned: Tuning) -> int:
    """How many processors a machine has: two under KVM, one where they are emulated."""
    return 1 if (accelerator == "kvm") is tuned.swaps_cpus else 2


def mac(address: str) -> str:
    """The MAC address from which libvirt's DHCP gives this address."""
    last = [int(part) for part in address.split(".")]
    return f"52:54:00:{last[1]:02x}:{last[2]:02x}:{last[3]:02x}"


def command_line(node: NodeSpec) -> str:
    """The kernel's command line of a node."""
    # A node that keeps nothing has its root as the initrd mounts it: read-only.
    return f"{_KERNEL_WORDS} {'rw' if node.keeps else 'ro'} systemd.hostname={node.name}"


def vagrantfile(
    plan: LabPlan,
    folder: Path,
    accelerator: str,
    pool: Path,
    boot_volume: Callable[[str, str], str],
    console: Callable[[NodeSpec], Path],
    tuned: Tuning,
) -> str:
    """The text of the lab's Vagrantfile."""
    return _render(
        "Vagrantfile.j2",
        plan=plan,
        names=Names(plan.lab),
        title=title,
        box=box,
        folder=folder,
        accelerator=accelerator,
        cpus=cpus(accelerator, tuned),
        driver="kvm" if accelerator == "kvm" else "qemu",
        mac=mac,
        command_line=command_line,
        kernel=lambda node: pool / boot_volume("kernel", node.key),
        initrd=lambda node: pool / boot_volume("initrd", node.key),
        console=console,
        tuned=tuned,
    )


def network(plan: LabPlan) -> str:
    """The text of the lab's network.xml, with an address for each node that the lab may ever have."""
    subnet = ipaddress.IPv4Network(plan.subnet)
    workers = [NodeName(Role.WORKER, index) for index in range(1, WORKERS_AT_MOST + 1)]
    return _render(
        "network.xml.j2",
        plan=plan,
        names=Names(plan.lab),
        gateway=subnet.network_address + 1,
        spare=(subnet.network_address + 240, subnet.network_address + 250),
        hosts=[address(subnet, name) for name in (LOADBALANCER, STORE, *workers)],
        mac=mac,
    )


def _render(template: str, **values: object) -> str:
    environment = Environment(loader=FileSystemLoader(REPO / "vagrant"), undefined=StrictUndefined, autoescape=False)
    return environment.get_template(template).render(values) + "\n"
