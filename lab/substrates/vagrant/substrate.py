"""The substrate Vagrant: a node is a virtual machine under libvirt, the shared drive is NFS from the store."""

import os
import shutil
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from pathlib import Path

from lab.host import paths, processes, records
from lab.host.run import run, tail
from lab.model import labs
from lab.model.checks import Check
from lab.model.deadline import Deadline
from lab.model.node import LOADBALANCER, LabPlan, Node, NodeName, NodeSpec, Role
from lab.model.plan import LOADBALANCER_PORT
from lab.substrates.base import Disk, Processes, Reach, Report, Scratch, Typed, UnstartedError
from lab.substrates.vagrant import agent, box, engine_checks, kvm, machines, measure, render, settings, ssh, tool, virsh
from lab.substrates.vagrant.names import Names, boot_volume, lab_of_network, lab_of_volume

_AT_ONCE = 8


def make() -> "VagrantSubstrate":
    """The one substrate of this module."""
    return VagrantSubstrate()


def _folder(lab: str) -> Path:
    return paths.lab(lab) / "vagrant"


def _addresses(lab: str) -> dict[str, str]:
    """The address of each node that the lab has or had, by name."""
    return records.read_json(_folder(lab) / "addresses.json") or {}


def _console(lab: str, name: NodeName) -> Path:
    return paths.lab(lab) / "logs" / f"vagrant-{name}.log"


