"""A moment by which something has to be done, made once by a verb and handed down."""

import time
from dataclasses import dataclass


@dataclass(frozen=True)
class Deadline:
    """A point on the monotonic clock; `label` says in words what it bounds."""

    at: float
    label: str

    @classmethod
    def after(cls, seconds: float, label: str) -> "Deadline":
        """A deadline `seconds` from now."""
        return cls(time.monotonic() + seconds, label)

    def left(self) -> float:
        """Seconds left, never below zero."""
        return max(0.0, self.at - time.monotonic())

    def is_over(self) -> bool:
        """Whether the time is up."""
        return self.left() == 0.0

    def at_most(self, seconds: float, label: str) -> "Deadline":
        """A deadline within this one: `seconds` from now or this one, whichever comes first."""
        return Deadline(min(self.at, time.monotonic() + seconds), label)
