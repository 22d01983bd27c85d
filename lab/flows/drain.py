"""A worker on its way out of a load balancer: how long it is waited for, and who may want it back meanwhile."""

from lab.flows import deployment, readiness, staff, up
from lab.flows.deployment import Deployment
from lab.loadbalancer.runtime import LoadBalancer
from lab.model.deadline import Deadline
from lab.model.node import READY, NodeName
from lab.substrates.base import Report


def await_unneeded(
    lab: Deployment, victim: NodeName, delay_s: float, report: Report, by: Deadline, least: int = 0
) -> bool:
    """Returns once a draining worker has no request in flight and, where users stay with it, no live session either,
    or `delay_s` are over: then its users go to others with their next request. Or once somebody wants it in service.

    Gives whether the others do without it: not where fewer than `least` of them were in service at some moment.
    """
    balancer, name, is_missed = lab.loadbalancer(), str(victim), False

    def is_wanted() -> bool:
        nonlocal is_missed
        # Once is enough: what ended a wait must not be forgotten after it, when it may have requests in flight.
        is_missed = is_missed or _serving_beside(balancer, name, least, by) < least
        found = deployment.deployed(lab.lab).get(lab.plan.substrate)
        return is_missed or (found is not None and victim.index in found.workers)

    if lab.is_sticky:
        delay = by.at_most(delay_s, f"{delay_s:g} s for its users' sessions")
        readiness.await_left(balancer, name, delay, report, by, unless=is_wanted)
        with staff.change(lab, report, by):
            # A load balancer that was started anew does not know it any more.
            if not is_wanted() and up.is_known(lab, victim, by):
                balancer.close(name, by)
    readiness.await_drained(balancer, name, report, by, unless=is_wanted)
    return not is_missed


def _serving_beside(balancer: LoadBalancer, name: str, least: int, by: Deadline) -> int:
    """How many others are in service; `least` where nobody has to be, or the load balancer does not say."""
    servers = balancer.servers(by) if least else None
    return least if servers is None else sum(server.is_serving for server in servers if server.name != name)


def call_off(lab: Deployment, victim: NodeName, report: Report, by: Deadline) -> Deployment:
    """The lab with a draining worker in service again. Whoever calls holds the lab's lock."""
    report(f"{victim} serves on: too few others do")
    lab = staff.wanted(lab, lab.plan.worker_names | {victim}, {*lab.plan.pool} - {victim})
    up.write_workers(lab, [victim], by)
    up.register(lab, [victim], by)
    if any(server.is_serving for server in up.known(lab, by) if server.name == str(victim)):
        lab.note(READY, victim)
    return lab
