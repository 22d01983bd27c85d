"""Whether a lab can be refreshed."""

from lab.flows import deploy, fleet, leases, unfinished
from lab.flows.deployment import Deployment
from lab.model.deadline import Deadline
from lab.model.errors import UsageError
from lab.model.node import Mode
from lab.store.source import Version


def checked(lab: Deployment, by: Deadline) -> list[Version]:
    """The lab's versions; raises UsageError where a refresh would do harm, or would begin with too few workers."""
    proving = leases.proving(lab.plan.substrate)
    leases.refuse_beside(lab.lab, leases.PROVE, proving, "wait for its end, then run this again")
    where = f"lab {lab.lab} on {lab.plan.substrate}"
    if lab.deployed.mode is Mode.STATEFUL:
        raise UsageError(
            "each worker of this lab keeps what its users gave it, and would take that with it",
            where=where,
            mend=f"{lab.typed('replace @/worker-N')} replaces one all the same, and loses that",
        )
    history = deploy.versions(lab, by)
    unchecked = unfinished.unchecked_of(lab.lab, lab.plan.substrate)
    missing = lab.plan.worker_names - unchecked - set(fleet.seen(lab, by).serving)
    if missing and unfinished.wanted(lab.lab, lab.plan.substrate) is None:
        raise UsageError(
            f"the load balancer does not serve {', '.join(map(str, sorted(missing)))}",
            where=where,
            mend=f"first bring the lab back to what it should be: {lab.typed('up @')}",
        )
    return history
