"""A visitor's session: what each step asks of the site, and what its answer says."""

import json
from dataclasses import dataclass, field
from typing import Any

from lab.ledger.plan import Does, Step
from lab.ledger.records import Seen, seen_in_answer
from lab.ledger.writes import Outcome, What, digest, outcome_of_answer
from lab.traffic.connections import Answer

CREATED = 201
_PAGE = 1000
_JSON = {"Content-Type": "application/json"}


@dataclass(frozen=True, slots=True)
class Request:
    """What is sent; the same for each attempt."""

    method: str
    path: str
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Written:
    """A write that was acknowledged, and where it can be read."""

    what: What
    key: str
    path: str


class Session:
    """One visitor: cookies, and what was acknowledged to them, which they may read again.

    `owner` is what the keys of all their writes begin with; `user` is whom they log in as, once they tried.
    """

    def __init__(self, owner: str) -> None:
        self.owner = owner
        self.user = ""
        self.written: list[Written] = []
        self._cookies: dict[str, str] = {}

    def headers(self) -> dict[str, str]:
        """The cookies, as a header."""
        return (
            {"Cookie": "; ".join(f"{name}={value}" for name, value in self._cookies.items())} if self._cookies else {}
        )

    def keep_cookies(self, answer: Answer) -> None:
        """Takes up the cookies that an answer sets, and drops those that it empties."""
        for cookie in answer.cookies:
            name, _, value = cookie.partition(";")[0].partition("=")
            self._cookies[name.strip()] = value.strip()
            if not value.strip():
                del self._cookies[name.strip()]

    def read_target(self, step: Step) -> Written:
        """What a read step looks at: the login, or an earlier write of this visitor."""
        if step.does is Does.READ_SESSION or not self.written:
            return Written(What.LOGIN, self.user, "/me")
        return self.written[int(step.pick * len(self.written))]


def log_in(user: str) -> Request:
    """The request that logs a user in."""
    return Request("POST", "/login", _JSON, json.dumps({"user": user}).encode())


def write_entry(key: str, text: str) -> Request:
    """The request that writes an entry, once however often it is sent."""
    return Request("POST", "/entries", _JSON | {"Idempotency-Key": key}, json.dumps({"text": text}).encode())


def write_file(name: str, content: bytes) -> Request:
    """The request that writes a file."""
    return Request("PUT", f"/files/{name}", {}, content)


def read_entries(after: int) -> Request:
    """The request for the page of entries that follows the entry with this number."""
    return Request("GET", f"/entries?after={after}&limit={_PAGE}")


def ask_work(cpu_ms: int) -> Request:
    """The request for work that burns so much of a worker's CPU."""
    return Request("GET", f"/work?cpu_ms={cpu_ms}")


def write_request(step: Step) -> Request:
    """The request of a step that writes."""
    if step.does is Does.WRITE_FILE:
        return write_file(step.key, step.content)
    if step.does is Does.WRITE_ENTRY:
        return write_entry(step.key, step.content.decode())
    return log_in(step.key)


def judge_write(step: Step, what: What, answer: Answer) -> tuple[Outcome, bool, str]:
    """The outcome, whether the answer speaks of something else than was sent, and where the write can be read."""
    outcome = outcome_of_answer(what, answer.status)
    if outcome is not Outcome.ACKNOWLEDGED:
        return outcome, False, ""
    told = _object(answer.body)
    if what is What.LOGIN:
        return outcome, told.get("user") != step.key, "/me"
    if what is What.FILE:
        wanted = {"name": step.key, "size": len(step.content), "sha256": digest(step.content)}
        return outcome, not _says(told, wanted), f"/files/{step.key}"
    wanted = {"key": step.key, "text": step.content.decode()}
    return outcome, not _says(told, wanted), f"/entries/{told.get('id')}"


def judge_read(what: What, answer: Answer) -> tuple[Seen, str]:
    """What a read saw, with the hash of what it saw."""
    seen = seen_in_answer(what, answer.status)
    return seen, digest(_content(what, answer.body)) if seen is Seen.FOUND else ""


def _content(what: What, body: bytes) -> bytes:
    if what is What.FILE:
        return body
    return str(_object(body).get("user" if what is What.LOGIN else "text")).encode()


def _says(told: dict[str, Any], wanted: dict[str, Any]) -> bool:
    return all(told.get(name) == value for name, value in wanted.items())


def _object(body: bytes) -> dict[str, Any]:
    """The JSON object that an answer holds; an empty one where it holds none."""
    try:
        told = json.loads(body)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}
