"""Stateful: entries and sessions in SQLite on this worker's own disk. They die with it."""

import sqlite3
from pathlib import Path
from threading import Lock

from errors import StoreAway, StoreFull
from storage import Rows

TABLES = """
PRAGMA synchronous = FULL;
CREATE TABLE IF NOT EXISTS entries (
    id INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL UNIQUE, text TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS sessions (token_hash TEXT PRIMARY KEY, user_name TEXT NOT NULL);
"""


class Sqlite:
    def __init__(self, path: str) -> None:
        self._path = path
        self._connection: sqlite3.Connection | None = None
        self._one_at_a_time = Lock()

    def prepare(self) -> None:
        try:
            Path(self._path).parent.mkdir(parents=True, exist_ok=True)
            # isolation_level None: each statement is a transaction, on disk when it returns
            connection = sqlite3.connect(self._path, timeout=3, isolation_level=None, check_same_thread=False)
            connection.executescript(TABLES)
        except (OSError, sqlite3.OperationalError) as away:
            raise StoreAway(str(away)) from away
        self._connection = connection

    def run(self, sql: str, *values: object) -> Rows:
        if self._connection is None:
            raise StoreAway("it was not reached yet")
        try:
            with self._one_at_a_time:
                return self._connection.execute(sql, values).fetchall()
        except sqlite3.OperationalError as failed:
            if failed.sqlite_errorcode == sqlite3.SQLITE_FULL:
                raise StoreFull(str(failed)) from failed
            raise StoreAway(str(failed)) from failed


def open_database(path: str) -> Sqlite:
    return Sqlite(path)
