"""What a check tells as it goes on, a JSON object a line: what it looks at, what it saw, how each part ended. Pure."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from lab.exercise.catalogue import Seen


class Kind(StrEnum):
    """The kinds of lines. LOOKS: `text` is looked at now, or awaited. NOTED: observations. ENDED: a part's outcome."""

    LOOKS = "looks"
    NOTED = "noted"
    ENDED = "ended"


@dataclass(frozen=True)
class Part:
    """One part of a check, as a sentence that should be true. `ok` is None where it could not be checked.

    `says` is the message to the learner: for a part that failed, or what stood in the way of checking.
    """

    claim: str
    ok: bool | None
    saw: str = ""
    expected: str = ""
    says: str = ""


@dataclass(frozen=True)
class Told:
    """One line."""

    kind: Kind
    text: str = ""
    noted: Mapping[str, Seen] | None = None
    part: Part | None = None

    def line(self) -> str:
        """The line as it is sent, with its end."""
        about: dict[str, Any] = {"kind": self.kind, "text": self.text, "noted": self.noted}
        return json.dumps(about | {"part": self.part and vars(self.part)}) + "\n"


def read(line: str) -> Told:
    """What a line tells; raises ValueError for one that was not written whole."""
    about = json.loads(line)
    part = Part(**about["part"]) if about["part"] else None
    return Told(Kind(about["kind"]), about["text"], about["noted"], part)


@dataclass(frozen=True)
class Outcome:
    """What a whole check came to: its parts, and what was observed."""

    parts: tuple[Part, ...]
    observed: Mapping[str, Seen]

    @property
    def ok(self) -> bool | None:
        """Passed, failed, or None: no part failed, and at least one could not be checked."""
        answers = [part.ok for part in self.parts]
        if False in answers:
            return False
        return None if None in answers or not answers else True


def outcome(told: Iterable[Told]) -> Outcome:
    """What all lines together come to; what is noted twice is as it was noted last."""
    parts: list[Part] = []
    observed: dict[str, Seen] = {}
    for one in told:
        observed |= one.noted or {}
        parts += [one.part] if one.part else []
    return Outcome(tuple(parts), observed)
