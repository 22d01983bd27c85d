"""The lab's machines in libvirt: what they are doing, and their end."""

import json
import tempfile
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from lab.host.run import run
from lab.host.wait import await_until
from lab.model.deadline import Deadline
from lab.model.errors import LabError, UnknownError
from lab.model.node import Node, NodeName, State
from lab.substrates.vagrant import virsh
from lab.substrates.vagrant.names import POOL, Machine, Names, lab_of_volume, machine
from lab.substrates.vagrant.virsh import Domain

_STATES = {
    "running": State.RUNNING,
    "idle": State.RUNNING,
    "paused": State.SLEEPING,
    "saved": State.SLEEPING,
    "in shutdown": State.DRAINING,
    "shut off": State.STOPPED,
    "crashed": State.FAILED,
}

# More than what libvirt itself awaits the end of QEMU for.
_END_S = 30.0


def ours(domains: Mapping[str, Domain]) -> dict[str, Machine]:
    """Every lab's machines by their names in libvirt: those that have both a node's name and its title. Pure."""
    told = {domain: machine(seen.title) for domain, seen in domains.items()}
    return {domain: one for domain, one in told.items() if one and domain == Names(one.lab).domain(one.node)}


def of_lab(lab: str, domains: Mapping[str, Domain]) -> dict[NodeName, tuple[State, Machine]]:
    """State and title of each of one lab's machines. Pure."""
    mine = {domain: one for domain, one in ours(domains).items() if one.lab == lab}
    return {one.node: (_STATES.get(domains[domain].state, State.FAILED), one) for domain, one in mine.items()}


def nodes(lab: str, addresses: dict[str, str], accelerator: str | None, by: Deadline) -> list[Node]:
    """The lab's machines; `addresses` holds the address of each by node name, `accelerator` is this computer's."""
    domains = virsh.domains(by)
    found = of_lab(lab, domains)
    return [
        Node(
            name,
            _sure(Names(lab).domain(name), domains, state, by),
            addresses.get(str(name), ""),
            found[name][1].digest_now(accelerator),
            found[name][1].accelerator,
        )
        for name, (state, _) in sorted(found.items())
    ]


def _sure(domain: str, domains: Mapping[str, Domain], state: State, by: Deadline) -> State:
    """The state of a machine, asked for once more where libvirt's word for it has two meanings."""
    told = domains[domain].state
    try:
        # Vagrant defines a machine before it gives it a network, and may be ended in between.
        if told == "shut off" and not virsh.ask("domiflist", domain, by=by).strip():
            return State.CREATING
        # Each machine is paused for a moment while libvirt starts it: no sleeper, and nobody has to wake it.
        if told == "paused" and "starting up" in virsh.ask("domstate", domain, "--reason", by=by):
            return State.RUNNING
    except UnknownError:
        raise
    except LabError:  # it was removed since it was told of
        return state
    return state


def power_off(domain: str, by: Deadline) -> None:
    """Powers a machine off as a pulled plug would; raises LabError where it runs on all the same."""
    if _is_off(domain, by):
        return
    # It may have ended by itself since we looked: then there is nothing to power off.
    done = virsh.virsh("destroy", domain, by=by, ok={0: "off", 1: "it was off, or does not end"})
    if done.status:
        # libvirt gives up on a QEMU that the kernel does not let go at once, and says "off" when it has ended.
        said = " ".join(done.err.split())
        await_until(
            lambda: None if _is_off(domain, by) else said,
            by.at_most(_END_S, f"it had {_END_S:g} s for that"),
            what=f"the end of machine {domain}",
            mend="type the same again once this computer is less busy; nothing of the machine was removed",
            every_s=0.5,
        )


def _is_off(domain: str, by: Deadline) -> bool:
    there = virsh.domains(by).get(domain)
    return there is None or there.state in ("shut off", "saved")


