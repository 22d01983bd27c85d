"""Which workers of a lab are wanted, and the lock under which that is changed: for whoever changes its fleet."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from lab.flows import deployment, leases
from lab.flows.deployment import Deployment
from lab.model.deadline import Deadline
from lab.model.node import NodeName
from lab.substrates.base import Report

_VERB = "compare"  # the one that changes a fleet without a lease, on a lab of its own


@contextmanager
def change(lab: Deployment, report: Report, by: Deadline) -> Iterator[Deployment]:
    """Holds the lab's lock, for which it waits, and gives the lab as it is wanted at that moment."""
    verb = leases.ours(lab.lab) or _VERB
    with deployment.changing(lab.lab, verb, by, patience_s=by.left(), is_brief=True, tell=report) as orphans:
        for line in orphans:
            report(f"ended what an interrupted run had left: {line}")
        yield reloaded(lab)


def reloaded(lab: Deployment) -> Deployment:
    """The lab as it is wanted by now."""
    return deployment.load(lab.lab, lab.plan.substrate)


def wanted(lab: Deployment, workers: Iterable[NodeName], pooled: Iterable[NodeName]) -> Deployment:
    """Writes down which workers are wanted from now on, in service and in the pool."""
    return deployment.restaff(lab, [name.index for name in workers], [name.index for name in pooled])
