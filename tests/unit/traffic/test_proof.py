"""Visitors, ledger and final read together, at the real app with its own disk: the proof without an engine."""

import os
import shutil
import sqlite3
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from lab.ledger import journal as journals
from lab.ledger import report
from lab.ledger.audit import Account, audit
from lab.ledger.files import audit_file
from lab.ledger.journal import Record
from lab.ledger.plan import Plan
from lab.ledger.records import Header, Source
from lab.ledger.sorts import Sort
from lab.ledger.writer import Journal
from lab.ledger.writes import What, digest
from lab.model.deadline import Deadline
from lab.traffic.read_back import read_back
from lab.traffic.run import Traffic
from lab.traffic.session import Session
from tests.unit.app.process import App, running

PLAN = Plan("r1", 3, rate=120, duration_s=1)
# No load balancer holds back here what comes at once on a busy computer: the app has threads for all of it.
THREADS = "100"


def header(mode: str) -> Header:
    return Header(PLAN.run, "lab", "one", mode, None, PLAN.seed, PLAN.rate, PLAN.duration_s, time.time())


def visit(app: App, journal: Journal) -> list[Session]:
    app.await_ready()
    with Traffic(app.url, PLAN, journal) as traffic:
        traffic.join()
    return traffic.sessions


def read_all(app: App, disk: Path, mode: str, sessions: list[Session], journal: Journal, within_s: float = 5) -> None:
    read_back(app.url, mode, sessions, journal, Deadline.after(within_s, "final read"))
    read_straight(disk, journal)
    journal.end()


def read_straight(disk: Path, journal: Journal) -> None:
    """The final read from the disk itself, past the app."""
    began_s = journal.now_s()
    with sqlite3.connect(f"file:{disk / 'lab.sqlite'}?mode=ro", uri=True) as database:
        entries = [(key, digest(text.encode())) for key, text in database.execute("SELECT key, text FROM entries")]
        logins = [(user, digest(user.encode())) for (user,) in database.execute("SELECT user_name FROM sessions")]
    files = [(path.name, digest(path.read_bytes())) for path in (disk / "files").iterdir()]
    for what, rows in ((What.ENTRY, entries), (What.LOGIN, logins), (What.FILE, files)):
        journal.final_read(Source.STORE, what, rows, began_s, complete=True)


@pytest.mark.parametrize("mode", ["stateless", "stateful"])
def test_a_site_that_keeps_everything_is_not_accused(tmp_path: Path, mode: str) -> None:
    path, disk = tmp_path / "j.jsonl", tmp_path / "disk"
    with running(disk, LAB_THREADS=THREADS) as app, Journal(path, header(mode)) as journal:
        read_all(app, disk, mode, visit(app, journal), journal)
    account = audit_file(path, PLAN.run)
    verdict = report.verdict(account)
    assert (verdict.word, account.errors, account.foreign) == ("kept", 0, 0), verdict.sentence
    assert account.count(Sort.KEPT) == account.attempted == account.acknowledged > 50
    assert all(account.sorts[Sort.KEPT, what] for what in What)
    assert account.users.reads > 10


@dataclass(frozen=True)
class Visited:
    """A run that was not read back yet: what is on the disk, the visitors, and what its journal tells so far."""

    disk: Path
    sessions: list[Session]
    told: list[Record]
    began: float


@pytest.fixture(scope="module")
def visited(tmp_path_factory: pytest.TempPathFactory) -> Visited:
    folder = tmp_path_factory.mktemp("visited")
    path = folder / "j.jsonl"
    with running(folder / "disk", LAB_THREADS=THREADS) as app, Journal(path, header("stateless")) as journal:
        sessions = visit(app, journal)
    with path.open("rb") as lines:
        return Visited(folder / "disk", sessions, [*journals.read(lines, "j")], journal._began)


def spoilt(visited: Visited, folder: Path, spoil: Callable[[App, Path], None], read_within_s: float = 5) -> Account:
    """What the ledger tells of that run where `spoil` harms a copy of its disk before the final read."""
    path, disk = folder / "j.jsonl", folder / "disk"
    shutil.copytree(visited.disk, disk)
    with running(disk, LAB_THREADS=THREADS) as app, Journal(path, header("stateless")) as journal:
        journal._began = visited.began  # it goes on with the run's clock
        app.await_ready()
        spoil(app, disk)
        read_all(app, disk, "stateless", visited.sessions, journal, read_within_s)
    with path.open("rb") as lines:
        _, *final = journals.read(lines, "j")
    return audit([*visited.told, *final])


def change(sql: str) -> Callable[[App, Path], None]:
    def spoil(_app: App, disk: Path) -> None:
        with sqlite3.connect(disk / "lab.sqlite", timeout=10) as database:
            assert database.execute(sql).rowcount == 1

    return spoil


def a_file(do: Callable[[Path], object]) -> Callable[[App, Path], None]:
    def spoil(_app: App, disk: Path) -> None:
        do(min((disk / "files").iterdir()))

    return spoil


SPOILT: dict[str, tuple[Callable[[App, Path], None], str, Sort, What]] = {
    "an entry gone": (change("DELETE FROM entries WHERE id = 9"), "lost", Sort.LOST, What.ENTRY),
    "an entry changed": (change("UPDATE entries SET text = '?' WHERE id = 9"), "corrupted", Sort.CORRUPTED, What.ENTRY),
    "a session dropped": (
        change("DELETE FROM sessions WHERE user_name = (SELECT min(user_name) FROM sessions)"),
        "lost",
        Sort.LOST,
        What.LOGIN,
    ),
    "an entry that nobody wrote": (
        change("INSERT INTO entries (key, text) VALUES ('r1-0-9999', '?')"),
        "unexpected",
        Sort.UNEXPECTED,
        What.ENTRY,
    ),
    "a file gone": (a_file(Path.unlink), "lost", Sort.LOST, What.FILE),
    "a file cut off": (a_file(lambda path: os.truncate(path, 7)), "corrupted", Sort.CORRUPTED, What.FILE),
    "a file renamed": (a_file(lambda path: path.rename(path.with_name("r1-0-9999"))), "lost", Sort.LOST, What.FILE),
}


@pytest.mark.parametrize("name", SPOILT)
def test_what_was_spoilt_is_found(visited: Visited, tmp_path: Path, name: str) -> None:
    spoil, word, sort, what = SPOILT[name]
    account = spoilt(visited, tmp_path, spoil)
    assert (report.verdict(account).word, account.sorts[sort, what]) == (word, 1), report.verdict(account).sentence


def test_what_others_wrote_is_reported_and_harmless(visited: Visited, tmp_path: Path) -> None:
    account = spoilt(visited, tmp_path, change("INSERT INTO entries (key, text) VALUES ('r2-0-1', 'of another run')"))
    assert (report.verdict(account).word, account.foreign) == ("kept", 1)


def test_a_site_that_does_not_answer_the_final_read_is_unknown(visited: Visited, tmp_path: Path) -> None:
    account = spoilt(visited, tmp_path, lambda app, _disk: app.kill(), read_within_s=1)
    verdict = report.verdict(account)
    assert (verdict.word, verdict.exit_code) == ("unknown", 3)
    assert "entries were not read back through the load balancer" in verdict.sentence