class VagrantSubstrate:
    """Implements `lab.substrates.base.Substrate`."""

    name = "vagrant"
    adds: tuple[str, ...] = ("machine",)
    packs_with: tuple[Path, ...] = box.PACKED_WITH
    publishes = False
    has_own_kernel = True
    drive_port: int | None = 2049
    title, variants, daemons = measure.TITLE, measure.VARIANTS, measure.DAEMONS

    def is_packed(self, role: Role, key: str) -> bool:
        return box.is_added(role, key, Deadline.after(30, "asking libvirt"))

    def pack(self, role: Role, key: str, tar: Path, report: Report, by: Deadline) -> None:
        box.add(role, key, tar, report, by)

    def packed(self, by: Deadline) -> Mapping[str, str]:
        return box.packed(by)

    def unpack(self, names: Sequence[str], by: Deadline) -> None:
        box.remove(names, by)

    def prepare(self, plan: LabPlan, by: Deadline) -> None:
        folder = _folder(plan.lab)
        folder.mkdir(parents=True, exist_ok=True)
        ssh.ensure_key(folder / "ssh" / "key", f"lab {plan.lab}", by)
        for node in plan.nodes:
            ssh.ensure_key(ssh.host_key(folder, node.name), str(node.name), by)
        # A worker that is to go is reached once more: what was known stays known.
        addresses = _addresses(plan.lab) | {str(node.name): node.address for node in plan.nodes}
        ssh.write_config(addresses, folder)
        records.write_json(folder / "addresses.json", addresses)
        records.write(folder / "Vagrantfile", _vagrantfile(plan, by))
        records.write(folder / "network.xml", render.network(plan))
        render_files(plan, by)
        _make_network(plan.lab, by)

    def create(self, plan: LabPlan, names: Sequence[NodeName], report: Report, by: Deadline) -> None:
        _ready_to_boot(plan, names, by)
        report(f"booting {', '.join(str(name) for name in names)}")
        tool.Tool(_folder(plan.lab), by).bring_up(names)

    def nodes(self, lab: str, by: Deadline) -> list[Node]:
        return machines.nodes(lab, _addresses(lab), kvm.known(), by)

    def reach(self, lab: str, name: NodeName) -> Reach:
        configuration = _folder(lab) / "ssh_config"
        return Reach(
            prefix=("ssh", "-F", str(configuration), str(name)),
            terminal=("ssh", "-t", "-F", str(configuration), str(name)),
            is_remote_shell=True,
            testinfra=f"ssh://{name}?ssh_config={configuration}",
            ansible={
                "ansible_connection": "ssh",
                "ansible_host": str(name),
                "ansible_ssh_common_args": f"-F {configuration}",
                "ansible_python_interpreter": "/usr/bin/python3",
            },
        )

    def url(self, plan: LabPlan) -> str:
        return f"http://{plan.node(LOADBALANCER).address}:{LOADBALANCER_PORT}"

    def stop(self, lab: str, name: NodeName, by: Deadline) -> None:
        # The power goes next, and takes with it what only the machine's memory holds.
        stop = f"systemctl stop {' '.join(settings.SERVICES[name.role])} && sync"
        self.reach(lab, name).run(["sh", "-c", stop], by)
        self.power_off(lab, name, by)

    def restart(self, lab: str, name: NodeName, by: Deadline) -> None:
        # What systemctl ends with where the service did not come up, which it waits for. Other failures are not that.
        ok = {0: "restarted", 1: "it did not come up"}
        done = self.reach(lab, name).run(["sh", "-c", settings.restart(name.role)], by, ok=ok)
        if done.status:
            message = f"the services of {name} were started again, and did not come up\n{tail(done.out, done.err)}"
            mend = f"read {labs.typed(f'logs {self.name}/{name}', lab)}"
            raise UnstartedError(message, where=f"{name}, a machine of lab {lab}", mend=mend)

    def destroy(self, lab: str, name: NodeName, by: Deadline) -> None:
        # A connection kept open would lead into the machine that was, also when its successor has the address.
        _close_connections(lab, [str(name)], by)
        machines.destroy(lab, name, by)
        shutil.rmtree(_folder(lab) / ".vagrant" / "machines" / str(name), ignore_errors=True)

    def pause(self, lab: str, name: NodeName, by: Deadline) -> None:
        virsh.virsh("suspend", Names(lab).domain(name), by=by)

    def resume(self, lab: str, name: NodeName, by: Deadline) -> None:
        machines.resume(Names(lab).domain(name), by)

    def sleep(self, lab: str, names: Sequence[NodeName], by: Deadline) -> None:
        # One that was kept open would not answer until the machine is awake again.
        _close_connections(lab, [str(name) for name in names], by)
        machines.sleep(lab, names, by)

    def wake(self, lab: str, names: Sequence[NodeName], by: Deadline) -> None:
        awake = machines.wake(lab, names, by)
        with ThreadPoolExecutor(max_workers=_AT_ONCE) as pool:
            list(pool.map(lambda name: agent.set_clock(Names(lab).domain(name), by), awake))

    def power_off(self, lab: str, name: NodeName, by: Deadline) -> None:
        _close_connections(lab, [str(name)], by)
        machines.power_off(Names(lab).domain(name), by)

    def power_on(self, lab: str, name: NodeName, by: Deadline) -> None:
        virsh.virsh("start", Names(lab).domain(name), by=by)

    def root(self, lab: str, name: NodeName) -> Reach:
        return self.reach(lab, name)

    def network(self, lab: str, name: NodeName, by: Deadline) -> Reach:
        return self.reach(lab, name)

    def remove(self, lab: str, removed: Report, by: Deadline, *, volumes: bool) -> None:
        _close_connections(lab, _addresses(lab), by)
        machines.remove(lab, removed, by, volumes=volumes)
        shutil.rmtree(_folder(lab) / ".vagrant", ignore_errors=True)

    def is_networked(self, lab: str, by: Deadline) -> bool:
        return virsh.networks(by).get(Names(lab).network, False)

    def leftovers(self, by: Deadline) -> Mapping[str, list[str]]:
        owned = [
            *((name, machine.lab) for name, machine in machines.ours(virsh.domains(by)).items()),
            *((name, lab_of_volume(name)) for name in virsh.volumes(by)),
            *((name, lab_of_network(name)) for name in virsh.networks(by)),
        ]
        found: dict[str, list[str]] = {}
        for name, lab in owned:
            if lab is not None:
                found.setdefault(lab, []).append(name)
        return {lab: sorted(names) for lab, names in found.items()}

    def data(self, lab: str, by: Deadline) -> list[str]:
        return sorted({Names(lab).store_data} & virsh.volumes(by))

    def written(self, lab: str, name: NodeName, by: Deadline) -> list[str]:
        return machines.writes(lab, name, by)

    def log(self, lab: str, name: NodeName, *, follow: bool) -> list[str]:
        return ["tail", "-n", "+1", *(["-F"] if follow else []), str(_console(lab, name))]

    def accelerator(self, by: Deadline) -> str | None:
        return kvm.accelerator(by)

    def known_accelerator(self) -> str | None:
        return kvm.known()

    def facts(self, by: Deadline) -> Mapping[str, str]:
        versions = [run([program, "--version"], by=by).out.splitlines()[0] for program in ("vagrant", kvm.QEMU)]
        libvirt = run(["virsh", "--version"], by=by).out.strip()
        facts = {
            "engine": ", ".join([*versions, f"libvirt {libvirt}"]),
            "accelerator": kvm.accelerator(by),
            "storage": "qcow2 over the box",
            # What QEMU does where nothing is said (qemu(1), -drive, cache).
            "disk cache": "writeback",
            "network": "a bridge, virtio",
        }
        return measure.facts_with(facts, "")

    def facts_with(self, facts: Mapping[str, str], variant: str) -> Mapping[str, str]:
        return measure.facts_with(facts, variant)

    def checks(self, by: Deadline) -> list[Check]:
        return engine_checks.checks(by)

    def type_start(self, plan: LabPlan, name: NodeName, by: Deadline, variant: str = "") -> Typed:
        folder = _folder(plan.lab)
        records.write(folder / "Vagrantfile", _vagrantfile(plan, by, variant))
        try:
            # What the kit gives the machine is there before anybody types, as what a container reads is.
            _ready_to_boot(plan, [name], by)
            asked_s = processes.now_s()
            tool_s = tool.typed_up(folder, name, by)
            return Typed(asked_s, tool_s, processes.now_s())
        finally:
            records.write(folder / "Vagrantfile", _vagrantfile(plan, by))

    def bound(self, plan: LabPlan, name: NodeName, by: Deadline, *, holds: bool) -> None:
        measure.bound(self.reach(plan.lab, name), plan.node(name), by, holds=holds)

    def processes(self, lab: str, name: NodeName, by: Deadline) -> Processes:
        return measure.of_node(lab, name)

    def around(self, lab: str, by: Deadline) -> frozenset[int]:
        return measure.around(lab)

    def disk(self, plan: LabPlan, name: NodeName, by: Deadline) -> Disk:
        return measure.disk(plan, name, by)

    def scratch(
        self, plan: LabPlan, name: NodeName, by: Deadline, variant: str = ""
    ) -> AbstractContextManager[Scratch]:
        return measure.scratch(self.reach(plan.lab, name), plan.lab, name, variant, by)


