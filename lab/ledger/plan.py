"""The plan of a run: what each visitor does when, drawn from a seed. The same seed draws the same plan."""

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from lab.ledger import writes
from lab.ledger.writes import What
from lab.model.errors import UsageError

MOST_PER_SECOND = 5000
LONGEST_S = 24 * 3600
MOST_VISITORS = 20
_FILE_BYTES = (16, 4096)
_WORDS = (
    *("server", "disk", "worker", "store", "balancer", "cloud", "image", "kernel", "drive", "session", "login", "file"),
    *("dies", "starts", "keeps", "writes", "reads", "forgets", "serves", "waits", "nothing", "again", "here", "soon"),
)


class Does(StrEnum):
    """What a step does: one of three writes, or one of two reads."""

    LOG_IN = "login"
    WRITE_ENTRY = "entry"
    WRITE_FILE = "file"
    READ_SESSION = "me"
    READ_BACK = "look"

    @property
    def writes(self) -> What | None:
        """What it leaves behind; None for a read."""
        return None if self in (Does.READ_SESSION, Does.READ_BACK) else What(self)


_MIX = {Does.WRITE_ENTRY: 50, Does.WRITE_FILE: 20, Does.READ_SESSION: 15, Does.READ_BACK: 15}


@dataclass(frozen=True, slots=True)
class Step:
    """One request, due `due_s` after the start. `content` is what it writes, `pick` (0 to 1) which write it reads."""

    due_s: float
    visitor: int
    does: Does
    key: str
    content: bytes
    pick: float


@dataclass(frozen=True)
class Plan:
    """A steady `rate` (requests a second) for `duration_s`. Raises UsageError for what cannot be."""

    run: str
    seed: int
    rate: float
    duration_s: float

    def __post_init__(self) -> None:
        _within("--rate", self.rate, MOST_PER_SECOND, "requests a second")
        _within("--duration", self.duration_s, LONGEST_S, "seconds")
        if not writes.RUN.fullmatch(self.run):
            raise UsageError(f"{self.run!r} is not the name of a run", where="the plan", mend="use 1 to 24 of a-z 0-9")

    @property
    def requests(self) -> int:
        """How many steps there are, at least one."""
        return max(1, math.floor(self.rate * self.duration_s))

    @property
    def visitors(self) -> int:
        """How many visitors there are: at least ten requests for each."""
        return min(MOST_VISITORS, max(1, self.requests // 10))

    def steps(self) -> Iterator[Step]:
        """Every step, in the order in which they are due. Each visitor logs in first."""
        draw = random.Random(self.seed)
        for number in range(self.requests):
            first = number < self.visitors
            visitor = number if first else draw.randrange(self.visitors)
            does = Does.LOG_IN if first else draw.choices([*_MIX], [*_MIX.values()])[0]
            key = writes.key(self.run, visitor, number)
            content = key.encode() if first else _content(draw, does, number)
            yield Step(number / self.rate, visitor, does, key, content, draw.random())


def _within(option: str, given: float, most: float, unit: str) -> None:
    if not 0 < given <= most:  # also says no to NaN
        raise UsageError(
            f"{given:g} {unit} is not possible", where=option, mend=f"give more than 0 and at most {most:g}"
        )


def _content(draw: random.Random, does: Does, number: int) -> bytes:
    """No two steps write the same, so that contents which changed places are noticed."""
    if does is Does.WRITE_FILE:
        return draw.randbytes(draw.randint(*_FILE_BYTES)) + number.to_bytes(8)
    if does is Does.WRITE_ENTRY:
        return f"{' '.join(draw.choices(_WORDS, k=draw.randint(3, 9)))} ({number})".encode()
    return b""
