"""`lab build`: a root file system for each role, and each substrate's image or box from it."""

from collections.abc import Mapping, Sequence

from lab.host import children, lock, paths
from lab.model.deadline import Deadline
from lab.model.node import Role
from lab.model.topology import Versions
from lab.provision import layers, rootfs
from lab.provision.layers import Layer
from lab.substrates.base import Report, Substrate


def layer(substrate: Substrate, role: Role, versions: Versions) -> Layer:
    """The root file system from which this substrate's nodes of this role are made."""
    made = layers.for_role(role, versions)
    for extra in substrate.adds:
        made = layers.extended(made, extra, {"node_role": str(role)})
    return made


def keys(substrate: Substrate, versions: Versions) -> Mapping[Role, str]:
    """The content keys of this substrate's images or boxes, by role, as the roles' files are now."""
    return {role: layer(substrate, role, versions).key for role in Role}


def missing(substrate: Substrate, versions: Versions) -> list[Role]:
    """The roles whose image or box would have to be made."""
    return [role for role, key in keys(substrate, versions).items() if not substrate.is_packed(role, key)]


def build(substrates: Sequence[Substrate], versions: Versions, report: Report, by: Deadline) -> None:
    """Makes what is missing, and nothing else. One build at a time; what a killed one left running is ended first."""
    if not any(missing(substrate, versions) for substrate in substrates):
        return
    programs = paths.cache() / "children"
    with lock.held(paths.cache() / "build.lock", "build"), children.kept_in(programs):
        for line in children.end_orphans(programs, by):
            report(f"ended what an interrupted build had left: {line}")
        for substrate in substrates:
            for role in missing(substrate, versions):
                wanted = layer(substrate, role, versions)
                made = rootfs.make(wanted, report, by)
                substrate.pack(role, wanted.key, made.tar, report, by)
