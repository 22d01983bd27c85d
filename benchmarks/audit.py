"""How long the audit of a journal takes, and how much memory: it should be linear, and a million writes quick.

    PYTHONPATH=. .venv/bin/python benchmarks/audit.py --writes 250000 --writes 500000 --writes 1000000

Each journal is made as a run would have made it, on disk, then audited in a process of its own. What came of it is kept
in benchmarks/ledger-results.json, and docs/ledger-figures.md is written from there.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import click

from benchmarks import ledger_page
from lab.ledger import journal, records, report
from lab.ledger.files import audit_file
from lab.ledger.plan import LONGEST_S, Does, Plan, Step
from lab.ledger.records import Attempt, Header, Intent, Look, Seen, Source
from lab.ledger.writes import Outcome, What, digest

RATE = 1000.0
HEADER = Header("bench", "lab", "none", "stateless", None, 1, RATE, LONGEST_S, 0.0)


def history(writes: int) -> Iterator[dict[str, Any]]:
    """The records of a run as planned, its reads too: some writes had to be repeated, and all are there at the end."""
    yield HEADER.record()
    steps, there = _until(writes), _There()
    while part := list(islice(steps, 100)):
        intents = [intent(step) for step in part if step.does.writes]
        yield records.intents(intents)
        yield records.attempts(attempt for number, each in enumerate(intents) for attempt in attempts(each, number))
        there.add(intents)
        yield records.looks([there.look(step) for step in part if not step.does.writes])
    for source in Source:
        for what, rows in there.rows.items():
            for first in range(0, len(rows), 1000):
                yield records.found(source, what, rows[first : first + 1000])
            yield records.read_back(source, what, LONGEST_S, LONGEST_S, complete=True)
    yield records.end(LONGEST_S)


def _until(writes: int) -> Iterator[Step]:
    """The steps of a run, up to so many writes."""
    for step in Plan("bench", 1, RATE, LONGEST_S).steps():
        if not writes:
            return
        writes -= step.does.writes is not None
        yield step


class _There:
    """What has been written, by kind and in order."""

    def __init__(self) -> None:
        self.rows: dict[What, list[tuple[str, str]]] = {what: [] for what in What}
        self._all: list[tuple[str, str]] = []

    def add(self, intents: list[Intent]) -> None:
        for each in intents:
            self.rows[each.what].append((each.key, each.sha256))
            self._all.append((each.key, each.sha256))

    def look(self, step: Step) -> Look:
        """The read of a step: of a login, or of something else that is there."""
        rows = self.rows[What.LOGIN] if step.does is Does.READ_SESSION else self._all
        key, sha = rows[int(step.pick * len(rows))]
        sent_s, done_s = round(step.due_s + 0.2, 6), round(step.due_s + 0.203, 6)
        return Look(key, step.due_s, sent_s, done_s, 200, "worker-1", "", Seen.FOUND, sha)


def intent(step: Step) -> Intent:
    what = step.does.writes
    assert what is not None
    return Intent(what, step.key, step.due_s, digest(step.content))


def attempts(intent: Intent, number: int) -> list[Attempt]:
    """What became of a write: acknowledged, one of 50 only when it was repeated."""
    status = 200 if intent.what is What.LOGIN else 201
    sent_s, done_s = round(intent.due_s + 0.0001, 6), round(intent.due_s + 0.004, 6)
    done = Attempt(intent.key, Outcome.ACKNOWLEDGED, sent_s, done_s, status, "worker-1", "", altered=False)
    if number % 50:
        return [done]
    doubt = Attempt(intent.key, Outcome.INDETERMINATE, sent_s, sent_s, 0, "", "cut off", altered=False)
    return [doubt, done]


def write(path: Path, writes: int) -> None:
    chain = journal.START
    with path.open("wb") as file:
        for record in history(writes):
            line, chain = journal.seal(record, chain)
            file.write(line)


def audited(path: Path) -> dict[str, Any]:
    """Seconds and MB of one audit in this process."""
    began, began_cpu = time.monotonic(), time.process_time()
    told = report.as_json(audit_file(path))
    seconds, cpu = time.monotonic() - began, time.process_time() - began_cpu
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"seconds": round(seconds, 2), "cpu": round(cpu, 2), "megabytes": round(megabytes), "kept": told["kept"]}


@click.command()
@click.option("--writes", multiple=True, type=int, default=(250_000, 500_000, ledger_page.WRITES))
@click.option("--only", type=click.Path(path_type=Path), hidden=True)
@click.option("--dry", is_flag=True, help="Keep nothing: print the page.")
def main(writes: tuple[int, ...], only: Path | None, dry: bool) -> None:
    """Prints writes, size of the journal, seconds and memory, a line each, and keeps seconds and memory."""
    if only:
        print(json.dumps(audited(only)))
        return
    where, rows = ledger_page.begun(), dict[str, tuple[float, str]]()
    print(f"machine load {os.getloadavg()[0]:.2f} on {os.cpu_count()} cores")
    with tempfile.TemporaryDirectory() as folder:
        for count in writes:
            path = Path(folder) / f"{count}.jsonl"
            write(path, count)
            told = json.loads(subprocess.check_output([sys.executable, __file__, "--only", str(path)]))
            size = path.stat().st_size / 1e6
            used = f"{told['seconds']} s ({told['cpu']} s of CPU), {told['megabytes']} MB"
            print(f"{count:>9,} writes: journal {size:.0f} MB, {used}; kept {told['kept']:,}")
            rows[ledger_page.audit(count)] = (told["seconds"], "s")
            rows[ledger_page.audit(count, ledger_page.MEMORY)] = (told["megabytes"], "MB")
    ledger_page.keep("audit", where, rows, dry=dry)


if __name__ == "__main__":
    main()
