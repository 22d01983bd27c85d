"""Leases: what keeps two long-running verbs of a kind, or two that would be in each other's way, off the same lab."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lab.host import lock, paths
from lab.model.errors import UsageError

PROVE, REFRESH = "prove", "refresh"

_GLANCE_S = 0.5  # who only looks whether a lease is held has it for less than a millisecond


def lease(lab: str, verb: str) -> Path:
    """The file whose lock a long-running verb holds."""
    return paths.lab(lab) / f"{verb}.lease"


def changes(lab: str) -> Path:
    """The file whose lock is held for each change of a lab's nodes."""
    return paths.lab(lab) / "lock"


def is_anybody_at_work(lab: str) -> bool:
    """Whether a verb changes the lab's nodes right now, or a run of the proof or a refresh goes on, which will."""
    return any(lock.is_held(file) for file in (lease(lab, PROVE), lease(lab, REFRESH), changes(lab)))


def is_held(lab: str, verb: str) -> bool:
    """Whether a long-running verb is at work on the lab."""
    return lock.is_held(lease(lab, verb))


def is_refreshing(lab: str, substrate: str) -> bool:
    """Whether a refresh is at work on the lab on this substrate; another substrate's leaves these workers alone."""
    file = lease(lab, REFRESH)
    found = lock.holder(file)
    # Who took it this very moment has not said yet who they are.
    return found.verb == refreshing(substrate) if found else lock.is_held(file)


def changed_by(lab: str) -> str | None:
    """Which verb of another process changes the lab's nodes right now; None where none does."""
    found = lock.holder(changes(lab))
    return found.verb if found and found.pid != os.getpid() else None


def ours(lab: str) -> str | None:
    """What this process said of itself when it took a lease of the lab; None where it has none."""
    holders = (lock.holder(file) for file in paths.lab(lab).glob("*.lease"))
    return next((each.verb for each in holders if each and each.pid == os.getpid()), None)


@contextmanager
def leased(lab: str, verb: str, holder: str | None = None) -> Iterator[None]:
    """Holds the lab's lease for a long-running verb: one of its kind for a lab. Raises UsageError naming the holder,
    which is another verb where that needs the same to itself."""
    with lock.held(lease(lab, verb), holder or verb, patience_s=_GLANCE_S):
        yield


def proving(substrate: str) -> str:
    """What a run of the proof on this substrate says of itself while it holds the lab's lease."""
    return f"{PROVE} run {substrate}"


def refreshing(substrate: str) -> str:
    """What a refresh on this substrate says of itself while it holds the lab's lease."""
    return f"{REFRESH} {substrate}"


def deploying(substrate: str) -> str:
    """What a deploy on this substrate says of itself while it holds the lease of refreshes."""
    return f"deploy {substrate}"


def refuse_beside(lab: str, verb: str, holder: str, mend: str) -> None:
    """Raises UsageError while this holder has the lease of another verb that replaces dead workers too.

    Both take their own lease first and look at the other's then, so of two that begin at once one is refused at least.
    """
    file = lease(lab, verb)
    found = lock.holder(file)
    if found is not None and found.verb == holder:
        raise UsageError(
            f"`lab {found.verb}` (pid {found.pid}) is at work on lab {lab}, and both would replace a worker that dies",
            where=str(file),
            mend=mend,
        )
