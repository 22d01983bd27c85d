"""The plan of a run: what each visitor does when, drawn from a seed. The same seed draws the same plan."""

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from lab.ledger import writes
from lab.ledger.pace import Pace
from lab.ledger.writes import What
from lab.model.errors import UsageError

MOST_PER_SECOND = 5000
LONGEST_S = 24 * 3600
MOST_VISITORS = 20
_ROUNDING = 1e-9
_FILE_BYTES = (16, 4096)
_WORDS = (
    *("server", "disk", "worker", "store", "balancer", "cloud", "image", "kernel", "drive", "session", "login", "file"),
    *("dies", "starts", "keeps", "writes", "reads", "forgets", "serves", "waits", "nothing", "again", "here", "soon"),
)


class Does(StrEnum):
    """What a step does: one of three writes, one of two reads, or work, which costs a worker CPU and leaves nothing."""

    LOG_IN = "login"
    WRITE_ENTRY = "entry"
    WRITE_FILE = "file"
    READ_SESSION = "me"
    READ_BACK = "look"
    WORK = "work"

    @property
    def writes(self) -> What | None:
        """What it leaves behind; None for what leaves nothing."""
        return None if self in (Does.READ_SESSION, Does.READ_BACK, Does.WORK) else What(self)


_MIX = {Does.WRITE_ENTRY: 50, Does.WRITE_FILE: 20, Does.READ_SESSION: 15, Does.READ_BACK: 15}
# With work, six of ten requests are that: what it costs has to outweigh what else a worker does.
_MIX_WITH_WORK = _MIX | {Does.WORK: 150}


@dataclass(frozen=True, slots=True)
class Step:
    """One request, due `due_s` after the start. `content` is what it writes, `pick` (0 to 1) which write it reads.

    Work burns `cpu_ms` of CPU.
    """

    due_s: float
    visitor: int
    does: Does
    key: str
    content: bytes
    pick: float
    cpu_ms: int = 0


@dataclass(frozen=True)
class Plan:
    """A steady `rate` (requests a second) for `duration_s`, or what `pace` says instead; `paced` makes such a plan.

    With `cpu_ms`, visitors also ask for work that burns so many milliseconds of a worker's CPU. Raises UsageError for
    what cannot be.
    """

    run: str
    seed: int
    rate: float
    duration_s: float
    pace: Pace | None = None
    cpu_ms: int = 0

    @classmethod
    def paced(cls, run: str, seed: int, pace: Pace, cpu_ms: int = 0) -> "Plan":
        """A plan whose rate changes; `rate` is then the highest."""
        return cls(run, seed, pace.highest, pace.duration_s, pace, cpu_ms)

    def __post_init__(self) -> None:
        within("--rate", self.rate, MOST_PER_SECOND, "requests a second")
        within("--duration", self.duration_s, LONGEST_S, "seconds")
        if not writes.RUN.fullmatch(self.run):
            raise UsageError(f"{self.run!r} is not the name of a run", where="the plan", mend="use 1 to 24 of a-z 0-9")

    @property
    def requests(self) -> int:
        """How many steps there are, at least one."""
        return self._pace.requests

    @cached_property
    def visitors(self) -> int:
        """How many visitors there are: at least ten requests for each."""
        return min(MOST_VISITORS, max(1, self.requests // 10))

    def present(self, at_s: float) -> int:
        """How many visitors there are at a time: all at the highest rate, fewer at a lower one."""
        share = self._pace.rate_at(at_s) / self.rate
        return math.ceil(self.visitors * share - _ROUNDING)

    def steps(self) -> Iterator[Step]:
        """Every step, in the order in which they are due. Each visitor logs in first."""
        draw, mix, seen = random.Random(self.seed), _MIX_WITH_WORK if self.cpu_ms else _MIX, 0
        for number, due_s in enumerate(self._pace.due_s()):
            present = max(1, self.present(due_s))
            first = seen < present
            visitor = seen if first else draw.randrange(present)
            seen += first
            does = Does.LOG_IN if first else draw.choices([*mix], [*mix.values()])[0]
            key = writes.key(self.run, visitor, number)
            content = key.encode() if first else _content(draw, does, number)
            yield Step(due_s, visitor, does, key, content, draw.random(), self.cpu_ms if does is Does.WORK else 0)

    @cached_property
    def _pace(self) -> Pace:
        return self.pace or Pace.steady(self.rate, self.duration_s)


def within(option: str, given: float, most: float, unit: str) -> None:
    """Raises UsageError unless what was given is more than 0 and at most so much."""
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
