"""A worker on its way out of a load balancer: how long it is waited for, and who may want it back meanwhile."""

from lab.flows import deployment, readiness, staff, up
from lab.flows.deployment import Deployment
from lab.model.deadline import Deadline
from lab.model.node import NodeName
from lab.substrates.base import Report


def await_unneeded(lab: Deployment, victim: NodeName, delay_s: float, report: Report, by: Deadline) -> None:
    """Returns once a draining worker has no request in flight and, where users stay with it, no live session either,
    or `delay_s` are over: then its users go to others with their next request. Or once somebody wants it in service."""
    balancer, name = lab.loadbalancer(), str(victim)

    def is_wanted() -> bool:
        found = deployment.deployed(lab.lab).get(lab.plan.substrate)
        return found is not None and victim.index in found.workers

    if lab.is_sticky:
        delay = by.at_most(delay_s, f"{delay_s:g} s for its users' sessions")
        readiness.await_left(balancer, name, delay, report, by, unless=is_wanted)
        with staff.change(lab, report, by):
            # A load balancer that was started anew does not know it any more.
            if not is_wanted() and up.is_known(lab, victim, by):
                balancer.close(name, by)
    readiness.await_drained(balancer, name, report, by, unless=is_wanted)
