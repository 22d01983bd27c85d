"""`lab logs`: the log of a node that is there, or what was kept of one that is not."""

from pathlib import Path

from lab.flows.deployment import Deployment
from lab.host import paths
from lab.model.deadline import Deadline
from lab.model.errors import UsageError
from lab.model.node import NodeName


def command_line(lab: Deployment, name: NodeName, follow: bool, by: Deadline) -> list[str]:
    """The command line, on this computer, that prints the log; raises UsageError where there never was such a node."""
    if name in {node.name for node in lab.substrate.nodes(lab.lab, by)}:
        return lab.substrate.log(lab.lab, name, follow=follow)
    file = kept(lab.lab, lab.plan.substrate, name)
    if not file.exists():
        raise UsageError(
            f"there is no log of {lab.plan.substrate}/{name}",
            where=f"lab {lab.lab}",
            mend=f"{lab.typed('status')} lists the nodes",
        )
    return ["cat", str(file)]


def kept(lab: str, substrate: str, name: NodeName) -> Path:
    """The file that keeps what a node said that may be gone by now, as long as the lab is not destroyed; it need not be
    there."""
    return paths.lab(lab) / "logs" / f"{substrate}-{name}.log"
