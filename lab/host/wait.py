"""Waiting for a condition, with an account of what is seen meanwhile."""

import time
from collections.abc import Callable

from lab.model.deadline import Deadline
from lab.model.errors import LabError

# What is seen is told when it changes, but not more often: what passes within that time is no news.
QUIET_S = 3.0


def await_until(
    probe: Callable[[], str | None],
    by: Deadline,
    *,
    what: str,
    mend: str,
    every_s: float = 0.05,
    tell: Callable[[str], None] | None = None,
    error: type[LabError] = LabError,
) -> None:
    """Returns once `probe` gives None; its text otherwise says what was seen, and `tell` hears of that.

    Raises LabError, or the kind of it in `error`, with the last text seen when the deadline is over.
    """
    told, told_at = "", time.monotonic()
    while (seen := probe()) is not None:
        if by.is_over():
            raise error(f"{what} did not come about in time ({by.label})", where=f"last seen: {seen}", mend=mend)
        if tell is not None and seen != told and time.monotonic() - told_at >= QUIET_S:
            tell(seen)
            told, told_at = seen, time.monotonic()
        time.sleep(min(every_s, by.left()))
