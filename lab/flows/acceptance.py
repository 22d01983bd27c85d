"""What a new worker has to answer, at its own address, before it gets traffic: each real call once, and read back."""

import asyncio
import secrets
from collections.abc import Collection, Iterator
from contextlib import suppress

from lab.ledger import writes
from lab.ledger.plan import Does, Step
from lab.ledger.records import OK, Seen
from lab.ledger.writes import Outcome, What, digest
from lab.model.deadline import Deadline
from lab.model.node import NodeName
from lab.traffic.connections import Answer, Connections, NoAnswer
from lab.traffic.session import Request, Session, Written, judge_read, judge_write, write_request

_ANSWER_S = 10.0
"""As long as a visitor of the proof waits; an emulated machine's first login takes seconds."""

_GONE = 204


class _Refused(Exception):
    """An answer was not as it has to be."""


class _Slow(_Refused):
    """It did not come in time."""


def refusal(url: str, name: NodeName, commits: Collection[str], by: Deadline) -> str | None:
    """None for a worker that answers as the app has to, and runs one of these commits; otherwise what it did instead.

    It writes an entry, a file and a login, reads each back, removes the file and logs out. The entry stays, for the app
    cannot remove one; its text says whence it came.
    """
    return asyncio.run(_refusal(url, name, commits, by))


async def _refusal(url: str, name: NodeName, commits: Collection[str], by: Deadline) -> str | None:
    worker = _Worker(url, name, commits, by)
    try:
        await worker.answer_all()
    except _Refused as refused:
        return str(refused)
    finally:
        worker.close()
    return None


class _Worker:
    """A worker that nobody uses yet, asked as one visitor asks."""

    def __init__(self, url: str, name: NodeName, commits: Collection[str], by: Deadline) -> None:
        self._site, self._session, self._by = Connections(url), Session("check"), by
        self._name, self._commits = str(name), commits

    def close(self) -> None:
        self._site.close()

    async def answer_all(self) -> None:
        """Returns once each call was answered as it has to be; raises _Refused for the first that was not."""
        await self._identity()
        for what, step in _steps(self._name):
            written = await self._write(step, what)
            await self._read_back(step, written)
        # What can be taken away again is: the next worker's check brings its own.
        await self._expect(Request("DELETE", f"/files/{self._key(What.FILE)}"), _GONE)
        await self._expect(Request("POST", "/logout"), _GONE)
        await self._page()

    def _key(self, what: What) -> str:
        return next(written.key for written in self._session.written if written.what is what)

    async def _page(self) -> None:
        # It lists the files, and how many there are is not the version's doing. So one that is slow, and only that, is
        # let pass; it is asked for last, and takes no other call's time.
        with suppress(_Slow):
            await self._expect(Request("GET", "/"), OK)

    async def _identity(self) -> None:
        request = Request("GET", "/whoami")
        answer = await self._expect(request, OK)
        who, commit = answer.headers.get("x-worker", ""), answer.headers.get("x-commit", "")
        if who != self._name:
            raise _Refused(f"{_words(request)} was answered in the name of {who or 'nobody'}")
        if commit not in self._commits:
            raise _Refused(f"{_words(request)} was answered by commit {commit or 'of no name'}, not by the newest one")

    async def _write(self, step: Step, what: What) -> Written:
        request = write_request(step)
        answer = await self._ask(request)
        outcome, altered, path = judge_write(step, what, answer)
        if outcome is not Outcome.ACKNOWLEDGED:
            raise _Refused(_said(request, answer))
        if altered:
            raise _Refused(f"{_words(request)} was acknowledged with another content than was sent")
        written = Written(what, step.key, path)
        self._session.written.append(written)
        return written

    async def _read_back(self, step: Step, written: Written) -> None:
        request = Request("GET", written.path)
        answer = await self._ask(request)
        seen, sha = judge_read(written.what, answer)
        if seen is not Seen.FOUND:
            raise _Refused(f"{_said(request, answer)}, right after the {written.what} was written")
        if sha != digest(step.content):
            raise _Refused(f"{_words(request)} gave another content than was written")

    async def _expect(self, request: Request, status: int) -> Answer:
        answer = await self._ask(request)
        if answer.status != status:
            raise _Refused(_said(request, answer))
        return answer

    async def _ask(self, request: Request) -> Answer:
        headers, within_s = request.headers | self._session.headers(), min(_ANSWER_S, self._by.left())
        try:
            answer = await self._site.ask(request.method, request.path, headers, request.body, within_s)
        except NoAnswer as none:
            refused = _Slow if isinstance(none.__cause__, TimeoutError) else _Refused
            raise refused(f"{_words(request)} got no answer: {none.failure}") from none
        self._session.keep_cookies(answer)
        return answer


def _steps(name: str) -> Iterator[tuple[What, Step]]:
    """One write of each kind, the login first. No run is called so, so no proof takes them for its own."""
    owner = f"check-{secrets.token_hex(6)}"
    for number, what in enumerate((What.LOGIN, What.ENTRY, What.FILE)):
        key = writes.key(owner, 0, number)
        content = key if what is What.LOGIN else f"{name}, before its first visitor: can it write and read?"
        yield what, Step(0.0, 0, Does(what), key, content.encode(), 0.0)


def _words(request: Request) -> str:
    return f"{request.method} {request.path}"


def _said(request: Request, answer: Answer) -> str:
    text = " ".join(answer.body.decode(errors="replace").split())[:120]
    return f"{_words(request)} said {answer.status}: {text}"
