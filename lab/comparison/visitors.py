"""Visitors who come for as long as something is done to a lab, and how many workers serve them meanwhile."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Event, Thread

from lab.flows import prove
from lab.flows.deployment import Deployment
from lab.flows.prove import Progress
from lab.host.wait import await_until
from lab.ledger.audit import Account
from lab.ledger.files import audit_file
from lab.ledger.plan import LONGEST_S, Plan
from lab.model.deadline import Deadline
from lab.model.errors import LabError

LOOK_EVERY_S = 0.2
_SEED = 1
_BEGIN_S = 120.0


@dataclass
class Visit:
    """The visitors: how many requests were begun, and how many failed, so far; whether they have gone, as asked or not;
    in the end what became of each write."""

    requests: int = 0
    failures: int = 0
    account: Account | None = None
    has_ended: bool = False

    def hear(self, progress: Progress) -> None:
        """Takes up how far the visitors are."""
        self.requests, self.failures = progress.tally.begun, progress.tally.failures

    def end(self, _run: object) -> None:
        """Takes up that the visitors have gone."""
        self.has_ended = True

    @property
    def told(self) -> Account:
        """The account of visitors who have gone."""
        if self.account is None:
            raise LabError("the visitors are still there", where="the benchmark", mend="ask after the block")
        return self.account


@contextmanager
def visiting(lab: Deployment, rate: float, by: Deadline) -> Iterator[Visit]:
    """Has visitors come at this rate (requests a second) for as long as the block lasts, and then reads back all that
    they wrote. They are there when the block begins."""
    visit, over = Visit(), Event()
    plan = Plan(prove.new_run(), _SEED, rate, LONGEST_S)

    def follow() -> Account:
        return audit_file(prove.follow(lab, plan, lambda _: None, visit.hear, lambda _: None, by, over.is_set))

    def probe() -> str | None:
        return None if visit.requests or run.done() else "no request yet"

    with ThreadPoolExecutor(1) as beside:
        run = beside.submit(follow)
        run.add_done_callback(visit.end)
        try:
            begun = by.at_most(_BEGIN_S, f"{_BEGIN_S:g} s for the first request")
            await_until(probe, begun, what="the first visitor", mend="read `lab status`")
            yield visit
        finally:
            over.set()
            visit.account = run.result()


@dataclass
class Ready:
    """How many workers the load balancer had in service at least, in how many looks; `missed` more had no answer."""

    fewest: int | None = None
    looks: int = 0
    missed: int = 0

    def see(self, serving: int | None) -> None:
        """Takes up one look; None where there was no answer."""
        if serving is None:
            self.missed += 1
            return
        self.looks += 1
        self.fewest = serving if self.fewest is None else min(self.fewest, serving)


@contextmanager
def watching(lab: Deployment, by: Deadline) -> Iterator[Ready]:
    """Looks at the load balancer five times a second for as long as the block lasts."""
    ready, over, balancer = Ready(), Event(), lab.loadbalancer()

    def watch() -> None:
        due_s = time.monotonic()
        while not over.wait(max(0.0, due_s - time.monotonic())):
            due_s = max(due_s + LOOK_EVERY_S, time.monotonic())
            servers = balancer.servers(by)
            ready.see(None if servers is None else sum(server.is_serving for server in servers))

    thread = Thread(target=watch, name="watching", daemon=True)
    thread.start()
    try:
        yield ready
    finally:
        over.set()
        thread.join()
