"""The place of a lab on this computer: its network, its port and its name, which nobody else may use."""

from pathlib import Path

from lab.flows import deployment
from lab.host import network, paths
from lab.model import labs
from lab.model.deadline import Deadline
from lab.model.errors import UsageError
from lab.model.node import LOADBALANCER, State
from lab.model.topology import Topology
from lab.substrates.base import Substrate


def check_room(lab: str, substrate: Substrate, topology: Topology, file: Path, by: Deadline) -> None:
    """A subnet, port or name that somebody else uses is found out before anything starts; our own use is none."""
    table = topology.substrates[substrate.name]
    slot = deployment.slot(lab)
    where = f"{file}, key substrates.{substrate.name}"
    subnet = table.subnet(slot)
    for taken in () if substrate.is_networked(lab, by) else network.routed():
        if taken.overlaps(subnet):
            raise UsageError(
                f"the network {subnet} overlaps {taken}, which this computer already uses",
                where=f"{where}.subnets = {table.subnets!r}",
                mend="choose another private range in that file",
            )
    port = table.first_port + slot
    if substrate.publishes and not network.is_free(port) and not _publishes(lab, substrate, by):
        raise UsageError(
            f"port {port} of 127.0.0.1 is in use",
            where=f"{where}.first_port = {table.first_port}",
            mend="end the program that uses it, or choose another port in that file",
        )
    check_name(lab, substrate, by)


def _publishes(lab: str, substrate: Substrate, by: Deadline) -> bool:
    """Whether the lab's own load balancer has its port; one that sleeps keeps it."""
    states = {node.name: node.state for node in substrate.nodes(lab, by)}
    return states.get(LOADBALANCER) in (State.RUNNING, State.SLEEPING)


def check_name(lab: str, substrate: Substrate, by: Deadline) -> None:
    """What an engine has of a lab that is not recorded here is another user's, or its folder was removed: what it was
    made with, its secret above all, is not known here. Data that a destroyed lab left is no obstacle."""
    if deployment.is_there(lab, substrate.name):
        return
    things = sorted({*substrate.leftovers(by).get(lab, [])} - {*substrate.data(lab, by)})
    # Somebody may have brought it up while the engine was asked.
    if things and not deployment.is_there(lab, substrate.name):
        raise UsageError(
            f"{substrate.name} has a lab {lab} of which there is no record here: another user's, or its folder was "
            f"removed\nit has {', '.join(things)}",
            where=str(paths.lab(lab)),
            mend=f"if it is yours, {labs.typed(f'destroy {substrate.name}', lab)} removes these and keeps its data; "
            "else choose another name: --name NAME",
        )


def check_kept(lab: str, substrate: str, before: deployment.Deployed, topology: Topology, file: Path) -> None:
    """A lab cannot move to other addresses while its network and nodes have the old ones."""
    was, now = before.topology.substrates[substrate], topology.substrates[substrate]
    for key in ("subnets", "first_port"):
        if getattr(was, key) != getattr(now, key):
            raise UsageError(
                f"lab {lab} stands on {key} = {getattr(was, key)!r} and cannot move to {getattr(now, key)!r}",
                where=f"{file}, key substrates.{substrate}.{key}",
                mend=f"{labs.typed(f'destroy {substrate}', lab)}, which keeps its data, then "
                f"{labs.typed(f'up {substrate}', lab)} again",
            )
