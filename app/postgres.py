"""Stateless: entries and sessions in the store's PostgreSQL, shared by all workers."""

import time
from collections.abc import Generator
from queue import Empty, LifoQueue
from typing import Any

import psycopg
from psycopg import waiting

from errors import StoreAway, StoreFull
from storage import Rows

ANSWER_WITHIN_S = 3
CONNECTIONS = 4  # of one worker: the store allows 440, so that 100 workers and some that are just replaced have theirs

# The lock makes workers that start at the same moment wait for each other: two CREATE TABLE IF NOT EXISTS at once can
# fail. Statements sent as one text are one transaction, so the lock ends with it.
TABLES = """
SELECT pg_advisory_xact_lock(20250701);
CREATE TABLE IF NOT EXISTS entries (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, key text NOT NULL UNIQUE, text text NOT NULL);
CREATE TABLE IF NOT EXISTS sessions (token_hash text PRIMARY KEY, user_name text NOT NULL);
"""

# A store that vanishes sends nothing, not even "connection refused": these make the kernel give up on it.
VANISHED: dict[str, Any] = {
    "connect_timeout": ANSWER_WITHIN_S,
    "tcp_user_timeout": ANSWER_WITHIN_S * 1000,
    "keepalives_idle": 1,
    "keepalives_interval": 1,
    "keepalives_count": ANSWER_WITHIN_S,
    "options": f"-c statement_timeout={ANSWER_WITHIN_S * 1000}",
}


class Connection(psycopg.Connection[tuple[Any, ...]]):
    """A connection on which no wait is endless: a store that is frozen (paused) must not hold our threads for ever."""

    def wait(self, gen: Any, *_args: Any, **_kwargs: Any) -> Any:
        # psycopg's wait in C would not look at the clock while nothing arrives; this one does, 10 times a second
        bounded = self._bounded(gen, time.monotonic() + ANSWER_WITHIN_S + 1)
        return waiting.wait_selector(bounded, self.pgconn.socket, interval=0.1)

    def _bounded(self, gen: Any, by: float) -> Generator[Any, Any, Any]:
        try:
            wanted = next(gen)
            while True:
                ready = yield wanted  # false while nothing arrives
                if not ready and time.monotonic() > by:
                    self.close()
                    raise psycopg.OperationalError("no answer in time")
                wanted = gen.send(ready)
        except StopIteration as done:
            return done.value


class Postgres:
    def __init__(self, url: str) -> None:
        self._url = url
        # Connections that are free, the last used on top; None is room for one. Simpler than a pool with threads of
        # its own, and it tells at once that the store refuses, where such a pool would try on for the whole time-out.
        self._free: LifoQueue[Connection | None] = LifoQueue()
        for _ in range(CONNECTIONS):
            self._free.put(None)

    def prepare(self) -> None:
        self._send(TABLES)

    def run(self, sql: str, *values: object) -> Rows:
        return self._send(sql.replace("?", "%s"), values)

    def _send(self, sql: str, values: tuple[object, ...] | None = None) -> Rows:
        by = time.monotonic() + ANSWER_WITHIN_S
        while True:
            kept = connection = self._take()
            try:
                connection = kept or self._connect()
                found = connection.execute(sql, values)
                return found.fetchall() if found.description else []
            except psycopg.errors.DiskFull as full:
                raise StoreFull(_words(full)) from full
            except psycopg.OperationalError as away:
                # The connections we kept are dead after a restart of the store: try another, while there is time.
                if not (kept and kept.closed and time.monotonic() < by):
                    raise StoreAway(_words(away)) from away
            finally:
                self._free.put(None if connection is None or connection.closed else connection)

    def _take(self) -> Connection | None:
        try:
            return self._free.get(timeout=ANSWER_WITHIN_S)
        except Empty as busy:
            raise StoreAway("all connections to it are busy") from busy

    def _connect(self) -> Connection:
        # autocommit: each statement is a transaction, and PostgreSQL answers after its COMMIT is on disk
        return Connection.connect(self._url, autocommit=True, **VANISHED)


def _words(error: Exception) -> str:
    return str(error).strip().partition("\n")[0] or type(error).__name__


def open_database(url: str) -> Postgres:
    return Postgres(url)
