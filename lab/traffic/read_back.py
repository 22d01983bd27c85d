"""The final read as users get it: everything, through the load balancer, into the journal."""

import asyncio
import json
from typing import Any

from lab.ledger.records import MISSING, OK, UNAUTHORISED, Source
from lab.ledger.writer import Journal
from lab.ledger.writes import What, digest, is_of
from lab.model.deadline import Deadline
from lab.model.node import Mode
from lab.traffic.connections import Answer, Connections, NoAnswer
from lab.traffic.session import Session, read_entries

_AT_ONCE = 8
_ANSWER_S = 10.0
_PAUSE_S = 0.2
Rows = list[tuple[str, str]]


class _Unread(Exception):
    """The deadline was over before all was read."""


def read_back(url: str, mode: str, sessions: list[Session], journal: Journal, by: Deadline) -> None:
    """Reads entries, files and logins through the load balancer; notes for each kind whether it came to the end.

    Call it once, after all faults are healed. In stateful mode each visitor is asked for what is theirs, since no
    other's worker has it; otherwise one is asked for all.
    """
    asyncio.run(_read_all(url, mode, sessions, journal, by))


async def _read_all(url: str, mode: str, sessions: list[Session], journal: Journal, by: Deadline) -> None:
    reader = _Reader(url, by)
    askers = sessions if mode == Mode.STATEFUL else sessions[:1]
    for what, read in ((What.LOGIN, reader.logins), (What.ENTRY, reader.entries), (What.FILE, reader.files)):
        began_s = journal.now_s()
        rows: Rows = []
        try:
            await read(sessions if what is What.LOGIN else askers, mode == Mode.STATEFUL, rows)
        except (_Unread, ValueError, KeyError, TypeError, AttributeError):  # the last four: not as the contract has it
            journal.final_read(Source.BALANCER, what, rows, began_s, complete=False)
        else:
            journal.final_read(Source.BALANCER, what, rows, began_s, complete=True)
    reader.close()


class _Reader:
    """Reads until the deadline is over, repeating what got no answer. What is not there is not repeated."""

    def __init__(self, url: str, by: Deadline) -> None:
        self._site, self._by = Connections(url), by
        self._at_once = asyncio.Semaphore(_AT_ONCE)
        self.close = self._site.close

    async def logins(self, sessions: list[Session], _own: bool, rows: Rows) -> None:
        for session in sessions:
            answer = await self._get("/me", session, UNAUTHORISED)
            if answer is not None:
                user = str(json.loads(answer.body)["user"])
                rows.append((session.user, digest(user.encode())))

    async def entries(self, sessions: list[Session], own: bool, rows: Rows) -> None:
        for session in sessions:
            after: int | None = 0
            while after is not None:
                page = await self._object(read_entries(after).path, session)
                found = [(_text(entry["key"]), digest(entry["text"].encode())) for entry in page["entries"]]
                rows += [row for row in found if _counts(row[0], session, own)]
                after = page["next"]

    async def files(self, sessions: list[Session], own: bool, rows: Rows) -> None:
        """Whose list it is in, and then, for the run's own, the very bytes."""
        for session in sessions:
            listed = (await self._object("/files", session))["files"]
            told = [(_text(file["name"]), _text(file["sha256"])) for file in listed]
            seen = [row for row in told if _counts(row[0], session, own)]
            run = session.owner.partition("-")[0]
            rows += [row for row in seen if not is_of(run, row[0])]
            ours = [name for name, _ in seen if is_of(run, name)]
            rows += [row for row in await asyncio.gather(*(self._file(name, session) for name in ours)) if row]

    async def _file(self, name: str, session: Session) -> tuple[str, str] | None:
        async with self._at_once:
            answer = await self._get(f"/files/{name}", session, MISSING)
        return (name, digest(answer.body)) if answer else None

    async def _object(self, path: str, session: Session) -> dict[str, Any]:
        answer = await self._get(path, session, None)
        told: dict[str, Any] = json.loads(answer.body) if answer else {}
        return told

    async def _get(self, path: str, session: Session, gone: int | None) -> Answer | None:
        """A whole answer, or None where it says that there is no such thing."""
        while not self._by.is_over():
            try:
                answer = await self._site.ask("GET", path, session.headers(), b"", min(_ANSWER_S, self._by.left()))
            except NoAnswer:
                answer = None
            if answer is not None and answer.status == OK:
                return answer
            if answer is not None and answer.status == gone:
                return None
            await asyncio.sleep(_PAUSE_S)
        raise _Unread


def _text(told: object) -> str:
    """What was told, which has to be a text. Raises TypeError where it is none."""
    if not isinstance(told, str):
        raise TypeError(f"{told!r} is no text")
    return told


def _counts(name: str, session: Session, own: bool) -> bool:
    """Whether a name in this session's list is this session's to tell: others' visitors tell theirs themselves."""
    return not own or is_of(session.owner, name) or not is_of(session.owner.partition("-")[0], name)
