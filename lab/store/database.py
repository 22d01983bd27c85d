"""The store's database, told or asked something by its own superuser."""

from lab.host.wait import await_until
from lab.model.deadline import Deadline
from lab.substrates.base import Reach

_PSQL = (
    *("setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"),
    *("psql", "--quiet", "-h", "/run/postgresql", "-d", "lab", "-v", "ON_ERROR_STOP=1"),
)
_TOLD, _NO_CONNECTION = 0, 2
"""psql's exit status (its manual, "Exit Status")."""


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
