"""Names of what a lab has in Docker. An underscore cannot stand in a lab's name, so `blue` never matches `blue-2`."""

from dataclasses import dataclass

from lab.model.node import NodeName, Role

LABEL_LAB = "labkit.lab"
LABEL_NODE = "labkit.node"
LABEL_DIGEST = "labkit.made-as"
LABEL_DISKS = "labkit.disks"
REPOSITORY = "labkit"


def image(role: Role, key: str) -> str:
    """The image of a role and content key."""
    return f"{REPOSITORY}/{role}:{key}"


@dataclass(frozen=True)
class Names:
    """The names of one lab's things."""

    lab: str

    @property
    def project(self) -> str:
        """The Compose project."""
        return f"labkit-{self.lab}"

    @property
    def network(self) -> str:
        """The lab's network."""
        return f"labkit-{self.lab}_net"

    def volume(self, kind: str) -> str:
        """A volume: `store` or `drive`."""
        return f"labkit-{self.lab}_{kind}"

    def node(self, name: NodeName) -> str:
        """A node's container."""
        return f"labkit-{self.lab}_{name}"
