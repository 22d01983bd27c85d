"""The store's database: whether it takes sessions, and what its own superuser tells it."""

import struct

from lab.host import network
from lab.host.wait import await_until
from lab.model.deadline import Deadline
from lab.substrates.base import Reach

PORT = 5432
# StartupMessage of protocol 3.0, with the user and the database of the app (PostgreSQL manual, "Message Formats").
_WHO = b"user\0lab\0database\0lab\0\0"
_START = struct.pack("!II", 8 + len(_WHO), 3 << 16) + _WHO
_ASKS_PASSWORD, _REFUSES = b"R", b"E"

_PSQL = (
    *("setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"),
    *("psql", "--quiet", "-h", "/run/postgresql", "-d", "lab", "-v", "ON_ERROR_STOP=1"),
)
_TOLD, _NO_CONNECTION = 0, 2
"""psql's exit status (its manual, "Exit Status")."""


def refusal(address: str, by: Deadline) -> str | None:
    """None for a database that lets the app in; otherwise what it does instead.

    One that starts, recovers or stops accepts connections and answers questions about encryption, but no session: it is
    asked for one, and left at its question for the password, which it puts to those alone whom it lets in.
    """
    answer = network.reply(address, PORT, _START, by)
    kind, fields = answer[:1], answer[5:].split(b"\0")
    if kind == _ASKS_PASSWORD:
        return None
    # Each field of an error begins with a letter for what it is ("Error and Notice Message Fields").
    said = next((field[1:].decode(errors="replace") for field in fields if field[:1] == b"M"), "")
    return f"its database says: {said}" if kind == _REFUSES and said else "no answer from its database"


def ask(store: Reach, question: str, by: Deadline) -> str:
    """What it answers to a question in SQL: a line a row, with | between its columns; `store` is root there.

    Raises LabError where it does not answer, or has no such thing.
    """
    return store.run([*_PSQL, "-At", "-c", question], by).out


def set_password(store: Reach, password: str, by: Deadline) -> None:
    """Makes this the password of the app, once the database lets anybody in; `store` is root there."""
    # Through stdin: everybody can read a command line. And a statement that fails would stand in the store's log.
    told = f"SET log_min_error_statement = panic; ALTER ROLE lab PASSWORD '{password}';\n".encode()

    def probe() -> str | None:
        # A database answers before it has read what it wrote when it was killed, and refuses everybody until then.
        gave = store.run(_PSQL, by, stdin=told, ok={_TOLD: "told", _NO_CONNECTION: "no connection"})
        return gave.err.strip() if gave.status == _NO_CONNECTION else None

    await_until(probe, by, what="the database letting its superuser in", mend="read the log of store-1", every_s=0.2)
