"""The faults by name, and the schedule in which a run injects them."""

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from lab.faults import answer, clock, loadbalancer, network, store, worker
from lab.faults.base import NEEDS_ROOT, Fault, Ground
from lab.model.deadline import Deadline
from lab.model.errors import UsageError
from lab.model.node import NodeName
from lab.substrates.base import HasRoot

RANDOM = "random"
_ALL: tuple[type[Fault], ...] = (
    worker.Kill,
    worker.Stop,
    worker.Pause,
    store.DatabaseKill,
    store.PowerOff,
    store.DriveAway,
    store.DiskFull,
    network.CutFromStore,
    network.CutFromBalancer,
    network.Delay,
    network.Loss,
    loadbalancer.Restart,
    answer.AnswerCut,
    clock.ClockOff,
)
FAULTS = {fault.name: fault for fault in _ALL}


@dataclass(frozen=True)
class Planned:
    """One fault of a schedule: what, and whom it strikes."""

    fault: str
    target: NodeName


def named(name: str) -> type[Fault]:
    """The fault of this name; raises UsageError for another word."""
    if name not in FAULTS:
        raise UsageError(
            f"there is no fault {name!r}", where="--fault", mend=f"choose of {', '.join(FAULTS)}, or {RANDOM}"
        )
    return FAULTS[name]


def of(ground: Ground, planned: Planned) -> Fault:
    """The planned fault, on this ground."""
    return named(planned.fault)(ground, planned.target)


def impossible(ground: Ground, names: Iterable[str], by: Deadline) -> dict[str, str]:
    """Those of the named faults that cannot be made on this ground, each with why. Leaves nothing changed."""
    nodes = [spec.name for spec in ground.plan.awake()]
    found = {}
    for name in names:
        target = next(node for node in nodes if node.role is FAULTS[name].role)
        lacks_root = FAULTS[name].needs_root and not isinstance(ground.substrate, HasRoot)
        why = NEEDS_ROOT if lacks_root else of(ground, Planned(name, target)).impossible(by)
        if why is not None:
            found[name] = why
    return found


def schedule(
    names: Sequence[str], kills: int, possible: Sequence[str], nodes: Sequence[NodeName], seed: int
) -> list[Planned]:
    """The faults of a run, in order: those asked for, then the kills; the same seed gives the same schedule.

    The word `random` stands for one fault drawn from those that are `possible` here. Targets are drawn from the nodes
    of the fault's role. Pure.
    """
    draw = random.Random(seed)
    wanted = [draw.choice(sorted(possible)) if name == RANDOM else name for name in names] + ["kill"] * kills
    return [Planned(name, draw.choice([n for n in nodes if n.role is FAULTS[name].role])) for name in wanted]
