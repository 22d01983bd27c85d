"""Open-loop traffic: each request goes out when it is due, however slow the answers are, and is journalled."""

import asyncio
import gc
import resource
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from typing import Protocol

from lab.ledger import records
from lab.ledger.journal import Record
from lab.ledger.plan import Plan, Step
from lab.ledger.records import Intent
from lab.ledger.writes import digest
from lab.traffic.notes import Ended, Notes, Tally, Waiting
from lab.traffic.session import Session
from lab.traffic.visits import Patience, Visits

WINDOW_S = 0.1
"""Intents of so much time are flushed together."""

_LEAD_S = 0.5  # so long before the first of them is due: a busy disk may take its time


class Book(Protocol):
    """What visitors need of a journal: its clock, and that it takes what they tell."""

    def now_s(self) -> float:
        """Seconds since the run's start."""

    def append(self, record: Record) -> None:
        """Takes a record, and keeps it soon."""

    def append_durably(self, record: Record) -> "Future[None]":
        """Takes a record; the result is there once it is kept."""


class Traffic:
    """The visitors of one run, in a thread of their own. Use it in a `with`: at its end they give up what is left.

    What happens is in the journal, and nowhere else; `hear` is told of each request that ends, in that thread.
    `sessions` are the visitors, for the final read; `url` is the load balancer's address, which is `sticky` if it leads
    a visitor to the same worker each time.
    """

    def __init__(
        self,
        url: str,
        plan: Plan,
        journal: Book,
        patience: Patience | None = None,
        hear: Callable[[Ended], None] = lambda _: None,
        *,
        sticky: bool = False,
    ) -> None:
        self.sessions = [Session(f"{plan.run}-{number}") for number in range(plan.visitors)]
        self.notes = Notes(hear)
        self._url, self._plan, self._journal, self._patience = url, plan, journal, patience or Patience()
        self._is_sticky = sticky
        self._stop, self._give_up = threading.Event(), threading.Event()
        self._failed: BaseException | None = None
        self._thread = threading.Thread(target=self._work, name="traffic", daemon=True)

    def __enter__(self) -> "Traffic":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._give_up.set()
        self._thread.join()

    def stop(self) -> None:
        """Ends the run early: nothing more is begun. What was is still awaited and, where in doubt, repeated."""
        self._stop.set()

    def is_going(self) -> bool:
        """Whether visitors still send or wait."""
        return self._thread.is_alive()

    def join(self) -> None:
        """Returns once each request has ended and was given to the journal. Raises what ended the run instead."""
        self._thread.join()
        if self._failed is not None:
            raise self._failed

    def tally(self) -> Tally:
        """How far it is."""
        return self.notes.tally()

    def unanswered(self, for_s: float) -> frozenset[Waiting]:
        """The writes of which an attempt has had no answer for so long."""
        now_s = self._journal.now_s()
        return frozenset(write for write in self.notes.waiting() if now_s - write.sent_s >= for_s)

    def _work(self) -> None:
        _make_room()
        try:
            asyncio.run(self._run())
        except BaseException as failed:  # noqa: BLE001 - join() raises it, in the thread of whoever started this one
            self._failed = failed

    async def _run(self) -> None:
        visits = Visits(
            self._url,
            self.sessions,
            self.notes,
            self._patience,
            self._journal.now_s,
            self._give_up.is_set,
            sticky=self._is_sticky,
        )
        try:
            async with asyncio.TaskGroup() as tasks:
                begun = await self._begin_all(visits, tasks)
                while self.notes.ended < begun:
                    await asyncio.sleep(WINDOW_S)
                    self._flush()
            self._flush()
        except BaseExceptionGroup as several:
            raise several.exceptions[0] from several
        finally:
            visits.close()

    async def _begin_all(self, visits: Visits, tasks: asyncio.TaskGroup) -> int:
        """Has each step begun when it is due; gives how many there are, once the last is due."""
        start_s, begun, number = self._journal.now_s() + _LEAD_S, 0, 0
        for number, window in enumerate(_windows(self._plan)):
            await asyncio.sleep(start_s + number * WINDOW_S - _LEAD_S - self._journal.now_s())
            if self._stop.is_set():
                break
            self._flush()
            due = [(round(start_s + step.due_s, 4), step) for step in window]
            tasks.create_task(self._begin(visits, tasks, due, self._announce(due)))
            begun += len(window)
        await asyncio.sleep(start_s + (number + 1) * WINDOW_S - self._journal.now_s())
        return begun

    def _announce(self, due: list[tuple[float, Step]]) -> "Future[None]":
        """Appends the intents of a window to the journal; the result is there once they are on disk."""
        rows = [
            Intent(what, step.key, due_s, digest(step.content)) for due_s, step in due if (what := step.does.writes)
        ]
        return self._journal.append_durably(records.intents(rows))

    async def _begin(
        self, visits: Visits, tasks: asyncio.TaskGroup, due: list[tuple[float, Step]], announced: "Future[None]"
    ) -> None:
        await asyncio.wrap_future(announced)
        for due_s, step in due:
            await asyncio.sleep(due_s - self._journal.now_s())
            tasks.create_task(visits.take(step, due_s))

    def _flush(self) -> None:
        for record in self.notes.drain():
            self._journal.append(record)


def _windows(plan: Plan) -> Iterator[list[Step]]:
    """The plan's steps, those of each WINDOW_S together; a window without one is empty."""
    steps, number = plan.steps(), 0
    step = next(steps, None)
    while step is not None:
        window: list[Step] = []
        number += 1
        while step is not None and step.due_s < number * WINDOW_S:
            window.append(step)
            step = next(steps, None)
        yield window


def _make_room() -> None:
    """Room for a connection for each request in flight, and no long pauses of our own making."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    gc.freeze()
