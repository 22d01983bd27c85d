"""What others published, to stand beside what was measured here: from published.json, with its source and date."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_FILE = Path(__file__).with_name("published.json")


@dataclass(frozen=True)
class Published:
    """A figure that somebody else measured, elsewhere: `about` says of what, `rows` which of ours it stands beside."""

    source: str
    date: str
    rows: tuple[str, ...]
    about: str
    says: str

    @property
    def line(self) -> str:
        """All of it in one line."""
        return f"{self.about}: {self.says} ({self.source}, {self.date})"


def figures() -> Sequence[Published]:
    """All that is published of what we measure."""
    found = json.loads(_FILE.read_text(encoding="utf-8"))["figures"]
    return [Published(**{**one, "rows": tuple(one["rows"])}) for one in found]


def by_row() -> Mapping[str, Sequence[str]]:
    """The lines of what is published, by the name of the row that they stand beside."""
    found: dict[str, list[str]] = {}
    for one in figures():
        for row in one.rows:
            found.setdefault(row, []).append(one.line)
    return found


def copied() -> str:
    """The day on which these figures were copied from their sources."""
    return str(json.loads(_FILE.read_text(encoding="utf-8"))["copied"])
