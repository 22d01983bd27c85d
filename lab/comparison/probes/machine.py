"""Rows of what a worker has of a computer: its processor, its kernel, its network, its disks."""

from collections.abc import Mapping

from lab.comparison import belongings
from lab.comparison.columns import Way
from lab.comparison.probes import bare
from lab.comparison.probes.base import Ground, Seen, Value
from lab.comparison.probes.inside import FLUSHES, MACHINE, told
from lab.comparison.probes.worker import OfServing, Worker, measured, stands_apart
from lab.model.deadline import Deadline
from lab.model.node import STORE
from lab.model.plan import DRIVE

_OF_CPU = "a second of processor time, so that no bound on it counts"
_SCRATCH, _DRIVE = "fsync-scratch", "fsync-drive"
_OF_STORE = "the drive is the store's, which is made with the kit's own settings: see the column without this one"
_OF_NETWORK = "only its network is another, which takes no part in this: see the column without this setting"
_UID = "64000"


class Machine(OfServing):
    """SHA-256 over a block that stays in the cache; reads and writes of one byte, which are two calls each (dd, less
    what its start takes); the answer of the store's kernel to a connection that it refuses, in which no program takes
    part: the median of 50.
    """

    name = "machine"
    rows = ("hash", "syscalls", "round-trip")

    def once(self, ground: Ground, by: Deadline) -> Mapping[str, Value]:
        store = ground.deployment().plan.node(STORE).address
        with self._keeper.serving(ground, by, is_bounded=False) as worker:
            found = told(worker.reach, MACHINE, [store], by)
        return {
            "hash": Seen(found["hash"], _OF_CPU),
            "syscalls": Seen(found["syscalls"], _OF_CPU),
            "round-trip": float(found["round-trip"]),
        }


class Flushes(OfServing):
    """Writes of 4 KB that are each made to last (fsync): on a volume, disk or folder made for it, and on the drive."""

    name = "fsync"
    rows = (_SCRATCH, _DRIVE)

    def impossible(self, ground: Ground) -> Mapping[str, str]:
        """Also the drive where a machine has another setting, since its drive is another machine's, which has not; and
        a disk of its own where the setting is the network."""
        if ground.place.way is not Way.TUNED:
            return super().impossible(ground)
        if ground.place.is_machine:
            return {_DRIVE: _OF_STORE}
        return {_SCRATCH: _OF_NETWORK} if stands_apart(ground) else {}

    def once(self, ground: Ground, by: Deadline) -> Mapping[str, Value]:
        left_out = self.impossible(ground)
        found: dict[str, Value] = {}
        with self._keeper.serving(ground, by, is_bounded=False) as worker:
            if _DRIVE not in left_out:
                found[_DRIVE] = Seen(told(worker.reach, FLUSHES, [DRIVE, _UID], by)["rate"], worker.says)
            if _SCRATCH not in left_out:
                found[_SCRATCH] = _on_scratch(ground, worker, by)
        return found


def _on_scratch(ground: Ground, worker: Worker, by: Deadline) -> float:
    if ground.place.way is Way.BARE:
        return float(told(worker.reach, FLUSHES, [bare.SCRATCH, _UID], by)["rate"])
    lab = ground.deployment()
    engine = belongings.measurable(lab)
    with engine.scratch(lab.plan, measured(lab), by, ground.place.variant) as scratch:
        return float(told(scratch.reach, FLUSHES, [scratch.folder, "-"], by)["rate"])
