"""Health: alive, ready, and who this worker is."""

import logging
import os
import time
from datetime import UTC, datetime
from threading import Event, Thread

from flask.typing import ResponseReturnValue

from drain import Drain
from errors import Refused
from files import Files
from meters import Meters
from settings import Settings
from storage import Database

LOOK_EVERY_S = 1.0
AWAY_AFTER_S = 5.0  # a look itself may take 4 s


class Health:
    def __init__(self, settings: Settings, database: Database, files: Files, drain: Drain, meters: Meters) -> None:
        self._settings = settings
        self._database = database
        self._files = files
        self._drain = drain
        self._meters = meters
        self._booted = datetime.now(UTC)
        self._store_seen: float | None = None

    def watch(self) -> None:
        """Look for the store from now on, once a second."""
        Thread(target=self._watch, name="watch", daemon=True).start()

    def _watch(self) -> None:
        never = Event()
        while True:
            try:
                self._look()
                self._store_seen = time.monotonic()
            except Refused as away:
                if self._store_seen is None:
                    logging.getLogger("lab").warning("not ready yet, asking again in a second: %s", away)
            never.wait(LOOK_EVERY_S)

    def _look(self) -> None:
        if self._store_seen is None:  # the store may come up after us
            self._database.prepare()
            self._files.prepare()
        else:
            self._database.run("SELECT 1")

    def _store(self) -> str:
        if self._store_seen is None:
            return "not reached yet"
        return "reached" if time.monotonic() - self._store_seen < AWAY_AFTER_S else "away"

    def healthz(self) -> ResponseReturnValue:
        return {"alive": True}

    def readyz(self) -> ResponseReturnValue:
        """200 when traffic may come.

        A later outage of the store is shown and does not make us unready: else all workers would leave the load
        balancer at once, and visitors would get its error instead of our own.
        """
        has_source, is_draining = bool(self._settings.commit), self._drain.is_on()
        ready = has_source and self._store_seen is not None and not is_draining
        if is_draining:
            self._drain.told()
        source = "fetched" if has_source else "missing"
        seen = {"ready": ready, "source": source, "store": self._store(), "draining": is_draining}
        return seen, 200 if ready else 503

    def whoami(self) -> ResponseReturnValue:
        return {
            "worker": self._settings.node,
            "substrate": self._settings.substrate,
            "mode": self._settings.mode,
            "commit": self._settings.commit,
            "kernel": os.uname().release,
            "booted_at": self._booted.isoformat(timespec="milliseconds"),
            "served": self._meters.served,
        }
