"""`lab kill` and `lab replace`: one worker's end without warning, and its successor."""

from lab.flows import autoscaler, deploy, deployment, unfinished, up
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


def _wanted_now(lab: Deployment, name: NodeName, verb: str) -> Deployment:
    """The lab as it is wanted by now: an autoscaler or a refresh may have changed it since it was read. Raises
    UsageError where this worker is none of it any more."""
    lab = deployment.load(lab.lab, lab.plan.substrate)
    checked(lab, name, verb)
    return lab


def kill(lab: Deployment, name: NodeName, report: Report, by: Deadline) -> None:
    """Destroys a worker without warning; the lab has one less until `up`, `replace`, or an autoscaler at work.

    Raises UsageError, with nothing changed, for one that is not wanted any more.
    """
    with deployment.changing(lab.lab, "kill", by, tell=report):
        lab = _wanted_now(lab, name, "kill")
        _end(lab, name, "kill", report, by)
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
        lab = _wanted_now(lab, name, "replace")
        if name in unfinished.unchecked_of(lab.lab, lab.plan.substrate):
            raise UsageError(
                f"a refresh made {name}, and has not checked it yet: it serves nobody",
                where=f"lab {lab.lab} on {lab.plan.substrate}",
                mend=f"wait for the refresh; where it was cut off, {lab.typed('refresh @')} goes on",
            )
        _end(lab, name, "replace", report, by)
        report(f"{name} is gone")
        lab.substrate.prepare(lab.plan, by)
        up.make_worker(lab, name, report, by)


def _end(lab: Deployment, name: NodeName, verb: str, report: Report, by: Deadline) -> None:
    """Destroys it, and notes who did: of itself, a worker that is gone looks like one that was scaled in."""
    deploy.note(lab, verb, f"{name} goes without warning")
    lab.destroy(name, report, by)
    lab.note(State.ABSENT, name)
