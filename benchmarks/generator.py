"""How exact the generator is: how long after it was due each request was begun, by no fault of the site.

    PYTHONPATH=. .venv/bin/python benchmarks/generator.py --rate 1000 --seconds 20

On a computer that has other work, `chrt -f 50` before it gives both sides precedence, as an idle one would.
The site is a trivial responder on the last core; the generator, with its journal on disk, has the first. What came
of it is kept in benchmarks/ledger-results.json, and docs/ledger-figures.md is written from there.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from benchmarks import ledger_page
from lab.cli import numbers
from lab.ledger import report
from lab.ledger.files import audit_file
from lab.ledger.plan import Plan
from lab.ledger.records import Header
from lab.ledger.writer import Journal
from lab.traffic.run import Traffic

RESPONDER = Path(__file__).with_name("responder.py")


@contextmanager
def responder(core: int) -> Iterator[str]:
    """The address of a responder that is bound to one core."""
    command = ["taskset", "--cpu-list", str(core), sys.executable, str(RESPONDER)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


def percentile(values: list[float], share: float) -> float:
    return sorted(values)[int(share * (len(values) - 1))]


@click.command()
@click.option("--rate", type=numbers.Between(0.1), default=ledger_page.RATE)
@click.option("--seconds", type=numbers.Between(0.1), default=20.0)
@click.option("--folder", type=click.Path(path_type=Path), help="where the journal lies; a temporary folder otherwise")
@click.option("--dry", is_flag=True, help="Keep nothing: print the page.")
def main(rate: float, seconds: float, folder: Path | None, dry: bool) -> None:
    """Prints the scheduling error, the latency against the responder, and the machine's load; keeps the first."""
    cores, where = os.cpu_count() or 1, ledger_page.begun()
    os.sched_setaffinity(0, {0})
    with tempfile.TemporaryDirectory(dir=folder) as place, responder(cores - 1) as url:
        path, plan = Path(place) / "journal.jsonl", Plan("bench", 1, rate, seconds)
        header = Header("bench", "lab", "none", "stateless", None, 1, rate, seconds, time.time())
        cpu = time.process_time()
        with Journal(path, header) as journal, Traffic(url, plan, journal) as traffic:
            traffic.join()
        cpu = time.process_time() - cpu
        late_ms = [1000 * late_s for late_s in traffic.notes.late_s]
        told = report.as_json(audit_file(path))
    print(
        f"load {os.getloadavg()[0]:.2f} on {cores} cores; {len(late_ms):,} requests at {rate:g}/s, {cpu:.1f} s of CPU"
    )
    shares = {"p50": 0.5, "p99": 0.99, "p99.9": 0.999, "worst": 1.0}
    late = {name: round(percentile(late_ms, share), 2) for name, share in shares.items()}
    print("begun after due:", ", ".join(f"{name} {ms:.2f} ms" for name, ms in late.items()))
    print(f"latency from due: p50 {told['p50_ms']} ms, p99 {told['p99_ms']} ms; errors {told['errors']}")
    rows = {ledger_page.late(rate, name): (ms, "ms") for name, ms in late.items()}
    ledger_page.keep("generator", where, rows, dry=dry)


if __name__ == "__main__":
    main()
