"""What a journal holds. Times are seconds since the run's start, on one clock that never goes back."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Annotated, Any, NamedTuple

from pydantic import Field, TypeAdapter

from lab.ledger.plan import LONGEST_S, MOST_PER_SECOND
from lab.ledger.writes import Outcome, What
from lab.model.node import State

FORMAT = 1
LATEST_S = 2.0 * LONGEST_S
"""No run notes a later time: its visitors have a day, and what is read back after them has minutes."""

_LATEST_UNIX = 1e11  # in the year 5138: what is drawn needs a time to which a second can be added
READY = "ready"
NODE_STATES = frozenset({READY, *State})
"""What a node can be noted as."""


class Kind(StrEnum):
    """The kinds of records, a line each."""

    RUN = "run"
    INTENTS = "intents"
    ATTEMPTS = "attempts"
    LOOKS = "looks"
    FAULT = "fault"
    NODE = "node"
    FOUND = "found"
    READ_BACK = "read_back"
    END = "end"


class Source(StrEnum):
    """Where a final read came from: what users get, or what the store has."""

    BALANCER = "balancer"
    STORE = "store"


class Stage(StrEnum):
    """What is known about a fault."""

    BEGUN = "begun"
    VERIFIED = "verified"
    HEALED = "healed"


class Seen(StrEnum):
    """What a read during the run saw. Cut: the answer had begun. Failed: no answer of the app."""

    FOUND = "found"
    MISSING = "missing"
    CUT = "cut"
    FAILED = "failed"


# What the app's contract answers where there is such a thing, and where there is none.
OK, MISSING, UNAUTHORISED = 200, 404, 401


def seen_in_answer(what: What, status: int) -> Seen:
    """What a whole answer to a read says: only where the app itself says that there is no such thing, it is missing."""
    if status == OK:
        return Seen.FOUND
    return Seen.MISSING if status == (UNAUTHORISED if what is What.LOGIN else MISSING) else Seen.FAILED


@dataclass(frozen=True)
class Header:
    """A run: where, how, and which faults it means to inject, on which nodes. `began_at` is Unix time.

    `worker_connections` is how many requests a worker works on at a time.

    `accelerator` is None where nodes run on this computer's own kernel, so that killing one leaves its page cache.
    """

    run: str
    lab: str
    substrate: str
    mode: str
    accelerator: str | None
    seed: int
    rate: Annotated[float, Field(ge=0, le=MOST_PER_SECOND, allow_inf_nan=False)]
    duration_s: Annotated[float, Field(ge=0, le=LATEST_S, allow_inf_nan=False)]
    began_at: Annotated[float, Field(ge=0, le=_LATEST_UNIX, allow_inf_nan=False)]
    planned: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    worker_connections: int | None = None

    def record(self) -> dict[str, Any]:
        """The journal's first record."""
        return {"kind": Kind.RUN, "format": FORMAT, **asdict(self)}

    @classmethod
    def of(cls, record: Mapping[str, Any]) -> "Header":
        """The header that a first record holds; raises ValueError where it holds none."""
        return _HEADER.validate_python(record)


class Intent(NamedTuple):
    """A write that is going to be sent."""

    what: What
    key: str
    due_s: float
    sha256: str


class Attempt(NamedTuple):
    """One attempt of a write. `status` is 0 without an answer; `failure` says what went wrong on the way.

    `altered` is whether the answer spoke of another content than the one that was sent.
    """

    key: str
    outcome: Outcome
    sent_s: float
    done_s: float
    status: int
    worker: str
    failure: str
    altered: bool


class Look(NamedTuple):
    """One read of a write during the run. `sha256` is empty unless found."""

    key: str
    due_s: float
    sent_s: float
    done_s: float
    status: int
    worker: str
    failure: str
    seen: Seen
    sha256: str


@dataclass(frozen=True)
class FaultNote:
    """A fault at a stage; the stages of one fault share `number`. `takes` names what it takes away (unshown.Harm)."""

    number: int
    stage: Stage
    at_s: float
    name: str
    target: str
    takes: tuple[str, ...] = ()
    note: str = ""

    def record(self) -> dict[str, Any]:
        """The record of this stage."""
        return {"kind": Kind.FAULT, **asdict(self)}

    @classmethod
    def of(cls, record: Mapping[str, Any]) -> "FaultNote":
        """The note that a record holds; raises ValueError where it holds none."""
        return _FAULT_NOTE.validate_python(record)


# They check types too: a journal whose chain is whole may still have been put together by hand.
_HEADER, _FAULT_NOTE = TypeAdapter(Header), TypeAdapter(FaultNote)


def intents(rows: Iterable[Intent]) -> dict[str, Any]:
    """Writes that are about to be due; flushed before the first of them is."""
    return {"kind": Kind.INTENTS, "rows": list(rows)}


def attempts(rows: Iterable[Attempt]) -> dict[str, Any]:
    """Attempts that have ended."""
    return {"kind": Kind.ATTEMPTS, "rows": list(rows)}


def looks(rows: Iterable[Look]) -> dict[str, Any]:
    """Reads that have ended."""
    return {"kind": Kind.LOOKS, "rows": list(rows)}


def node(at_s: float, name: str, state: str) -> dict[str, Any]:
    """A node is in another state from now on, one of NODE_STATES. For the picture only."""
    return {"kind": Kind.NODE, "at_s": at_s, "name": name, "state": state}


def found(source: Source, what: What, rows: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """A part of a final read: key and sha256 of each that is there, as often as it is there."""
    return {"kind": Kind.FOUND, "source": source, "what": what, "rows": list(rows)}


def read_back(source: Source, what: What, began_s: float, ended_s: float, *, complete: bool) -> dict[str, Any]:
    """The end of a final read of one kind. There is one read of each kind from each source."""
    return {
        "kind": Kind.READ_BACK,
        "source": source,
        "what": what,
        "began_s": began_s,
        "ended_s": ended_s,
        "complete": complete,
    }


def end(at_s: float) -> dict[str, Any]:
    """The journal's last record: nothing is missing before it."""
    return {"kind": Kind.END, "at_s": at_s}
