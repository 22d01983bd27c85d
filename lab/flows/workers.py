"""`lab kill` and `lab replace`: one worker's end without warning, and its successor."""

from lab.flows import autoscaler, deployment, up
from lab.flows.deployment import Deployment
from lab.model import labs
from lab.model.deadline import Deadline
from lab.model.errors import UsageError
from lab.model.node import NodeName, Role, State
from lab.substrates.base import Report


def checked(lab: Deployment, name: NodeName, verb: str) -> NodeName:
    """The name, if it is a worker of this lab; raises UsageError otherwise."""
    if name.role is not Role.WORKER:
        raise UsageError(
            f"{name} is not a worker, and only workers can be thrown away",
            where=f"lab {verb}",
            mend=f"name a worker; to end the whole lab use {labs.typed('destroy', lab.lab)}",
        )
    if name in lab.plan.pool:
        raise UsageError(
            f"{name} is in the warm pool: it sleeps until it is needed, and serves nobody",
            where=f"lab {verb}",
            mend=f"name one of {', '.join(str(spec.name) for spec in lab.plan.workers())}",
        )
    return lab.checked(name)


def kill(lab: Deployment, name: NodeName, report: Report, by: Deadline) -> None:
    """Destroys a worker without warning; the lab has one less until `up`, `replace`, or an autoscaler at work."""
    with deployment.changing(lab.lab, "kill", by, tell=report):
        lab.destroy(name, report, by)
        lab.note(State.ABSENT, name)
    if scaler := autoscaler.running(lab.lab, lab.plan.substrate):
        report(f"{name} is gone, without warning; the autoscaler at work (pid {scaler.pid}) replaces it")
        return
    until = f"{lab.typed('up @')} or {lab.typed(f'replace @/{name}')}"
    report(f"{name} is gone, without warning; the lab has one worker less until {until}")


def replace(lab: Deployment, name: NodeName, report: Report, by: Deadline) -> None:
    """Destroys a worker if it is there, and returns once its successor serves through the load balancer.

    Raises UsageError, with nothing changed, for one that is not wanted any more.
    """
    with deployment.changing(lab.lab, "replace", by, tell=report):
        # As it is wanted by now: an autoscaler or a refresh may have changed it since it was read.
        lab = deployment.load(lab.lab, lab.plan.substrate)
        checked(lab, name, "replace")
        lab.destroy(name, report, by)
        lab.note(State.ABSENT, name)
        report(f"{name} is gone")
        lab.substrate.prepare(lab.plan, by)
        up.make_worker(lab, name, report, by)
