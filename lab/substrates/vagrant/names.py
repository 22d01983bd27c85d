"""Names of what a lab has in libvirt. An underscore cannot stand in a lab's name, so `blue` never matches `blue-2`."""

import re
from dataclasses import dataclass
from pathlib import Path

from lab.model import labs
from lab.model.errors import UsageError
from lab.model.node import NodeName, Role

POOL = "default"
_OURS = re.compile(rf"labkit-(?P<lab>{labs.NAME})_(?P<thing>.+)")
_TITLE = re.compile(
    rf"(?P<node>\S+) of lab (?P<lab>{labs.NAME})"
    r"(, made as (?P<digest>[0-9a-f]+)( for (?P<accelerator>kvm|tcg))?)?"
)
# A box; the volume of a kernel or initrd; the volume that vagrant-libvirt makes of a box.
_SHARED = re.compile(
    r"labkit(/[a-z]+-|-boot-[a-z]+-|-VAGRANTSLASH-[a-z]+-)(?P<key>[0-9a-f]+)(_vagrant_box_image_.+)?",
)
_NETWORK, _STORE_DATA = "net", "store.data"
_NODE_VOLUMES = (".img", ".settings", ".scratch")


def box(role: Role, key: str) -> str:
    """The box of a role and content key."""
    return f"labkit/{role}-{key}"


def boot_volume(kind: str, key: str) -> str:
    """The volume with the `kernel` or `initrd` of a box; machines boot these directly."""
    return f"labkit-boot-{kind}-{key}"


def image_volume(box: str, image: Path) -> str:
    """The volume in which vagrant-libvirt looks for a box's image before it makes one itself
    (its action/handle_box_image.rb): a box without a version is told by when its image was changed."""
    return f"{box.replace('/', '-VAGRANTSLASH-')}_vagrant_box_image_0_{int(image.stat().st_mtime)}_box.img"


def key_of(name: str) -> str | None:
    """The content key of a box, of what boots it, or of its disk in libvirt's pool; None for what is none of these."""
    match = _SHARED.fullmatch(name)
    return match["key"] if match else None


@dataclass(frozen=True)
class Machine:
    """What a machine's title says: whose it is, which node, the digest of what it was made as, and for which
    accelerator (None where an earlier kit made it)."""

    lab: str
    node: NodeName
    digest: str
    accelerator: str | None = None

    def digest_now(self, accelerator: str | None) -> str:
        """The digest, as long as this computer's accelerator, None where it is not known, is the one that the machine
        was made for: Vagrant never changes that of a machine that is there."""
        return self.digest if None in (accelerator, self.accelerator) or accelerator == self.accelerator else ""


def title(lab: str, node: NodeName, digest: str, accelerator: str) -> str:
    """The title of a machine, by which it is known as this lab's."""
    return f"{node} of lab {lab}, made as {digest} for {accelerator}"


def machine(title: str) -> Machine | None:
    """What a machine's title says; None for one that is no lab's."""
    match = _TITLE.fullmatch(title)
    node = _node(match["node"]) if match else None
    return Machine(match["lab"], node, match["digest"] or "", match["accelerator"]) if match and node else None


def lab_of_volume(name: str) -> str | None:
    """The lab whose volume has exactly this name, None where it is not a lab's."""
    match = _OURS.fullmatch(name)
    if match is None:
        return None
    node, dot, kind = match["thing"].partition(".")
    is_nodes = dot + kind in _NODE_VOLUMES and _node(node) is not None
    return match["lab"] if is_nodes or match["thing"] == _STORE_DATA else None


def lab_of_network(name: str) -> str | None:
    """The lab whose network has exactly this name, None where it is not a lab's."""
    match = _OURS.fullmatch(name)
    return match["lab"] if match and match["thing"] == _NETWORK else None


def _node(text: str) -> NodeName | None:
    try:
        return NodeName.parse(text)
    except UsageError:
        return None


@dataclass(frozen=True)
class Names:
    """The names of one lab's things. An empty lab, or one that no lab can be called, is refused."""

    lab: str

    def __post_init__(self) -> None:
        if not re.fullmatch(labs.NAME, self.lab):
            raise ValueError(f"{self.lab!r} is not the name of a lab")

    @property
    def prefix(self) -> str:
        """What every name of this lab begins with."""
        return f"labkit-{self.lab}_"

    @property
    def network(self) -> str:
        """The lab's network."""
        return f"{self.prefix}{_NETWORK}"

    @property
    def store_data(self) -> str:
        """The volume with the store's data."""
        return f"{self.prefix}{_STORE_DATA}"

    def domain(self, name: NodeName) -> str:
        """A node's virtual machine."""
        return f"{self.prefix}{name}"

    def overlay(self, name: NodeName) -> str:
        """The volume with what a node wrote on top of its box (vagrant-libvirt's name for it)."""
        return f"{self.prefix}{name}.img"

    def settings(self, name: NodeName) -> str:
        """The volume with a node's settings: a tar archive."""
        return f"{self.prefix}{name}.settings"

    def scratch(self, name: NodeName) -> str:
        """The volume that a comparison gives a node for a while."""
        return f"{self.prefix}{name}.scratch"
