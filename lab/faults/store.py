"""Faults of the store: its database, its power, its drive, its disk."""

from lab.faults.base import NO_POWER, Before, Fault
from lab.host.wait import await_until
from lab.ledger.unshown import Harm
from lab.model import labs
from lab.model.deadline import Deadline
from lab.model.errors import LabError, UsageError
from lab.model.node import Role, State
from lab.substrates.base import CanPowerOff

_POSTMASTER = "head -n 1 /srv/store/database/postmaster.pid"
_NFS_THREADS = "cat /proc/fs/nfsd/threads 2>/dev/null || echo none"
_FILLER = ".filled-by-a-fault"
_PLACES = "/srv/store /srv/drive"
# The database gives a block back now and then; a page of it, or a file of a visitor's, needs more than these.
_BLOCKS_LEFT = 64
# Nearly all is only set aside, which is done at once and writes nothing to this computer's disk.
_FILL = f"""
for place in {_PLACES}; do
    blocks=$(df --output=avail --block-size=4k $place | tail -n 1)
    fallocate --length $((blocks * 4096)) $place/{_FILLER} || true
    cat /dev/zero >>$place/{_FILLER}-rest 2>/dev/null || true
done
sync
"""


class DatabaseKill(Fault):
    """PostgreSQL is killed with SIGKILL; what supervises it starts it again."""

    name = "database-kill"
    role = Role.STORE
    needs_root = True
    takes = (Harm.PROCESS,)
    says = "the database is killed (SIGKILL) and starts again"

    def before(self, by: Deadline) -> Before:
        return {"postmaster": self.ground.tell(self.target, _POSTMASTER, by)}

    def inject(self, by: Deadline) -> None:
        self.ground.tell(self.target, f'kill -KILL "$({_POSTMASTER})"', by)

    def verify(self, before: Before, by: Deadline) -> str:
        def probe() -> str | None:
            # The file is not there while the database starts.
            now = self.ground.tell(self.target, f"{_POSTMASTER} || true", by)
            return None if now not in ("", before["postmaster"]) else f"postmaster is {now or 'not there'}"

        await_until(probe, by, what="another postmaster", mend="read the log of the store")
        return f"postmaster {before['postmaster']} is gone, another one runs"


class PowerOff(Fault):
    """The store loses its power, stays off for a while and is started again."""

    name = "store-off"
    role = Role.STORE
    hold_s = 3.0
    takes = (Harm.PROCESS, Harm.MEMORY)
    says = "the store loses its power and is started again"
    heals_by = "which takes until it is started"

    def impossible(self, by: Deadline) -> str | None:
        return None if isinstance(self.ground.substrate, CanPowerOff) else NO_POWER

    def inject(self, by: Deadline) -> None:
        if isinstance(self.ground.substrate, CanPowerOff):
            self.ground.substrate.power_off(self.ground.lab, self.target, by)

    def verify(self, before: Before, by: Deadline) -> str:
        after = self.ground.state(self.target, by)
        if after is not State.STOPPED:
            raise self.did_not_happen(f"it is {after}")
        kept = "with" if self.ground.substrate.has_own_kernel else "without"
        return f"{self.target} is off, {kept} the loss of a page cache"

    def heal(self, by: Deadline) -> None:
        if isinstance(self.ground.substrate, CanPowerOff) and self.ground.state(self.target, by) is State.STOPPED:
            self.ground.substrate.power_on(self.ground.lab, self.target, by)


class DriveAway(Fault):
    """The server of the shared drive stops answering; the workers' mounts wait for it."""

    name = "drive-away"
    role = Role.STORE
    needs_root = True
    hold_s = 4.0
    takes = (Harm.DRIVE,)
    says = "the shared drive is away for some seconds"

    def impossible(self, by: Deadline) -> str | None:
        if self.ground.tell(self.target, _NFS_THREADS, by) == "none":
            return f"{NO_POWER}: the drive is a folder of this computer, and nothing serves it over a network"
        return None

    def inject(self, by: Deadline) -> None:
        self.ground.tell(self.target, "rpc.nfsd 0", by)

    def verify(self, before: Before, by: Deadline) -> str:
        threads = self.ground.tell(self.target, _NFS_THREADS, by)
        if threads != "0":
            raise self.did_not_happen(f"{threads} threads of nfsd")
        return "no thread of nfsd runs"

    def heal(self, by: Deadline) -> None:
        script = f'if [ "$({_NFS_THREADS})" = 0 ]; then systemctl restart lab-drive; fi'
        self.undo(self.ground.tell, self.target, script, by)


class DiskFull(Fault):
    """The store's own bounded file systems are filled to the last block."""

    name = "disk-full"
    role = Role.STORE
    needs_root = True
    stays_on_disk = True
    hold_s = 4.0
    takes = (Harm.SPACE,)
    says = "the store's disk is full for some seconds"

    def impossible(self, by: Deadline) -> str | None:
        for place in _PLACES.split():
            size_mb = int(self.ground.tell(self.target, f"df --output=size --block-size=1M {place} | tail -n 1", by))
            if size_mb > self.ground.plan.store_disk_mb or not self._has_own_file_system(place, by):
                return f"{NO_POWER}: {place} is not bounded ({size_mb} MB), filling it would fill this computer's disk"
        return None

    def _has_own_file_system(self, place: str, by: Deadline) -> bool:
        """Whether nothing else lies in the file system of this place. A kernel of its own sees no other disks than its
        own; in a container the place is the root of what is mounted there, and not a folder of this computer's disk."""
        if self.ground.substrate.has_own_kernel:
            return True
        root_of = f"findmnt --noheadings --output FSROOT --mountpoint {place} || true"
        return self.ground.tell(self.target, root_of, by) == "/"

    def inject(self, by: Deadline) -> None:
        # The bound was checked when the run was planned; here it is checked once more by whoever writes.
        if (why := self.impossible(by)) is not None:
            raise LabError(why, where=f"fault {self.name}", mend="choose another fault")
        self.ground.tell(self.target, _FILL, by)

    def verify(self, before: Before, by: Deadline) -> str:
        left = self.ground.tell(self.target, f"df --output=avail --block-size=4k {_PLACES} | tail -n +2", by).split()
        if any(int(blocks) > _BLOCKS_LEFT for blocks in left):
            raise self.did_not_happen(f"blocks of 4 KB free: {' and '.join(left)}")
        return f"blocks of 4 KB free in {_PLACES.replace(' ', ' and ')}: {' and '.join(left)}"

    def heal(self, by: Deadline) -> None:
        script = f"for p in {_PLACES}; do rm -f $p/{_FILLER} $p/{_FILLER}-rest; done"
        # What lies on a disk outlives the node.
        if not self.undo(self.ground.tell, self.target, script, by):
            lab, substrate = self.ground.lab, self.ground.plan.substrate
            up, heal = (labs.typed(f"{verb} {substrate}", lab) for verb in ("up", "heal"))
            raise UsageError(
                f"{self.target} does not run, and its disk can only be emptied while it does",
                where=f"lab {lab} on {substrate}",
                mend=f"start it: {up}, which may fail for want of space; then {heal}, and {up} again",
            )
