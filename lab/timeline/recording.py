"""The timeline of a lab on one substrate: a file that several processes append events to, and that anybody may read."""

import fcntl
import os
from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from lab.host import paths
from lab.model.errors import UsageError
from lab.model.node import State
from lab.timeline import events
from lab.timeline.events import Event, Kind

MOST_BYTES = 8_000_000
"""Of one file; there are two at most. An autoscaler notes 300 bytes a second: seven hours of it fit one."""

_BLOCK = 65_536


@dataclass(frozen=True)
class Recorded:
    """The events of a timeline in order of time, and how many of its lines are none: torn by a crash or a full disk."""

    events: list[Event]
    damaged: int


class Recorder:
    """The timeline in the file at `path`. What is noted by several processes at once stands there line by line.

    A file that has become too large is kept as the older one, in the place of the one before.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._older = path.parent / f"{path.stem}.older{path.suffix}"

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
                if os.fstat(file).st_size >= MOST_BYTES:
                    self._make_older(file)
            finally:
                os.close(file)

    def read(self) -> Recorded:
        """What was noted; nothing where nothing was. A damaged line is counted, and does not hide the others."""
        # In this order: one that is made the older one meanwhile is read twice, and not left out.
        newer, older = _text(self.path), _text(self._older)
        texts = [older] if newer and older.startswith(newer) else [older, newer]
        found, damaged = list[Event](), 0
        # An empty line is no torn one: whoever looked while another line was half written began a new one for itself.
        for line in filter(str.strip, (line for text in texts for line in text.splitlines(keepends=True))):
            told = self._events(line)
            found += told
            damaged += not told
        return Recorded(sorted(found, key=lambda event: event.at), damaged)

    def backwards(self) -> Iterator[Event]:
        """What was noted, the latest first; no more of it is read than is asked for. Damaged lines are left out."""
        for path in (self.path, self._older):
            for line in _lines_from_end(path):
                yield from self._events(f"{line}\n")

    def note_gone(self, at: float, there: Collection[str] = ()) -> None:
        """Notes of each node that is said to be there, and is none of these, that it is gone since a Unix time."""
        last = {event.what: event for event in self.read().events if event.kind is Kind.NODE}
        for name in sorted(last.keys() - set(there)):
            if last[name].fields.get("state") != State.ABSENT:
                self.note(Event(at, Kind.NODE, name, {"state": str(State.ABSENT)}))

    def forget(self) -> None:
        """Removes all that was noted."""
        self.path.unlink(missing_ok=True)
        self._older.unlink(missing_ok=True)

    def _events(self, line: str) -> list[Event]:
        try:
            return events.read([line], str(self.path))
        except UsageError:
            return []

    def _make_older(self, file: int) -> None:
        """Only one of several processes that find the file too large does so: whoever comes later finds a new one."""
        fcntl.flock(file, fcntl.LOCK_EX)
        if os.path.samestat(os.fstat(file), self.path.stat()):
            self.path.replace(self._older)


def recorder(lab: str, substrate: str) -> Recorder:
    """The timeline of a lab on a substrate."""
    return Recorder(paths.lab(lab) / f"timeline-{substrate}.jsonl")


def _text(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except FileNotFoundError:
        return ""


def _lines_from_end(path: Path) -> Iterator[str]:
    with suppress(FileNotFoundError), path.open("rb") as file:
        at, rest = file.seek(0, os.SEEK_END), b""
        while at > 0:
            size = min(_BLOCK, at)
            at -= size
            rest, *lines = (os.pread(file.fileno(), size, at) + rest).split(b"\n")
            yield from (line.decode(errors="replace") for line in reversed(lines))
        yield rest.decode(errors="replace")


def _ends_whole(file: int) -> bool:
    """Whether the file's last line is whole, so that another one does not become a part of it."""
    size = os.fstat(file).st_size
    return size == 0 or os.pread(file, 1, size - 1) == b"\n"
