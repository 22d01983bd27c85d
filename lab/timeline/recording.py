"""The timeline of a lab on one substrate: a file that several processes append events to, and that anybody may read."""

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from lab.host import paths
from lab.model.errors import UsageError
from lab.timeline import events
from lab.timeline.events import Event


@dataclass(frozen=True)
class Recorded:
    """The events of a file in order of time, and how many of its lines are none: torn by a crash or a full disk."""

    events: list[Event]
    damaged: int


class Recorder:
    """The timeline in the file at `path`. What is noted by several processes at once stands there line by line."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def note(self, event: Event) -> None:
        """Appends an event, if that can be done: no change of a lab ends halfway because a note of it cannot be kept.

        So nothing is noted on a full disk, nor of a lab that was destroyed meanwhile.
        """
        line = event.line().encode()
        with suppress(OSError):
            # Linux gives a write to a file with O_APPEND its place at the end as one step (open(2), write(2)).
            file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
            try:
                os.write(file, line if _ends_whole(file) else b"\n" + line)
            finally:
                os.close(file)

    def read(self) -> Recorded:
        """What was noted; nothing where nothing was. A damaged line is counted, and does not hide the others."""
        try:
            lines = self.path.read_text(errors="replace").splitlines(keepends=True)
        except FileNotFoundError:
            lines = []
        found, damaged = list[Event](), 0
        # An empty line is no torn one: whoever looked while another line was half written began a new one for itself.
        for line in filter(str.strip, lines):
            try:
                told = events.read([line], str(self.path))
            except UsageError:
                told = []
            found += told
            damaged += not told
        return Recorded(sorted(found, key=lambda event: event.at), damaged)

    def forget(self) -> None:
        """Removes the file."""
        self.path.unlink(missing_ok=True)


def recorder(lab: str, substrate: str) -> Recorder:
    """The timeline of a lab on a substrate."""
    return Recorder(paths.lab(lab) / f"timeline-{substrate}.jsonl")


def _ends_whole(file: int) -> bool:
    """Whether the file's last line is whole, so that another one does not become a part of it."""
    size = os.fstat(file).st_size
    return size == 0 or os.pread(file, 1, size - 1) == b"\n"
