"""Rows of what a worker has of a computer: its processor, its kernel, its network, its disks."""

from collections.abc import Mapping

from lab.comparison import belongings
from lab.comparison.columns import Way
from lab.comparison.probes import bare
from lab.comparison.probes.base import Ground, Seen, Value
from lab.comparison.probes.inside import FLUSHES, MACHINE, told
from lab.comparison.probes.worker import OfServing, measured
from lab.model.deadline import Deadline
from lab.model.node import STORE
from lab.model.plan import DRIVE

_OF_CPU = "a second of processor time: how much of it a worker may have is bounded, but for a bare process"
_UID = "64000"


class Machine(OfServing):
    """SHA-256 over a block that stays in the cache; reads and writes of one byte, which are two calls each (dd); the
    answer of the store's kernel to a connection that it refuses, in which no program takes part: the median of 50.
    """

    name = "machine"
    rows = ("hash", "syscalls", "round-trip")

    def once(self, ground: Ground, by: Deadline) -> Mapping[str, Value]:
        store = ground.deployment().plan.node(STORE).address
        with self._keeper.serving(ground, by) as worker:
            found = told(worker.reach, MACHINE, [store], by)
        return {
            "hash": Seen(found["hash"], _OF_CPU),
            "syscalls": Seen(found["syscalls"], _OF_CPU),
            "round-trip": float(found["round-trip"]),
        }


class Flushes(OfServing):
    """Writes of 4 KB that are each made to last (fsync): on a volume, disk or folder made for it, and on the drive."""

    name = "fsync"
    rows = ("fsync-scratch", "fsync-drive")

    def once(self, ground: Ground, by: Deadline) -> Mapping[str, Value]:
        with self._keeper.serving(ground, by) as worker:
            on_drive = told(worker.reach, FLUSHES, [DRIVE, _UID], by)["rate"]
            if ground.place.way is Way.BARE:
                on_scratch = told(worker.reach, FLUSHES, [bare.SCRATCH, _UID], by)["rate"]
            else:
                on_scratch = _on_scratch(ground, by)
        return {"fsync-scratch": on_scratch, "fsync-drive": on_drive}


def _on_scratch(ground: Ground, by: Deadline) -> float:
    lab = ground.deployment()
    engine = belongings.measurable(lab)
    with engine.scratch(lab.plan, measured(lab), by, ground.place.variant) as scratch:
        return float(told(scratch.reach, FLUSHES, [scratch.folder, "-"], by)["rate"])