def resume(domain: str, by: Deadline) -> None:
    """Lets a paused machine go on; one that runs already, or is gone, is left alone. A pause that is still under way is
    awaited by libvirt."""
    try:
        virsh.virsh("resume", domain, by=by)
    except LabError:
        there = virsh.domains(by).get(domain)
        if there is not None and there.state == "paused":
            raise


def sleep(lab: str, names: Sequence[NodeName], by: Deadline) -> None:
    """Writes the memory of those of these machines that run to the disk, all at once, and ends them with that."""

    def change(domain: str, state: str) -> None:
        # Paused ones, too; without the word they would be paused again after they wake.
        if state in ("running", "paused"):
            virsh.virsh("managedsave", "--running", domain, by=by)

    _all_at_once(lab, names, change, by)


def wake(lab: str, names: Sequence[NodeName], by: Deadline) -> list[NodeName]:
    """Lets those of these machines go on that sleep, all at once; gives those that run now. Their clocks are behind."""

    def change(domain: str, state: str) -> None:
        if state == "saved":
            virsh.virsh("start", domain, by=by)
        elif state == "paused":
            resume(domain, by)

    _all_at_once(lab, names, change, by)
    found = of_lab(lab, virsh.domains(by))
    return [name for name in names if name in found and found[name][0] is State.RUNNING]


def _all_at_once(lab: str, names: Sequence[NodeName], change: Callable[[str, str], None], by: Deadline) -> None:
    """Changes each of these machines that is there, told its domain and its state in libvirt's words."""
    domains = virsh.domains(by)
    there = [domain for domain in (Names(lab).domain(name) for name in names) if domain in domains]
    with ThreadPoolExecutor(max_workers=max(len(there), 1)) as pool:
        list(pool.map(lambda domain: change(domain, domains[domain].state), there))


def destroy(lab: str, name: NodeName, by: Deadline) -> None:
    """Powers a machine off as a pulled plug would, and removes it with its disk; the store's data stays."""
    names = Names(lab)
    domain = names.domain(name)
    if name in of_lab(lab, virsh.domains(by)):
        power_off(domain, by)
        virsh.virsh("undefine", domain, "--managed-save", "--nvram", by=by)
    for volume in {names.overlay(name), names.settings(name)} & virsh.volumes(by):
        virsh.delete(volume, by)


def remove(lab: str, removed: Callable[[str], None], by: Deadline, *, volumes: bool) -> None:
    """Removes all machines, the network and, with `volumes`, the store's data of a lab; tells each thing's end."""
    names = Names(lab)
    for name in of_lab(lab, virsh.domains(by)):
        destroy(lab, name, by)
        removed(names.domain(name))
    for volume in sorted(virsh.volumes(by)):
        if lab_of_volume(volume) == lab and (volumes or volume != names.store_data):
            virsh.delete(volume, by)
            removed(volume)
    active = virsh.networks(by).get(names.network)
    if active is not None:
        if active:
            virsh.virsh("net-destroy", names.network, by=by)
        virsh.virsh("net-undefine", names.network, by=by)
        removed(names.network)


def writes(lab: str, name: NodeName, by: Deadline) -> list[str]:
    """What a machine wrote on its root disk since it was made, as extents of its overlay: empty for nothing."""
    # Only libvirt may read the overlay of every user's machine. It is small: what was read of the box is not in it.
    with tempfile.NamedTemporaryFile(suffix=".qcow2") as copy:
        virsh.virsh("vol-download", Names(lab).overlay(name), copy.name, "--pool", POOL, by=by)
        alone = {"driver": "qcow2", "backing": None, "file": {"driver": "file", "filename": copy.name}}
        told = run(
            ["qemu-img", "map", "--output=json", f"json:{json.dumps(alone)}"], by=by, where=f"the disk of {name}"
        )
    return written(told.out)


def written(extents: str) -> list[str]:
    """The extents that hold data in what `qemu-img map --output=json` says of an overlay alone. Pure."""
    return [f"{one['length']} bytes at {one['start']}" for one in json.loads(extents) if one["present"]]
