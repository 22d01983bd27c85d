"""A journal on disk, audited."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from lab.ledger import journal
from lab.ledger.audit import Account, audit
from lab.ledger.story import story
from lab.model.errors import UsageError
from lab.timeline.events import Event


def audit_file(path: Path, run: str | None = None) -> Account:
    """What the journal at `path` tells, line by line, so that its size does not matter; `run` is whose it has to be.

    Raises UsageError for a file that cannot be read, is damaged, or is another run's journal.
    """
    with _opened(path) as lines, _uncollected():
        return audit(journal.read(lines, str(path), run), str(path))


def story_of_file(path: Path) -> list[Event]:
    """The events that the journal at `path` tells, for drawing; raises UsageError as `audit_file` does."""
    with _opened(path) as lines:
        return story(journal.read(lines, str(path)))


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    try:
        with path.open("rb") as lines:
            yield lines
    except OSError as failed:
        raise UsageError(
            f"the journal cannot be read: {failed.strerror}",
            where=str(path),
            mend="`lab prove list` shows the runs whose journals are there",
        ) from failed


@contextmanager
def _uncollected() -> Iterator[None]:
    """No search for reference cycles: a million writes have none, and looking for them takes a fifth of the time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
