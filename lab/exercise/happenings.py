"""What happens to a lab while somebody watches it, read from its timelines as they grow."""

from pathlib import Path

from lab.model.errors import UsageError
from lab.timeline import events
from lab.timeline.events import Kind

_HAPPENS = {Kind.NODE, Kind.FAULT, Kind.CHANGE}
"""Figures of each second, and what an autoscaler thinks of them, are none; what it does is told of nodes."""


class Happenings:
    """Counts what happens to a lab from now on: changes of its nodes, faults, what somebody did to it."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._count = folder, 0
        self._read_to = {path: _place(path) for path in self._files()}

    def count(self) -> int:
        """How many there were so far. Reads only what was added since it was asked last."""
        files = self._files()
        self._read_to = {path: place for path, place in self._read_to.items() if path in files}
        self._count += sum(map(self._added, files))
        return self._count

    def _files(self) -> list[Path]:
        return [path for path in self._folder.glob("timeline-*.jsonl") if not path.stem.endswith(".older")]

    def _added(self, path: Path) -> int:
        file, end = _place(path)
        before, begin = self._read_to.get(path, (0, 0))
        # Another file, or one that was emptied: from its beginning.
        begin = begin if file == before and begin <= end else 0
        try:
            with path.open("rb") as lines:
                lines.seek(begin)
                added = lines.read(max(0, end - begin))
        except FileNotFoundError:
            return 0
        whole = added.rpartition(b"\n")[0] + b"\n" if b"\n" in added else b""
        self._read_to[path] = (file, begin + len(whole))
        return sum(_happens(line, path) for line in whole.decode(errors="replace").splitlines(keepends=True))


def _place(path: Path) -> tuple[int, int]:
    """Which file is there, and how long it is; (0, 0) where there is none."""
    try:
        about = path.stat()
    except FileNotFoundError:
        return 0, 0
    return about.st_ino, about.st_size


def _happens(line: str, path: Path) -> bool:
    """Whether this line of a timeline tells of something that happened; a torn one does not."""
    try:
        return any(event.kind in _HAPPENS for event in events.read([line], str(path)))
    except UsageError:
        return False
