"""Leases: what keeps two long-running verbs of a kind, or two that would be in each other's way, off the same lab."""

from collections.abc import Iterator
from contextlib import contextmanager

from lab.flows import deployment
from lab.host import lock

_GLANCE_S = 0.5  # who only looks whether a lease is held has it for less than a millisecond


@contextmanager
def leased(lab: str, verb: str, holder: str | None = None) -> Iterator[None]:
    """Holds the lab's lease for a long-running verb: one of its kind for a lab. Raises UsageError naming the holder,
    which is another verb where that needs the same to itself."""
    with lock.held(deployment.lease(lab, verb), holder or verb, patience_s=_GLANCE_S):
        yield
