"""`lab logs`: the log of a node that is there, or what was kept of one that is not."""

from collections.abc import Callable
from pathlib import Path

from lab.flows.deployment import Deployment
from lab.host import paths
from lab.model.deadline import Deadline
from lab.model.errors import LabError, UsageError
from lab.model.node import NodeName


def command_line(lab: Deployment, name: NodeName, follow: bool, by: Deadline, tell: Callable[[str], None]) -> list[str]:
    """The command line, on this computer, that prints the log; raises UsageError where there never was such a node.

    Where the engine does not tell, what was kept needs no engine, and `tell` hears that it is all.
    """
    file = kept(lab.lab, lab.plan.substrate, name)
    try:
        is_there = name in {node.name for node in lab.substrate.nodes(lab.lab, by)}
    except LabError as error:
        if not file.exists():
            raise
        is_there = False
        tell(f"{error.message}; this is what was kept of the log")
    if is_there:
        return lab.substrate.log(lab.lab, name, follow=follow)
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
