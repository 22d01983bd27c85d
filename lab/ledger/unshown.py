"""What a run does not show: for each thing that was not taken away, the mistake that it would have overlooked."""

from collections.abc import Iterable
from enum import StrEnum

from lab.ledger.records import Header
from lab.ledger.struck import FaultSeen


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
    Harm.DRIVE: "The shared drive never went away: a file that was acknowledged too early would have passed.",
    Harm.SPACE: "No disk was full: a write acknowledged in spite of that would have passed.",
    Harm.NETWORK: "No network was cut between the nodes.",
    Harm.SLOW: "No network was slow between the nodes.",
    Harm.LOSSY: "No network lost packets between the nodes: what is sent again might be written twice.",
    Harm.FROZEN: "No worker froze and went on: one that then undoes what others did would have passed.",
    Harm.ORDERLY: "No worker was ended in an orderly way: one that drops what it has begun would have passed.",
    Harm.COMMIT: "No answer was seen to be cut off after its COMMIT: a repeat that is written twice would have passed.",
    Harm.BALANCER: "The load balancer never failed.",
    Harm.CLOCK: "No clock was wrong.",
}
_MEMORY_KEPT = (
    "Power never failed: whatever the store had only in memory was written later. "
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
_STATEFUL = "Workers kept the data themselves (stateful mode): this says nothing about the stateless site."
_ALWAYS = (
    "All nodes stand on one computer: its own failure, its disk's, a fire or a wrong command are not shown. For those "
    "there are copies elsewhere.",
    "What did not go wrong in this run may go wrong in a longer one, at a higher rate or with another seed.",
)


def not_shown(header: Header, faults: Iterable[FaultSeen], acknowledged: int) -> list[str]:
    """Plain sentences, the most telling first. Only verified faults count. Never empty."""
    taken = {harm for fault in faults if fault.verified for harm in fault.takes}
    told = [_STATEFUL] if header.mode == "stateful" else []
    told.append(_memory(header, taken))
    told += [sentence for harm, sentence in _UNSEEN.items() if harm not in taken]
    if header.accelerator == "tcg":
        told.append(_EMULATED)
    return [*told, f"It is about {acknowledged:,} acknowledged writes.", *_ALWAYS]


def _memory(header: Header, taken: set[str]) -> str:
    if header.accelerator is None:
        return _SHARED_KERNEL
    return _OWN_KERNEL if Harm.MEMORY in taken else _MEMORY_KEPT
