"""Nodes that run and are not ready, whatever a hand did in them: how long they are awaited, and what is done then."""

from collections.abc import Collection

from lab.flows import readiness
from lab.flows.deployment import Deployment
from lab.flows.readiness import UnreadyError
from lab.model.deadline import Deadline
from lab.model.errors import LabError, UnknownError
from lab.model.node import STORE, Mode, NodeName, State
from lab.substrates.base import CanPowerOff, Report, UnstartedError

_READY_S = 300.0
"""For a node that runs already to become ready: three times what four emulated machines take that boot together,
as those may that an `up` left which was cut off (docs/measured.md)."""

_LOOK_S = 10.0
"""What each worker has of that at least, after the others were waited for."""

_AGAIN_S = 120.0
"""To start a node's services again: twice what their units have to end (TimeoutStopSec, playbooks/roles/machine)."""


def await_node(lab: Deployment, name: NodeName, coming: Collection[NodeName], report: Report, by: Deadline) -> None:
    """Returns once the node is ready. One that is none of the `coming`, ran before and does not become ready is started
    again, once, and keeps what is on its disks. Raises UnreadyError where it is not ready after that."""
    if name not in coming:
        if _becomes_ready(lab, name, report, _soon(by), by):
            return
        report(f"{name} runs and does not become ready: starting it again")
        with readiness.mend_told(lab, name):
            _start_again(lab, name, report, by)
    readiness.await_node(lab, name, report, by)


def await_workers(lab: Deployment, coming: Collection[NodeName], report: Report, by: Deadline) -> list[NodeName]:
    """Returns once the workers are ready, but for those that it gives: they ran before, keep nothing, and do not become
    ready. None does where the store is away, which is waited for first."""
    soon = _soon(by)
    stuck: list[NodeName] = []
    for name in (spec.name for spec in lab.plan.workers()):
        if lab.plan.mode is Mode.STATEFUL or name in coming:
            await_node(lab, name, coming, report, by)
        elif not _becomes_ready(lab, name, report, by.at_most(max(soon.left(), _LOOK_S), soon.label), by):
            stuck.append(name)
    if stuck:
        readiness.await_node(lab, STORE, report, by)
    return [name for name in stuck if _refusal(lab, name, by) is not None]


def _soon(by: Deadline) -> Deadline:
    return by.at_most(_READY_S, f"a node that runs has {_READY_S:g} s to become ready")


def _refusal(lab: Deployment, name: NodeName, by: Deadline) -> str | None:
    return readiness.seen(lab.substrate, name.role, lab.plan.node(name).address, by, patient=True)


def _becomes_ready(lab: Deployment, name: NodeName, report: Report, soon: Deadline, by: Deadline) -> bool:
    """Whether a node that runs becomes ready soon; raises UnreadyError for one that ended meanwhile."""
    try:
        readiness.await_node(lab, name, report, soon)
    except UnreadyError:
        if by.is_over() or lab.states(by).get(name) is not State.RUNNING:
            raise
        return False
    return True


def _start_again(lab: Deployment, name: NodeName, report: Report, by: Deadline) -> None:
    limit = by.at_most(_AGAIN_S, f"it had {_AGAIN_S:g} s to start again")
    try:
        lab.substrate.restart(lab.lab, name, limit)
    except (UnknownError, UnstartedError):
        raise
    except LabError as error:  # nobody gets in any more
        if not isinstance(lab.substrate, CanPowerOff):
            raise
        report(f"{name} could not be told to, and is switched off and on: {error.message.splitlines()[0]}")
        lab.substrate.power_off(lab.lab, name, by)
        lab.substrate.power_on(lab.lab, name, by)
