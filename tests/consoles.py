"""What the consoles of machines tell: a kernel under emulation dies now and then, and whatever asked it then fails."""

import re
from contextlib import suppress
from pathlib import Path

_DIED = re.compile(rb"^.*(?:Oops|Kernel panic|BUG: |general protection fault).*$", re.MULTILINE)


class Consoles:
    """The consoles of all labs under a folder, read on from where they were last read."""

    def __init__(self, labs: Path) -> None:
        self._labs = labs
        self._read: dict[Path, int] = {}

    def deaths(self) -> list[str]:
        """A line for each thing that a dying kernel said since the last call, with the file that it stands in."""
        return [
            f"{path}: {found.decode(errors='replace').strip()}"
            for path in sorted(self._labs.glob("*/logs/*.log"))
            for found in _DIED.findall(self._news(path))
        ]

    def _news(self, path: Path) -> bytes:
        seen = self._read.get(path, 0)
        # A lab may go away meanwhile: somebody else's, or one that a test left to its autoscaler.
        with suppress(FileNotFoundError), path.open("rb") as console:
            # A file that is shorter than it was is another one.
            console.seek(seen if seen <= path.stat().st_size else 0)
            text = console.read()
            self._read[path] = console.tell()
            return text
        return b""
