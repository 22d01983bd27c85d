"""Where entries and sessions are kept: one small interface with two implementations.

postgres.py keeps them in the store, so any worker may die. sqlite.py keeps them on the worker's own disk, so they die
with it. Everything else in this app is the same in both modes.
"""

from collections.abc import Sequence
from importlib import import_module
from typing import Any, Protocol

Rows = Sequence[tuple[Any, ...]]
HOMES = {"stateless": "postgres", "stateful": "sqlite"}


class Database(Protocol):
    def prepare(self) -> None:
        """Connect and make the tables where they are missing. May be called again, also by many workers at once."""

    def run(self, sql: str, *values: object) -> Rows:
        """The rows of one statement, which is committed when this returns. `?` stands for a value.

        It may be sent again after a cut connection, so a statement must do no harm when repeated.
        Raises StoreAway or StoreFull.
        """


def open_database(mode: str, where: str) -> Database:
    """The database of this mode. It connects later, in `prepare`, because connections do not survive a fork."""
    database: Database = import_module(HOMES[mode]).open_database(where)  # only the driver that is needed: faster start
    return database
