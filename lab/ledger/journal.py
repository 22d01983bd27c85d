"""The journal's form: a JSON object a line, each with a hash over itself and the line before.

The chain finds what was damaged or put together by mistake. It is no signature: who rewrites all of it can.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import orjson

from lab.ledger.records import FORMAT, Kind
from lab.model.errors import UsageError

Record = Mapping[str, Any]
START = hashlib.sha256(b"lab journal, format 1").hexdigest()
_KINDS = tuple(Kind)
_MARK = b',"chain":"'
_TAIL = len(_MARK) + len(START) + len(b'"}\n')


class Impossible(Exception):
    """A record that contradicts an earlier one, or itself."""


def seal(record: Record, before: str) -> tuple[bytes, str]:
    """The line of a record that follows a line with the hash `before` (START for the first), and its own hash."""
    body = json.dumps(record, separators=(",", ":")).encode()
    chain = _hash(before, body)
    return body[:-1] + _MARK + chain.encode() + b'"}\n', chain


def read(lines: Iterable[bytes], name: str, run: str | None = None) -> Iterator[Record]:
    """The records of the journal that is called `name`; `run` is whose it has to be.

    A last line that is not whole is left out: without its end record the journal is no proof of anything. Raises
    UsageError, with the line's number, for damage anywhere else, also after the end, and for another run's journal.
    """
    before, ended = START, False
    for number, line in enumerate(lines, 1):
        if ended:
            raise broken(name, number, "a line follows the end record")
        if not line.endswith(b"\n"):
            return
        body, chain = line[:-_TAIL] + b"}", line[-_TAIL:]
        before = _hash(before, body)
        if chain != _MARK + before.encode() + b'"}\n':
            raise broken(name, number, "the line or its chain is broken")
        record = _object(body, name, number)
        if number == 1:
            _check_header(record, name, run)
        ended = record["kind"] == Kind.END
        yield record


def broken(name: str, number: int, what: str) -> UsageError:
    """The error for a line that is not as a run wrote it."""
    return UsageError(
        f"the journal is broken: {what}",
        where=f"{name}, line {number}",
        mend="take an undamaged copy of the journal, or make the run again",
    )


def _hash(before: str, body: bytes) -> str:
    return hashlib.sha256(before.encode() + body).hexdigest()


def _object(body: bytes, name: str, number: int) -> Record:
    try:
        record = orjson.loads(body)
    except orjson.JSONDecodeError as wrong:
        raise broken(name, number, "the line is no JSON") from wrong
    if not isinstance(record, dict) or record.get("kind") not in _KINDS:
        raise broken(name, number, "the line is no record of a run")
    return record


def _check_header(header: Record, name: str, run: str | None) -> None:
    if header["kind"] != Kind.RUN:
        raise broken(name, 1, "it does not begin with the record of its run")
    if header.get("format") != FORMAT:
        raise UsageError(
            f"the journal is of format {header.get('format')}, and this kit reads format {FORMAT}",
            where=f"{name}, line 1",
            mend="audit it with the kit that wrote it",
        )
    if run is not None and header.get("run") != run:
        raise UsageError(
            f"this is the journal of run {header.get('run')}, not of {run}",
            where=f"{name}, line 1",
            mend="name the run that the journal belongs to; `lab prove list` shows them",
        )
