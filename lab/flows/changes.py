"""What has to change so that a lab becomes what it should be. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from lab.model.node import LabPlan, Mode, Node, NodeName, Role, State

_HEALTHY = (State.RUNNING,)


@dataclass(frozen=True)
class Changes:
    """What has to change: nodes to make or start; of these, nodes to remove first because they failed, were made only
    in part, or are outdated; workers too many; outdated workers to drain and make anew; outdated ones that are left,
    since they keep data; nodes that sleep, to wake; and of those to make or start the ones that only stopped. The
    warm pool is left as it is.

    A node is outdated when it was made from another image, or with other sizes or settings, than are wanted now.
    """

    create: tuple[NodeName, ...] = ()
    clear: tuple[NodeName, ...] = ()
    remake: tuple[NodeName, ...] = ()
    retire: tuple[NodeName, ...] = ()
    renew: tuple[NodeName, ...] = ()
    leave: tuple[NodeName, ...] = ()
    wake: tuple[NodeName, ...] = ()
    start: tuple[NodeName, ...] = ()

    @property
    def coming(self) -> frozenset[NodeName]:
        """The nodes that do not run before the change; whoever boots has its time."""
        return frozenset((*self.create, *self.wake))

    def in_words(self) -> list[str]:
        """A line for each change."""
        return [
            *(f"wake {name}" for name in self.wake),
            *(f"start {name}" for name in self.start),
            *(f"make {name}" for name in self.create if name not in (*self.remake, *self.start)),
            *(f"make {name} anew: it is outdated" for name in self.remake),
            *(f"drain {name} and make it anew: it is outdated" for name in self.renew),
            *(f"leave {name} as it is, though outdated: its users' data is on it" for name in self.leave),
            *(f"drain and remove {name}" for name in self.retire),
        ]


def outdated(plan: LabPlan, nodes: Sequence[Node]) -> set[NodeName]:
    """The nodes that were made as something else than the plan says."""
    digests = {spec.name: spec.digest for spec in plan.nodes}
    return {node.name for node in nodes if node.name in digests and node.digest != digests[node.name]}


def decide(plan: LabPlan, nodes: Sequence[Node]) -> Changes:
    """What brings these nodes to the plan."""
    states = {node.name: node.state for node in nodes if node.name not in plan.pool}
    wanted = {spec.name for spec in plan.awake()}
    clear = {name for name in wanted if states.get(name) in (State.FAILED, State.CREATING)}
    old = outdated(plan, nodes) & wanted - clear
    leave = {name for name in old if name.role is Role.WORKER and plan.mode is Mode.STATEFUL}
    renew = {name for name in old - leave if name.role is Role.WORKER and states[name] in _HEALTHY}
    remake = old - leave - renew
    wake = {name for name in wanted - remake if states.get(name) is State.SLEEPING}
    create = {name for name in wanted - wake if states.get(name, State.ABSENT) not in _HEALTHY} | remake
    start = {name for name in create - clear - remake if states.get(name) is State.STOPPED}
    sets = (create, clear, remake, states.keys() - wanted, renew, leave, wake, start)
    return Changes(*(tuple(sorted(names)) for names in sets))
