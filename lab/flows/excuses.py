"""What keeps a new worker from being ready, and says nothing of the version that it runs."""

from collections.abc import Iterable

from lab.flows import readiness
from lab.flows.deployment import Deployment
from lab.flows.readiness import UnreadyError
from lab.model.deadline import Deadline
from lab.model.errors import LabError
from lab.model.node import STORE, NodeName, State


def removed(lab: Deployment, names: Iterable[NodeName], by: Deadline) -> set[NodeName]:
    """Those of the workers that somebody removed: one that ended by itself is still there, stopped or failed."""
    states = lab.states(by)
    return {name for name in names if states.get(name, State.ABSENT) is State.ABSENT}


def check_store(lab: Deployment, problem: UnreadyError, by: Deadline) -> None:
    """Raises LabError where the store is away: without it no worker is ready, whatever it runs."""
    address = lab.plan.node(STORE).address
    away = readiness.seen(lab.substrate, STORE.role, address, by, patient=True)
    if away is not None:
        raise LabError(
            f"{STORE} is not ready, which is not held against the version: {away}\n{problem.message}",
            where=f"lab {lab.lab} on {lab.plan.substrate}",
            mend=f"{lab.typed('up @')} brings the lab back to what it should be; then {lab.typed('refresh @')}",
        ) from problem
