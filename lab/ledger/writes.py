"""Writes: what they are called, and what an answer, or none, says about whether they happened."""

import hashlib
import re
from enum import StrEnum

RUN = re.compile(r"[a-z0-9]{1,24}")


class What(StrEnum):
    """What a write leaves behind."""

    ENTRY = "entry"
    FILE = "file"
    LOGIN = "login"


class Outcome(StrEnum):
    """What is known about one attempt: it happened, it certainly did not, or it may still turn up."""

    ACKNOWLEDGED = "acknowledged"
    REFUSED = "refused"
    INDETERMINATE = "indeterminate"


# What the app's contract answers once the write is safe.
DONE = {What.ENTRY: 201, What.FILE: 201, What.LOGIN: 200}
# Said by something on the way that gave up waiting for the request; a part of it may have gone on.
_REQUEST_TIMED_OUT = 408


def key(run: str, visitor: int, number: int) -> str:
    """The name of a write: idempotency key, file name and user name alike. It carries its run and its visitor."""
    return f"{run}-{visitor}-{number}"


def is_of(owner: str, name: str) -> bool:
    """Whether the write `name` is one of a run, `RUN`, or of one of its visitors, `RUN-VISITOR`."""
    return name.startswith(f"{owner}-")


def digest(content: bytes) -> str:
    """The hash by which contents are compared."""
    return hashlib.sha256(content).hexdigest()


def outcome_of_answer(what: What, status: int) -> Outcome:
    """What a whole answer says. Only a 4xx is a certain no: after a 5xx the write may still be there."""
    if status == DONE[what]:
        return Outcome.ACKNOWLEDGED
    return Outcome.REFUSED if 400 <= status < 500 and status != _REQUEST_TIMED_OUT else Outcome.INDETERMINATE


def outcome_of_failure(*, sent: bool) -> Outcome:
    """What a time-out or a cut connection says; `sent` is whether a single byte of the request had left."""
    return Outcome.INDETERMINATE if sent else Outcome.REFUSED
