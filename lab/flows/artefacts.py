"""What a lab's nodes are made from, by the roles' files as they are now; nothing is made here."""

from collections.abc import Mapping
from dataclasses import replace

from lab.flows import deployment
from lab.flows.deployment import Deployed
from lab.model.node import LabPlan, Role
from lab.model.topology import Topology, Versions
from lab.provision import layers
from lab.provision.layers import Layer
from lab.substrates.base import Substrate


def layer(substrate: Substrate, role: Role, versions: Versions) -> Layer:
    """The root file system from which this substrate's nodes of this role are made."""
    made = layers.for_role(role, versions)
    for extra in substrate.adds:
        made = layers.extended(made, extra, {"node_role": str(role)})
    return made


def keys(substrate: Substrate, versions: Versions) -> Mapping[Role, str]:
    """The content keys of this substrate's images or boxes, by role, as the roles' files are now."""
    return {role: layers.packed_key(layer(substrate, role, versions), substrate.packs_with) for role in Role}


def missing(substrate: Substrate, versions: Versions) -> list[Role]:
    """The roles whose image or box would have to be made."""
    return [role for role, key in keys(substrate, versions).items() if not substrate.is_packed(role, key)]


def plan_now(lab: str, substrate: Substrate, found: Deployed, topology: Topology) -> LabPlan:
    """The plan of a lab as this topology, and the roles' files as they are now, would have it."""
    found = replace(found, topology=topology, keys=keys(substrate, topology.versions))
    return deployment.plan_of(lab, substrate.name, found)