def _ready_to_boot(plan: LabPlan, names: Sequence[NodeName], by: Deadline) -> None:
    """Gives each machine its settings disk and its console; what one that is gone left is cleared away."""
    domains, present, ours = virsh.domains(by), virsh.volumes(by), Names(plan.lab)
    for name in names:
        if ours.domain(name) not in domains:
            _forget(plan.lab, name, present, by)
        _upload_settings(plan, plan.node(name), present, by)
        open_console(plan.lab, name)


def render_files(plan: LabPlan, by: Deadline) -> None:
    """Writes the files that nodes are given, for people to read. Where one changed, the settings disk of a machine that
    is there is written anew too: from that it boots where somebody makes it anew by Vagrant alone."""
    for spec in plan.nodes:
        folder = _folder(plan.lab) / "nodes" / str(spec.name)
        files = {folder / file: text for file, text in spec.files.items()}
        if any(not path.exists() or path.read_text() != text for path, text in files.items()):
            present = virsh.volumes(by)
            if Names(plan.lab).settings(spec.name) in present:
                _upload_settings(plan, spec, present, by)
            # Last: until then an interrupted upload is made again by the next one.
            for path, text in files.items():
                records.write(path, text)


def _vagrantfile(plan: LabPlan, by: Deadline, variant: str = "") -> str:
    return render.vagrantfile(
        plan,
        folder=_folder(plan.lab),
        accelerator=kvm.accelerator(by),
        pool=virsh.pool_folder(by),
        boot_volume=boot_volume,
        console=lambda node: _console(plan.lab, node.name),
        tuned=measure.TUNED[variant],
    )


def _make_network(lab: str, by: Deadline) -> None:
    network = Names(lab).network
    active = virsh.networks(by).get(network)
    if active is None:
        virsh.virsh("net-define", str(_folder(lab) / "network.xml"), by=by)
    if not active:
        virsh.virsh("net-start", network, by=by)


def _upload_settings(plan: LabPlan, node: NodeSpec, present: set[str], by: Deadline) -> None:
    folder = _folder(plan.lab)
    authorized, host_key = (folder / "ssh" / "key.pub").read_text(), ssh.host_key(folder, node.name).read_text()
    content = settings.archive(node, authorized, host_key)
    virsh.write(Names(plan.lab).settings(node.name), content, by, present)


def _forget(lab: str, name: NodeName, present: set[str], by: Deadline) -> None:
    """Clears what a machine that is gone left: Vagrant's note of it and a disk made just before an interruption."""
    shutil.rmtree(_folder(lab) / ".vagrant" / "machines" / str(name), ignore_errors=True)
    overlay = Names(lab).overlay(name)
    if overlay in present:
        virsh.delete(overlay, by)


def open_console(lab: str, name: NodeName) -> None:
    """The file that a machine's console is added to, as this user may read it: libvirt's log daemon would make one for
    root alone, as it does where the file was removed and the machine then started by hand."""
    console = _console(lab, name)
    console.parent.mkdir(parents=True, exist_ok=True)
    if console.exists() and not os.access(console, os.R_OK):
        console.unlink()
    console.touch(mode=0o644)


def _close_connections(lab: str, names: Iterable[str], by: Deadline) -> None:
    configuration = _folder(lab) / "ssh_config"
    for name in names if configuration.exists() else ():
        run(["ssh", "-F", str(configuration), "-O", "exit", name], by=by, ok={0: "closed", 255: "was not open"})
