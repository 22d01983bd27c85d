"""Writing a journal while a run goes on: a thread of its own appends and flushes, so no sender waits for a disk."""

import os
import threading
import time
from collections.abc import Iterable
from concurrent.futures import Future
from itertools import islice
from pathlib import Path
from queue import SimpleQueue
from types import TracebackType

from lab.ledger import journal, records
from lab.ledger.journal import Record
from lab.ledger.records import Header, Source
from lab.ledger.writes import What
from lab.model.errors import LabError

_PAGE = 1000
_Waiting = tuple[Record, Future[None]]


class Unkept:
    """A journal that keeps nothing: a clock, for visitors whose writes nobody will account for."""

    def __init__(self) -> None:
        self._began = time.monotonic()

    def now_s(self) -> float:
        """Seconds since it was made."""
        return time.monotonic() - self._began

    def append(self, record: Record) -> None:
        """Forgets a record."""
        del record

    def append_durably(self, record: Record) -> "Future[None]":
        """Forgets a record; there is nothing to wait for."""
        del record
        done: Future[None] = Future()
        done.set_result(None)
        return done


class Journal:
    """The open journal of one run, a new file at `path`; use it in a `with`.

    Its clock is the run's: it starts now and never goes back. What is appended within the time of one flush is
    flushed together. Raises LabError where the file is there already or cannot be written.
    """

    def __init__(self, path: Path, header: Header) -> None:
        self._began = time.monotonic()
        self._path = path
        self._chain = journal.START
        self._queue: SimpleQueue[_Waiting | None] = SimpleQueue()
        self._failed: OSError | None = None
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
        except OSError as failed:
            raise self._error(failed) from failed
        self._thread = threading.Thread(target=self._work, name="journal", daemon=True)
        self._thread.start()
        self.append_durably(header.record()).result()

    def append(self, record: Record) -> None:
        """Appends a record soon. Raises LabError where an earlier one could not be written."""
        self.append_durably(record)

    def append_durably(self, record: Record) -> "Future[None]":
        """Appends a record; the result is there once it is on disk, and is a LabError where that failed."""
        if self._failed is not None:
            raise self._error(self._failed)
        flushed: Future[None] = Future()
        self._queue.put((record, flushed))
        return flushed

    def now_s(self) -> float:
        """Seconds since the run's start, to a tenth of a millisecond."""
        return round(time.monotonic() - self._began, 4)

    def final_read(
        self, source: Source, what: What, rows: Iterable[tuple[str, str]], began_s: float, *, complete: bool
    ) -> None:
        """Appends what a final read of one kind found: key and sha256 of each that is there, as often as it is.

        Call it once for each kind and source, with `complete` false where the read did not come to its end.
        """
        left = iter(rows)
        while page := list(islice(left, _PAGE)):
            self.append(records.found(source, what, page))
        self.append(records.read_back(source, what, began_s, self.now_s(), complete=complete))

    def end(self) -> None:
        """Appends the end record: nothing is missing. Call it last, and only when all went as planned."""
        self.append_durably(records.end(self.now_s())).result()

    def close(self) -> None:
        """Flushes what was appended and closes the file. Without `end` before, it is no proof."""
        self._queue.put(None)
        self._thread.join()
        os.close(self._file)

    def __enter__(self) -> "Journal":
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.close()

    def _work(self) -> None:
        goes_on = True
        while goes_on:
            batch = [self._queue.get()]
            while not self._queue.empty():
                batch.append(self._queue.get())
            goes_on = None not in batch
            self._flush([waiting for waiting in batch if waiting is not None])

    def _flush(self, batch: list[_Waiting]) -> None:
        if self._failed is None:
            try:
                self._write(b"".join([self._line(record) for record, _ in batch]))
            except OSError as failed:
                self._failed = failed
        for _, flushed in batch:
            if self._failed is None:
                flushed.set_result(None)
            else:
                flushed.set_exception(self._error(self._failed))

    def _line(self, record: Record) -> bytes:
        line, self._chain = journal.seal(record, self._chain)
        return line

    def _write(self, lines: bytes) -> None:
        left = memoryview(lines)
        while left:
            left = left[os.write(self._file, left) :]
        os.fsync(self._file)

    def _error(self, failed: OSError) -> LabError:
        return LabError(
            f"the journal could not be written: {failed.strerror}",
            where=str(self._path),
            mend="see that its folder is yours to write in and has room; the name of a run is used once",
        )
