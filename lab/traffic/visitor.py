"""One visitor: writes through the load balancer, keeps a note of each acknowledged write, and reads everything back."""

import secrets
from dataclasses import dataclass, field

import requests
from requests.adapters import HTTPAdapter

from lab.ledger.records import MISSING, OK, UNAUTHORISED
from lab.ledger.writes import digest
from lab.model.errors import LabError
from lab.traffic import session
from lab.traffic.session import CREATED, Request

_TIMEOUT_S = 30


@dataclass
class Notes:
    """What was acknowledged: entries by key, files by name with their hash, and the login."""

    entries: dict[str, str] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    user: str | None = None

    def count(self) -> int:
        """How many writes were acknowledged."""
        return len(self.entries) + len(self.files) + (self.user is not None)


class Visitor:
    """A visitor of the site at `url`. Its keys and names are its own, so others' data is never mistaken for it."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._tag = secrets.token_hex(4)
        self._session = requests.Session()
        self._session.trust_env = False
        # A connection kept open may lead to a load balancer that is gone: what may be repeated is sent once more.
        self._session.mount("http://", HTTPAdapter(max_retries=1))
        self.notes = Notes()

    def log_in(self) -> str:
        """Logs in; gives the name of the worker that did it."""
        answer = self._ask(session.log_in(f"visitor-{self._tag}"), OK)
        self.notes.user = answer.json()["user"]
        return answer.headers["X-Worker"]

    def write_entry(self, text: str) -> str:
        """Writes an entry; gives the name of the worker that acknowledged it."""
        key = f"{self._tag}-{len(self.notes.entries)}"
        answer = self._ask(session.write_entry(key, text), CREATED)
        self.notes.entries[key] = text
        return str(answer.json()["worker"])

    def write_file(self, content: bytes) -> str:
        """Writes a file; gives the name of the worker that acknowledged it."""
        name = f"{self._tag}-{len(self.notes.files)}.txt"
        answer = self._ask(session.write_file(name, content), CREATED)
        self.notes.files[name] = digest(content)
        return str(answer.json()["worker"])

    def missing(self) -> list[str]:
        """What was acknowledged and is not there any more, in words; empty when nothing is lost.

        Raises LabError where the site does not tell: what could not be read back is not known to be lost.
        """
        there = self._entries()
        gone = [f"entry {key}" for key, text in self.notes.entries.items() if there.get(key) != text]
        for name, sha256 in self.notes.files.items():
            answer = self._ask(Request("GET", f"/files/{name}"), OK, MISSING)
            if answer.status_code == MISSING or digest(answer.content) != sha256:
                gone.append(f"file {name}")
        if self.notes.user is not None:
            answer = self._ask(Request("GET", "/me"), OK, UNAUTHORISED)
            gone += [f"the login of {self.notes.user}"] if answer.status_code == UNAUTHORISED else []
        return gone

    def _entries(self) -> dict[str, str]:
        found: dict[str, str] = {}
        after: int | None = 0
        while after is not None:
            page = self._ask(session.read_entries(after), OK).json()
            found |= {entry["key"]: entry["text"] for entry in page["entries"]}
            after = page["next"]
        return found

    def _ask(self, asked: Request, *wanted: int) -> requests.Response:
        what = f"{asked.method} {asked.path}"
        try:
            answer = self._session.request(
                asked.method, f"{self._url}{asked.path}", headers=asked.headers, data=asked.body, timeout=_TIMEOUT_S
            )
        except requests.RequestException as error:
            raise self._refusal(f"{what} got no answer: {error}") from error
        if answer.status_code not in wanted:
            raise self._refusal(f"{what} said {answer.status_code}, not {wanted[0]}: {answer.text[:200]}")
        return answer

    def _refusal(self, message: str) -> LabError:
        return LabError(message, where=self._url, mend="read `lab status` and the logs of its nodes")
