"""Visitors at a real site in a process of its own: open loop, sessions, repeats, and what the ledger makes of it."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from lab.host.wait import await_until
from lab.ledger import journal as journals
from lab.ledger import report
from lab.ledger.audit import Account
from lab.ledger.files import audit_file
from lab.ledger.journal import Record
from lab.ledger.pace import Pace
from lab.ledger.plan import Plan
from lab.ledger.records import Attempt, Header, Kind
from lab.ledger.writer import Journal, Unkept
from lab.ledger.writes import Outcome, What, digest
from lab.model.deadline import Deadline
from lab.model.errors import LabError
from lab.traffic import run
from lab.traffic.notes import Ended, Went
from lab.traffic.run import Traffic
from lab.traffic.visits import Patience
from tests.unit.traffic.test_visitor import served

REPO = Path(__file__).resolve().parents[3]


@contextmanager
def responder() -> Iterator[tuple[str, int]]:
    """Address and process id of a trivial site."""
    command = [sys.executable, str(REPO / "benchmarks" / "responder.py")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip(), process.pid
        finally:
            process.kill()


def header(plan: Plan) -> Header:
    return Header(plan.run, "lab", "one", "stateless", None, plan.seed, plan.rate, plan.duration_s, time.time())


def attempts(path: Path) -> list[Attempt]:
    with path.open("rb") as lines:
        told = [record["rows"] for record in journals.read(lines, "j") if record["kind"] == Kind.ATTEMPTS]
    return [Attempt(*row)._replace(outcome=Outcome(row[1])) for rows in told for row in rows]


def await_ended(traffic: Traffic, count: int) -> None:
    def probe() -> str | None:
        ended = traffic.tally().ended
        return None if ended >= count else f"{ended} have ended"

    await_until(probe, Deadline.after(30, "visits"), what=f"the end of {count} requests", mend="read the journal")


def test_a_frozen_server_shows_in_the_latency_of_all_that_was_due_meanwhile(tmp_path: Path) -> None:
    plan, path = Plan("r1", 1, rate=50, duration_s=10), tmp_path / "j.jsonl"
    at: list[float] = []

    def send(pid: int, number: signal.Signals) -> None:
        os.kill(pid, number)
        at.append(time.monotonic())

    with responder() as (url, pid), Journal(path, header(plan)) as journal:
        freeze = threading.Timer(run._LEAD_S + 2, send, (pid, signal.SIGSTOP))
        thaw = threading.Timer(run._LEAD_S + 8, send, (pid, signal.SIGCONT))
        with Traffic(url, plan, journal) as traffic:
            freeze.start()
            thaw.start()
            traffic.join()
    told = report.as_json(audit_file(path))
    # About 60 % are due in these 6 s: half of all wait longer than 1 s, one in a hundred longer than 5.9 s. Timers are
    # late on a busy computer.
    frozen_s = at[1] - at[0]
    assert told["p50_ms"] == pytest.approx(1000 * (frozen_s - 5), abs=300)
    assert told["p99_ms"] == pytest.approx(1000 * (frozen_s - 0.1), abs=300)
    assert (told["acknowledged"], told["errors"]) == (told["attempted"], 0)


def test_intents_are_in_the_journal_before_the_first_of_them_is_due(tmp_path: Path) -> None:
    plan, path = Plan("r1", 1, rate=400, duration_s=0.5), tmp_path / "j.jsonl"
    with responder() as (url, _), Journal(path, header(plan)) as journal, Traffic(url, plan, journal) as traffic:
        traffic.join()
    announced: set[str] = set()
    batches = 0
    with path.open("rb") as lines:
        for record in journals.read(lines, "j"):
            if record["kind"] == Kind.INTENTS:
                batches += 1
                announced |= {key for _, key, _, _ in record["rows"]}
            if record["kind"] == Kind.ATTEMPTS:
                assert {row[0] for row in record["rows"]} <= announced
    assert batches == 5
    assert announced == {step.key for step in plan.steps() if step.does.writes}


class Slow(Unkept):
    """A journal whose disk has flushed nothing yet."""

    def __init__(self) -> None:
        super().__init__()
        self.waiting: list[Future[None]] = []

    def append_durably(self, record: Record) -> "Future[None]":
        del record
        self.waiting.append(Future())
        return self.waiting[-1]


def test_nothing_is_sent_before_its_intent_is_on_the_disk() -> None:
    plan, book = Plan("r1", 1, rate=100, duration_s=0.3), Slow()
    with responder() as (url, _), Traffic(url, plan, book) as traffic:

        def probe() -> str | None:
            return None if book.now_s() > run._LEAD_S + 1 else "not due yet"

        await_until(probe, Deadline.after(30, "visits"), what="the last request being due", mend="")
        assert traffic.tally().ended == 0
        for flushed in book.waiting:
            flushed.set_result(None)
        traffic.join()
    assert traffic.tally().ended == len([*plan.steps()])


@pytest.fixture(scope="module")
def thawed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Plan, Account, list[Ended]]:
    """What came of visits to a site that was frozen for the first half of them."""
    plan, heard, path = Plan("r1", 1, rate=30, duration_s=2), list[Ended](), tmp_path_factory.mktemp("run") / "j.jsonl"
    with responder() as (url, pid), Journal(path, header(plan)) as journal:
        os.kill(pid, signal.SIGSTOP)
        threading.Timer(run._LEAD_S + 1, os.kill, (pid, signal.SIGCONT)).start()
        with Traffic(url, plan, journal, Patience(answer_s=0.4), hear=heard.append) as traffic:
            traffic.join()
    return plan, audit_file(path), heard


def test_writes_in_doubt_are_repeated_with_their_key_until_answered(
    thawed: tuple[Plan, Account, list[Ended]],
) -> None:
    _, account, _ = thawed
    assert account.acknowledged == account.attempted
    assert account.users.writes_repeated == account.users.repeats_acknowledged > 0
    assert account.statuses[0] > 0
    assert account.latency_ms(1.0) > 750  # type: ignore[operator]


def test_a_request_that_failed_at_first_is_told_as_failed_once_whatever_its_repeats_came_to(
    thawed: tuple[Plan, Account, list[Ended]],
) -> None:
    plan, account, heard = thawed
    assert sorted(ended.due_s for ended in heard) == [step.due_s for step in plan.steps()]
    failed = [ended for ended in heard if ended.went is Went.FAILED]
    assert 0 < len(failed) < plan.requests
    assert account.users.writes_repeated + account.users.reads_failed == len(failed)


def test_visitors_of_whom_no_journal_is_kept_also_do_work() -> None:
    plan, heard = Plan.paced("r1", 1, Pace.steady(100, 0.5), cpu_ms=20), list[Ended]()
    with responder() as (url, _), Traffic(url, plan, Unkept(), Patience(repeat_s=0), hear=heard.append) as traffic:
        traffic.join()
    assert len(heard) == plan.requests == 50
    assert {ended.went for ended in heard} == {Went.ANSWERED}
    assert traffic.tally().ended == 50


class _NoLogin(BaseHTTPRequestHandler):
    """A site that answers everything but logins."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        told = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path != "/login":
            self.say({"id": 1, "key": self.headers["Idempotency-Key"], "text": told["text"]})

    def do_PUT(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.say({"name": self.path.rpartition("/")[2], "size": len(body), "sha256": digest(body)})

    def say(self, told: dict[str, object]) -> None:
        body = json.dumps(told).encode()
        self.send_response(201)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""


def test_a_login_without_an_answer_holds_back_only_what_needs_it(tmp_path: Path) -> None:
    plan, path = Plan("r1", 1, rate=80, duration_s=0.5), tmp_path / "j.jsonl"
    with served(_NoLogin) as url, Journal(path, header(plan)) as journal:
        with Traffic(url, plan, journal, Patience(answer_s=1.5, repeat_s=1)) as traffic:
            traffic.join()
        journal.end()
    account = audit_file(path)
    writes = [step for step in plan.steps() if step.does.writes in (What.ENTRY, What.FILE)]
    assert account.acknowledged == len(writes) > 10
    acknowledged, given_up = (
        [attempt.done_s for attempt in attempts(path) if (attempt.outcome is Outcome.ACKNOWLEDGED) is wanted]
        for wanted in (True, False)
    )
    assert max(acknowledged) < min(given_up)


def test_a_site_that_is_not_there_acknowledges_nothing_and_the_run_ends(tmp_path: Path) -> None:
    plan, path = Plan("r1", 1, rate=20, duration_s=0.5), tmp_path / "j.jsonl"
    with responder() as (url, _):
        pass
    with Journal(path, header(plan)) as journal:
        with Traffic(url, plan, journal, Patience(repeat_s=0.3)) as traffic:
            traffic.join()
        journal.end()
    told = report.as_json(audit_file(path))
    assert (told["acknowledged"], told["refused"], told["verdict"]) == (0, told["attempted"], "unknown")


def test_a_run_that_is_stopped_early_awaits_what_it_sent(tmp_path: Path) -> None:
    plan, path = Plan("r1", 1, rate=200, duration_s=600), tmp_path / "j.jsonl"
    with responder() as (url, _), Journal(path, header(plan)) as journal, Traffic(url, plan, journal) as traffic:
        await_ended(traffic, 20)
        traffic.stop()
        traffic.join()
        tally = traffic.tally()
    assert tally.begun == tally.ended < plan.requests
    assert audit_file(path).acknowledged == tally.acknowledged > 0


def test_what_is_in_doubt_when_a_run_is_stopped_is_still_repeated(tmp_path: Path) -> None:
    plan, path = Plan("r1", 1, rate=200, duration_s=600), tmp_path / "j.jsonl"
    with (
        responder() as (url, pid),
        Journal(path, header(plan)) as journal,
        Traffic(url, plan, journal, Patience(answer_s=0.25)) as traffic,
    ):
        await_ended(traffic, 40)
        os.kill(pid, signal.SIGSTOP)
        threading.Timer(0.8, os.kill, (pid, signal.SIGCONT)).start()
        traffic.stop()
        traffic.join()
    account = audit_file(path)
    assert account.users.writes_repeated == account.users.repeats_acknowledged > 0
    assert account.acknowledged == account.attempted


def test_a_journal_that_fails_ends_the_run(tmp_path: Path) -> None:
    plan = Plan("r1", 1, rate=50, duration_s=600)
    with (
        responder() as (url, _),
        Journal(tmp_path / "j.jsonl", header(plan)) as journal,
        Traffic(url, plan, journal) as traffic,
        Path(os.devnull).open("rb") as read_only,
    ):
        await_ended(traffic, 5)
        os.dup2(read_only.fileno(), journal._file)
        # The journal's thread is at its write (EBADF) or at its fsync (EINVAL on this device).
        with pytest.raises(LabError, match=r"the journal could not be written: (Bad file descriptor|Invalid argument)"):
            traffic.join()


def test_a_write_without_an_answer_is_told_until_it_has_one(tmp_path: Path) -> None:
    plan, path = Plan("r1", 1, rate=20, duration_s=1), tmp_path / "j.jsonl"
    with responder() as (url, pid), Journal(path, header(plan)) as journal, Traffic(url, plan, journal) as traffic:
        os.kill(pid, signal.SIGSTOP)

        def probe() -> str | None:
            return None if traffic.unanswered(0.3) else "nothing waits"

        await_until(probe, Deadline.after(30, "a write"), what="a write that waits", mend="")
        waiting, now_s = traffic.unanswered(0.3), journal.now_s()
        assert traffic.unanswered(30) == frozenset()
        os.kill(pid, signal.SIGCONT)
        traffic.join()
        assert traffic.unanswered(0) == frozenset()
    writes = {(step.key, step.does.writes) for step in plan.steps() if step.does.writes}
    assert {(one.key, one.what) for one in waiting} <= writes
    assert all(one.sent_s <= now_s - 0.3 for one in waiting)
