"""Rows of the room that a worker takes: memory, disk, and how many fit."""

import math
import os
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from itertools import pairwise

from lab.comparison import belongings
from lab.comparison.columns import Way
from lab.comparison.probes import bare
from lab.comparison.probes.base import Ground, Seen, Value
from lab.comparison.probes.worker import APART, VERB, Keeper, measured, remade, stands_apart
from lab.flows import deployment, fleet
from lab.flows.deployment import Deployment
from lab.flows.fleet import ScaleIn
from lab.host import processes
from lab.model.deadline import Deadline
from lab.model.node import NodeName
from lab.substrates.base import CanSleep

MEMORY, MEMORY_MORE = "memory", "memory-more"
DISK_IMAGE, DISK_MORE, DISK_SHARED = "disk-image", "disk-more", "disk-shared"
DENSITY = "density"

_SHARED = (
    "the files of programs that load balancer and store run too (what plays a machine, or stands beside a container) "
    "are counted in part"
)
_SLEPT = "; the first {} slept while other columns were measured and gave memory back: they take less than the others"
BUDGET = 2_000_000_000
"""The memory that workers have for the row of density, in bytes."""

MOST_MACHINES, MOST_OTHERS = 4, 16
"""How many workers are really started for it; from there on it is computed."""


class Memory:
    """The PSS (proc(5)) of all processes that are there for a worker alone, and what it adds to another one. PSS
    divides what several share among them, so of two workers each seems smaller than it is alone. What load balancer and
    store share with them stays divided, and the cells say so; with a bare process they share nothing.

    Both are of a worker that never slept: a machine that sleeps gives memory back.
    """

    name = "memory"

    def __init__(self, keeper: Keeper) -> None:
        self._keeper = keeper

    def impossible(self, ground: Ground) -> Mapping[str, str]:
        # The processes are other users'.
        why = bare.NEEDS_ROOT if os.geteuid() else APART if stands_apart(ground) else None
        return dict.fromkeys((MEMORY, MEMORY_MORE), why) if why else {}

    def prepare(self, ground: Ground, by: Deadline) -> None:
        bare.prepare(ground, by)

    def once(self, ground: Ground, by: Deadline) -> Mapping[str, Value]:
        if ground.place.way is Way.BARE:
            return _bare(ground, by)
        lab = self._keeper.set(ground, by)
        first, second = lab.plan.workers()[0].name, measured(lab)
        with self._keeper.whole(ground):
            if lab.substrate.has_own_kernel and _has_slept(lab, second, by):
                remade(lab, second, ground.place.variant, by)
            it, other = (processes.pss(_all(lab, [name])) for name in (second, first))
            one, more = of_one(it, other, _without(ground, lab, second, by))
        return {MEMORY: Seen(one, _SHARED), MEMORY_MORE: Seen(more, _SHARED)}

    def clear(self, ground: Ground, by: Deadline) -> None:
        """Nothing."""


def of_one(it: int, other: int, alone: int) -> tuple[int, int]:
    """The memory of a worker as if it were the only one, and what it adds where there is another: from the PSS of `it`
    and of the `other` side by side, and from that of the other when it was `alone`, in bytes. Pure.

    What two share counts half for each, and wholly for one that is alone; what further ones share too stays divided
    among those.
    """
    shared_half = alone - other
    return max(0, it + shared_half), max(0, it - shared_half)


def _has_slept(lab: Deployment, name: NodeName, by: Deadline) -> bool:
    """Whether a machine has run for longer than the program that plays it, as one has that was put to sleep."""
    up_s = float(lab.reach(name).run(["cat", "/proc/uptime"], by).out.split()[0])
    played_s = processes.first_started_s(belongings.of_node(lab, name))
    return played_s is not None and up_s > processes.now_s() - played_s


def _without(ground: Ground, lab: Deployment, second: NodeName, by: Deadline) -> int:
    """What the first takes alone: a machine is put to sleep meanwhile, which takes it out of memory, and all else is
    made anew."""
    first = lab.plan.workers()[0].name
    engine = lab.substrate
    if engine.has_own_kernel and isinstance(engine, CanSleep):
        lab = fleet.shrink(lab, second, ScaleIn.SLEEP, 0, ground.report, by)
        alone = processes.pss(_all(lab, [first]))
        lab, names = fleet.launch(lab, 1, ground.report, by)
        fleet.admit(lab, names, ground.report, by)
        return alone
    with deployment.changing(lab.lab, VERB, by):
        engine.destroy(lab.lab, second, by)
        alone = processes.pss(_all(lab, [first]))
    remade(lab, second, ground.place.variant, by)
    return alone


