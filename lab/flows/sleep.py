"""`lab sleep` and `lab wake`: a whole lab put to rest, and back to where it was."""

import time
from collections.abc import Mapping
from contextlib import ExitStack

from lab.faults import injection
from lab.flows import deployment, leases, readiness, up
from lab.flows.deployment import Deployment
from lab.flows.leases import leased
from lab.model.deadline import Deadline
from lab.model.errors import UsageError
from lab.model.node import READY, STORE, NodeName, State
from lab.substrates.base import Report
from lab.timeline.events import Event, Kind

# What would take sleeping nodes for dead ones.
_LEASES = (leases.PROVE, "autoscale", leases.REFRESH)
_EITHER = (State.RUNNING, State.SLEEPING)


def sleep(lab: Deployment, report: Report, by: Deadline) -> None:
    """Puts all nodes that run to sleep: workers first, the store last, so that nobody asks one that sleeps already.

    Raises UsageError while a run, an autoscaler or a refresh is at work on the lab, and where a run that was cut off
    left faults: what was done to a node would sleep with it, and could not be healed.
    """
    with ExitStack() as held:
        for verb in _LEASES:
            held.enter_context(leased(lab.lab, verb, "sleep"))
        held.enter_context(deployment.changing(lab.lab, "sleep", by, tell=report))
        _check_healed(lab)
        for group in _awake(deployment.load(lab.lab, lab.plan.substrate), by):
            report(f"putting {_listed(group)} to sleep")
            up.rest(lab).sleep(lab.lab, group, by)
            lab.note(State.SLEEPING, *group)
        _note(lab, "sleep")


def wake(lab: Deployment, report: Report, by: Deadline) -> None:
    """Wakes all nodes but the warm pool; returns once the load balancer answers and all workers serve that it has.

    A worker that was still to come into service when the lab fell asleep, or was drained then, is awake and gets no
    request: whoever was about to bring it there, or to remove it, was cut off. That is reported.

    Raises UsageError, and changes nothing, where a node is neither awake nor asleep: it is no matter of waking then.
    """
    with deployment.changing(lab.lab, "wake", by, tell=report):
        lab = deployment.load(lab.lab, lab.plan.substrate)
        names = sleeping(lab, lab.states(by))
        if not lab.substrate.is_networked(lab.lab, by):  # this computer was restarted while they slept
            lab.substrate.prepare(lab.plan, by)
        up.wake(lab, names, report, by)
        # One that an interrupted `wake` left running, with a clock that stood still, gets the right time.
        up.rest(lab).wake(lab.lab, [spec.name for spec in lab.plan.awake() if spec.name not in names], by)
        readiness.await_node(lab, STORE, report, by)
        known = up.known_names(lab, by)
        strangers = sorted(name for name in lab.plan.worker_names if str(name) not in known)
        readiness.await_serving(lab, lab.plan.worker_names - {*strangers}, report, by, but_held_back=True)
        held_back = {server.name for server in up.known(lab, by) if server.is_held_back}
        drained = sorted(name for name in lab.plan.worker_names if str(name) in held_back)
        lab.note(READY, *[name for name in names if name not in (*strangers, *drained)])
        _note(lab, "wake")
        for left, why in ((strangers, "had not come into service"), (drained, "was drained")):
            if left:
                report(f"{_listed(left)} {why} when the lab fell asleep; {lab.typed('up @')} sees to it")


def forecast_sleep(lab: Deployment, by: Deadline) -> list[str]:
    """What `sleep` would do, in words; changes nothing. Raises UsageError for faults that are not healed."""
    _check_healed(lab)
    return [f"would put {_listed(group)} to sleep" for group in _awake(lab, by)]


def forecast_wake(lab: Deployment, by: Deadline) -> list[str]:
    """What `wake` would do, in words; changes nothing. Raises UsageError as `wake` does."""
    return [f"would wake {_listed(names)}"] if (names := sleeping(lab, lab.states(by))) else []


def _check_healed(lab: Deployment) -> None:
    if left := injection.read(deployment.open_faults(lab.lab, lab.plan.substrate)):
        raise UsageError(
            f"an earlier run left {len(left)} faults unhealed, and a node that sleeps cannot be healed",
            where=f"lab {lab.lab} on {lab.plan.substrate}",
            mend=f"first {lab.typed('heal @')}",
        )


def _awake(lab: Deployment, by: Deadline) -> list[list[NodeName]]:
    """The nodes that run, grouped by role in the order in which they fall asleep."""
    running = [name for name, state in lab.states(by).items() if state is State.RUNNING]
    groups = ([name for name in running if name.role is role] for role in reversed(up.WAKE_ORDER))
    return [group for group in groups if group]


def sleeping(lab: Deployment, states: Mapping[NodeName, State]) -> list[NodeName]:
    """The nodes to wake, from the states of those that are there; raises UsageError for one that neither runs nor
    sleeps. Pure."""
    wanted = {spec.name: states.get(spec.name, State.ABSENT) for spec in lab.plan.awake()}
    if other := [f"{name} is {state}" for name, state in wanted.items() if state not in _EITHER]:
        raise UsageError(
            f"{', '.join(other)}, so there is more to do than to wake the lab",
            where=f"lab {lab.lab} on {lab.plan.substrate}",
            mend=f"run {lab.typed('up @')}, which wakes what sleeps, and makes what is missing",
        )
    return [name for name, state in wanted.items() if state is State.SLEEPING]


def _note(lab: Deployment, what: str) -> None:
    lab.timeline().note(Event(time.time(), Kind.CHANGE, what))


def _listed(names: list[NodeName]) -> str:
    return ", ".join(map(str, names))
