"""Refreshes under load, one after the other: what users noticed, what became of their writes, how many workers served.

    PYTHONPATH=. .venv/bin/python -m benchmarks.refresh                  # both substrates, most of an hour
    PYTHONPATH=. .venv/bin/python -m benchmarks.refresh --only docker    # the other one's figures stay as they are
    PYTHONPATH=. .venv/bin/python -m benchmarks.refresh --quick --dry    # short, and nothing is kept

Keeps the figures in benchmarks/refresh-results.json after each refresh, and writes docs/refresh.md.
"""

import dataclasses
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import click

from benchmarks.refresh_page import RefreshJson, SessionJson, demands, page
from benchmarks.runs import brought_up, circumstances_of, deadline, keep, lab, say
from lab.cli import numbers
from lab.comparison.measure import seconds
from lab.comparison.visitors import Visit, visiting, watching
from lab.flows import deployment
from lab.flows.deployment import Deployment
from lab.host import paths, records
from lab.host.run import Result, run
from lab.ledger import report
from lab.model.deadline import Deadline
from lab.substrates import registry

LAB = "refresh"
RESULTS = paths.REPO / "benchmarks" / "refresh-results.json"
PAGE = paths.REPO / "docs" / "refresh.md"
_LONGEST_S = 4 * 3600
_CODES = {0: "all workers run the new version", 1: "rolled back"}


@dataclasses.dataclass(frozen=True)
class Asked:
    """What is done on one substrate: at least so many refreshes of a lab, and requests (at `rate` a second)."""

    workers: int
    refreshes: int
    requests: int
    rate: float


ASKED = {
    "docker": Asked(workers=4, refreshes=20, requests=100_000, rate=80.0),
    # A third machine while one is replaced, all emulated: what `prove` asks of two is enough.
    "vagrant": Asked(workers=2, refreshes=2, requests=1, rate=3.0),
}
QUICK = {name: replace(asked, refreshes=1, requests=1) for name, asked in ASKED.items()}


@click.command()
@click.option("--only", type=click.Choice(registry.NAMES), help="This substrate; the other's figures are kept.")
@click.option("--rate", type=numbers.Between(0.1), help="Requests a second, where this computer needs another.")
@click.option("--quick", is_flag=True, help="One refresh each, to see that it works.")
@click.option("--dry", is_flag=True, help="Keep nothing: print the page.")
@click.option("--page", "page_only", is_flag=True, help="Make nothing, only write the page anew.")
def main(only: str | None, rate: float | None, quick: bool, dry: bool, page_only: bool) -> None:
    """Makes the refreshes, keeps the figures, and writes the page; exits 1 where they were not as was asked for."""
    sessions: dict[str, SessionJson] = {} if dry else records.read_json(RESULTS) or {}
    names = [] if page_only else [only] if only else registry.NAMES
    for name in names:
        asked = (QUICK if quick else ASKED)[name]
        for session in _made(name, replace(asked, rate=rate or asked.rate)):
            sessions[name] = session
            keep(RESULTS, sessions, PAGE, page(sessions), dry=dry)
    keep(RESULTS, sessions, PAGE, page(sessions), dry=dry)
    if dry:
        click.echo(page(sessions))
    sys.exit(any(not held for name in names for _, held in demands(sessions[name]).values()))


def _made(substrate: str, asked: Asked) -> Iterator[SessionJson]:
    """All refreshes of a lab of their own on one substrate, under one load: those so far after each of them, and in the
    end all, with what came of the writes."""
    by = Deadline.after(_LONGEST_S, "all refreshes")
    session: SessionJson = {
        "circumstances": circumstances_of(substrate),
        "accelerator": registry.get(substrate).accelerator(deadline()),
        "workers": asked.workers,
        "rate": asked.rate,
        "requests": 0,
        "wanted": {"refreshes": asked.refreshes, "requests": asked.requests},
        "refreshes": [],
        "sentence": "It was cut off, so what became of the writes is not known.",
        "figures": None,
        "users": {},
    }
    with brought_up(LAB, substrate, "--workers", str(asked.workers)):
        found = deployment.load(LAB, substrate)
        with visiting(found, asked.rate, by) as visit:
            for made in _refreshes(found, asked, visit, by):
                session["refreshes"].append(made)
                session["requests"] = visit.requests
                yield session
        account = visit.told
        session["requests"] = visit.requests
        session["sentence"] = report.verdict(account).sentence
        session["figures"] = report.as_json(account)
        session["users"] = dataclasses.asdict(account.users)
        yield session


def _refreshes(found: Deployment, asked: Asked, visit: Visit, by: Deadline) -> Iterator[RefreshJson]:
    """Refreshes until there were enough of them and of the requests, or nobody visits the lab any more. Each needs a
    new version: two take turns."""
    count = 0
    with tempfile.TemporaryDirectory() as folder:
        _deploy(found, _other_version(Path(folder)))
        while count < asked.refreshes or visit.requests < asked.requests:
            if visit.has_ended or by.is_over():
                return
            if count:
                lab("deploy", found.plan.substrate, "--rollback", "--name", LAB)
            count += 1
            made = _refresh(found, visit, by)
            say(f"{found.plan.substrate}: refresh {count}: {made}")
            yield made


def _other_version(folder: Path) -> Path:
    """The app with another page: a version like any other."""
    app = Path(shutil.copytree(paths.REPO / "app", folder / "app", ignore=shutil.ignore_patterns("__pycache__")))
    page = app / "templates" / "page.html"
    page.write_text(page.read_text() + "<!-- another version -->\n")
    return app


def _deploy(found: Deployment, app: Path) -> None:
    lab("deploy", found.plan.substrate, str(app), "-m", "Another page", "--name", LAB)


def _refresh(found: Deployment, visit: Visit, by: Deadline) -> RefreshJson:
    """One refresh, typed as a person would."""
    argv = [str(paths.REPO / "bin" / "lab"), "refresh", found.plan.substrate, "--name", LAB]
    gave: list[Result] = []
    before, failed = visit.requests, visit.failures
    with watching(found, by) as ready:
        took = seconds(lambda: gave.append(run(argv, by=deadline(), ok=_CODES)))
    return {
        "at": datetime.now(UTC).strftime("%H:%M:%S"),
        "seconds": round(took, 1),
        "code": gave[0].status,
        "said": gave[0].out.strip().splitlines(),
        "requests": visit.requests - before,
        "failed": visit.failures - failed,
        "fewest_ready": ready.fewest,
        "looks": ready.looks,
        "missed_looks": ready.missed,
    }


if __name__ == "__main__":
    main()
