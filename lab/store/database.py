"""The store's database, told something by its own superuser."""

from lab.model.deadline import Deadline
from lab.substrates.base import Reach

_PSQL = (
    *("setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"),
    *("psql", "--quiet", "-h", "/run/postgresql", "-d", "lab", "-v", "ON_ERROR_STOP=1"),
)


def set_password(store: Reach, password: str, by: Deadline) -> None:
    """Makes this the password of the app; `store` is root there."""
    # Through stdin: everybody can read a command line. And a statement that fails would stand in the store's log.
    told = f"SET log_min_error_statement = panic; ALTER ROLE lab PASSWORD '{password}';\n"
    store.run(_PSQL, by, stdin=told.encode())
