"""What of this computer belongs to a lab: its nodes' processes, and those that stand beside them."""

from lab.flows.deployment import Deployment
from lab.model.deadline import Deadline
from lab.model.errors import LabError
from lab.model.node import NodeName
from lab.substrates.base import CanMeasure

_ASK_S = 30.0


def measurable(lab: Deployment) -> CanMeasure:
    """The lab's engine, with what a comparison asks of it; raises LabError where it does not tell."""
    if not isinstance(lab.substrate, CanMeasure):
        mend = "leave it out of the comparison"
        raise LabError("its engine does not tell what a comparison asks", where=lab.plan.substrate, mend=mend)
    return lab.substrate


def of_node(lab: Deployment, name: NodeName) -> frozenset[int]:
    """The processes that are a node: a container's own, or the program that plays a machine."""
    return measurable(lab).processes(lab.lab, name, _soon()).own


def all_of_node(lab: Deployment, name: NodeName) -> frozenset[int]:
    """The same with those that stand beside it for it alone."""
    found = measurable(lab).processes(lab.lab, name, _soon())
    return found.own | found.beside


def of_lab(lab: Deployment) -> frozenset[int]:
    """All that are there for the lab: its nodes, and what stands beside them or beside all of it."""
    nodes = [all_of_node(lab, spec.name) for spec in lab.plan.nodes]
    return measurable(lab).around(lab.lab, _soon()).union(*nodes)


def _soon() -> Deadline:
    return Deadline.after(_ASK_S, f"asking the engine: {_ASK_S:g} s")
