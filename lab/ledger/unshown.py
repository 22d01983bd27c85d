"""What a run does not show: for each thing that was not taken away, the mistake that it would have overlooked."""

from collections.abc import Iterable
from enum import StrEnum

from lab.ledger.plan import MOST_VISITORS
from lab.ledger.records import Header
from lab.ledger.struck import FaultSeen
from lab.model.node import Mode


class Harm(StrEnum):
    """What a fault takes away. Each fault says which; a run that takes more shows more."""

    WORKER = "worker"
    PROCESS = "process"
    MEMORY = "memory"
    DRIVE = "drive"
    SPACE = "space"
    NETWORK = "network"  # cut: packets vanish
    SLOW = "slow"
    LOSSY = "lossy"
    FROZEN = "frozen"
    ORDERLY = "orderly"
    COMMIT = "commit"
    BALANCER = "balancer"
    CLOCK = "clock"


_UNSEEN = {
    Harm.WORKER: "No worker was destroyed: writes that only a worker kept would have passed.",
    Harm.PROCESS: "The database was never killed: an answer before the COMMIT is on disk would have passed.",
    # Its mounts wait for it: what an app only acknowledges too early is there all the same once the drive is back.
    Harm.DRIVE: "The shared drive never went away: an app that says yes to a file meanwhile, and then gives it up, "
    "would have passed.",
    Harm.SPACE: "No disk was full: a write acknowledged in spite of that would have passed.",
    Harm.NETWORK: "No network was cut on the way of a request.",
    Harm.SLOW: "No network was slow between the nodes.",
    Harm.LOSSY: "No network lost packets between the nodes: what is sent again might be written twice.",
    Harm.FROZEN: "No worker froze and went on: one that then undoes what others did would have passed.",
    Harm.ORDERLY: "No worker was asked to end: one that then undoes what it had acknowledged would have passed.",
    Harm.COMMIT: "No answer was seen to be cut off after its COMMIT: a repeat that is written twice would have passed.",
    Harm.BALANCER: "The load balancer never failed.",
    Harm.CLOCK: "No clock was wrong.",
}
_MEMORY_KEPT = (
    "The store's power never failed: whatever it had only in memory was written later. "
    "`fsync=off`, or a drive that acknowledges before it flushes, would have passed."
)
_SHARED_KERNEL = (
    "The nodes share this computer's kernel: ending one leaves the kernel's page cache, so data that was never flushed "
    "outlives even the end of the store. `fsync=off` would have passed; a virtual machine's power-off shows it."
)
_OWN_KERNEL = (
    "A power-off took the guest's memory, not this computer's: what the virtual disk had passed on was safe. "
    "That real disks keep what they say they keep is not shown."
)
_EMULATED = "The machines were emulated (TCG): losses count, times say nothing about real hardware."
_STATEFUL = (
    "Workers kept the data themselves (stateful mode): this says nothing about the stateless site. None of the data "
    "lay in the store: what a killed database, lost power, a full disk, or a drive or a store out of reach do to data "
    "is not shown."
)
# These strike where no data lies in stateful mode: they take nothing away there, whatever their journal says.
_OF_THE_STORE = frozenset({"database-kill", "store-off", "drive-away", "disk-full", "cut-store"})
_TOLD_BY_STATEFUL = frozenset({Harm.PROCESS, Harm.DRIVE, Harm.SPACE})
# A plan begins with the logins, one for each visitor.
_LOGINS = (
    f"Each visitor logged in once, when the run began, {MOST_VISITORS} of them at most: what a fault does to a login "
    "that is under way is not shown."
)
_ALWAYS = (
    "All nodes stand on one computer: its own failure, its disk's, a fire or a wrong command are not shown. For those "
    "there are copies elsewhere.",
    "What did not go wrong in this run may go wrong in a longer one, at a higher rate or with another seed.",
)


def not_shown(header: Header, faults: Iterable[FaultSeen], acknowledged: int) -> list[str]:
    """Plain sentences, the most telling first. Only verified faults count. Never empty."""
    struck, is_stateful = list(faults), header.mode == Mode.STATEFUL
    taken = {harm for fault in struck if _counts(fault, is_stateful=is_stateful) for harm in fault.takes}
    told = [_STATEFUL] if is_stateful else []
    told += _memory(header, taken, is_stateful=is_stateful)
    unsaid = taken | (_TOLD_BY_STATEFUL if is_stateful else set())
    told += [sentence for harm, sentence in _UNSEEN.items() if harm not in unsaid]
    if struck:
        told.append(_LOGINS)
    if header.accelerator == "tcg":
        told.append(_EMULATED)
    about = (
        f"It is about {acknowledged:,} acknowledged writes. It is a test, no mathematics: it can show that writes are "
        "lost, never that none can be."
    )
    return [*told, about, *_ALWAYS]


def _counts(fault: FaultSeen, *, is_stateful: bool) -> bool:
    return fault.verified and not (is_stateful and fault.name in _OF_THE_STORE)


def _memory(header: Header, taken: set[str], *, is_stateful: bool) -> list[str]:
    if header.accelerator is None:
        return [_SHARED_KERNEL]
    if is_stateful:
        return []
    return [_OWN_KERNEL if Harm.MEMORY in taken else _MEMORY_KEPT]