def _all(lab: Deployment, names: Sequence[NodeName]) -> frozenset[int]:
    return frozenset[int]().union(*(belongings.all_of_node(lab, name) for name in names))


def _bare(ground: Ground, by: Deadline) -> Mapping[str, Value]:
    with bare.running(ground, by) as first:
        first.await_ready(by)
        alone = processes.pss(first.pids())
        with bare.running(ground, by, 2) as second:
            second.await_ready(by)
            one, more = of_one(processes.pss(second.pids()), processes.pss(first.pids()), alone)
    return {MEMORY: one, MEMORY_MORE: more}


class DiskRoom:
    """What is really taken on this computer's disk, as the engine tells it, and a bare process's unpacked files."""

    name = "disk"

    def impossible(self, ground: Ground) -> Mapping[str, str]:
        why = bare.impossible(ground.place) or (APART if stands_apart(ground) else None)
        return dict.fromkeys((DISK_IMAGE, DISK_MORE, DISK_SHARED), why) if why else {}

    def prepare(self, ground: Ground, by: Deadline) -> None:
        bare.prepare(ground, by)

    def once(self, ground: Ground, by: Deadline) -> Mapping[str, Value]:
        if ground.place.way is Way.BARE:
            size = float(bare.size(ground, by))
            return {DISK_IMAGE: size, DISK_MORE: Seen(0, "what it writes lies in memory"), DISK_SHARED: size}
        lab = ground.deployment()
        found = belongings.measurable(lab).disk(lab.plan, measured(lab), by)
        return {DISK_IMAGE: Seen(found.image, found.note), DISK_MORE: found.own, DISK_SHARED: found.shared}

    def clear(self, ground: Ground, by: Deadline) -> None:
        """Nothing."""


class Density:
    """Workers are added, up to some, and the memory of all of them is taken each time; how many more would fit into the
    budget is computed from what each further one took."""

    name = "density"

    def __init__(self, keeper: Keeper) -> None:
        self._keeper = keeper

    def impossible(self, ground: Ground) -> Mapping[str, str]:
        if ground.place.way is Way.TUNED:
            return {DENSITY: "further workers are made with the kit's own settings"}
        return {} if os.geteuid() == 0 else {DENSITY: bare.NEEDS_ROOT}

    def prepare(self, ground: Ground, by: Deadline) -> None:
        """Nothing."""

    def once(self, ground: Ground, by: Deadline) -> Mapping[str, Value]:
        with self._keeper.whole(ground), ExitStack() as undo:
            lab = fleet.fill_pool(self._keeper.set(ground, by), 0, ground.report, by)
            before = len(lab.plan.workers())
            undo.callback(_shrink_to, ground, before, by)
            taken = [_taken(lab)]
            most = MOST_MACHINES if lab.substrate.has_own_kernel else MOST_OTHERS
            while taken[-1] < BUDGET and len(lab.plan.workers()) < most:
                lab = fleet.grow(lab, 1, ground.report, by)
                taken.append(_taken(lab))
        found = fitting(before, taken, BUDGET)
        slept = _SLEPT.format(before) if lab.substrate.has_own_kernel else ""
        return {DENSITY: replace(found, note=found.note + slept)}

    def clear(self, ground: Ground, by: Deadline) -> None:
        """Nothing."""


def _taken(lab: Deployment) -> int:
    return processes.pss(_all(lab, [spec.name for spec in lab.plan.workers()]))


def _shrink_to(ground: Ground, count: int, by: Deadline) -> None:
    lab = ground.deployment()
    for spec in lab.plan.workers()[count:]:
        lab = fleet.shrink(lab, spec.name, ScaleIn.DELETE, 0, ground.report, by)


def fitting(first: int, taken: Sequence[int], budget: int) -> Seen:
    """How many workers fit into so much memory, from what `first` of them took, then one more each. Pure.

    What was not started is computed, by the median of what one more took.
    """
    words = f"in {budget / 1e9:g} GB of memory"
    started = first + len(taken) - 1
    if taken[-1] > budget and len(taken) > 1:
        return Seen(started - 1, words)
    steps = sorted(after - before for before, after in pairwise(taken))
    each = steps[len(steps) // 2] if steps else taken[0] / first
    more = math.floor((budget - taken[-1]) / max(each, 1.0))
    return Seen(max(0, started + more), f"{words}; {started} were started, the others are computed", extrapolated=True)
