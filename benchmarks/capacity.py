"""More workers are more capacity: the highest rate that one worker and then four serve within the same response time.

    PYTHONPATH=. .venv/bin/python -m benchmarks.capacity                      # both substrates, half an hour at most
    PYTHONPATH=. .venv/bin/python -m benchmarks.capacity --only docker        # the other one's runs stay as they are
    PYTHONPATH=. .venv/bin/python -m benchmarks.capacity --only docker --name mine   # on a lab that is there already

Makes a lab test-capacity and removes it; a lab that was there already gets its workers back instead. Keeps each trial
in benchmarks/capacity-results.json as soon as it has ended, and writes docs/capacity.md.
"""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click

from benchmarks.capacity_search import FEW, MANY, TIMES_AT_LEAST, Session, Trial, fits, next_rate, page, ratio
from benchmarks.runs import circumstances_of, deadline, lab, say
from lab.cli import numbers
from lab.flows import deployment
from lab.host import paths, records
from lab.host.run import run
from lab.substrates import registry

LAB = "test-capacity"
RESULTS = paths.REPO / "benchmarks" / "capacity-results.json"
PAGE = paths.REPO / "docs" / "capacity.md"
# What one request for work burns, the bound of the response time, and the first rate for one worker. Emulated machines
# are many times slower.
WORK_MS = {"docker": 50, "vagrant": 100}
BOUND_MS = {"docker": 500.0, "vagrant": 4000.0}
FIRST = {"docker": 6.0, "vagrant": 1.0}
TRIALS_AT_MOST = 9
# A trial is so long, or longer for so many requests, but never above that.
SHORT_S, REQUESTS, LONG_S = 20.0, 120, 60.0


@click.command()
@click.option("--only", type=click.Choice(registry.NAMES), help="This substrate; the other one's runs are kept.")
@click.option("--name", default=LAB, show_default=True, help="The lab; one that is there already stays.")
@click.option("--work", type=click.IntRange(1, 2000), help="CPU milliseconds of one request for work.")
@click.option("--bound", type=numbers.Between(1), help="The bound of the response time, in ms.")
@click.option("--dry", is_flag=True, help="Keep nothing: print the page.")
@click.option("--page", "page_only", is_flag=True, help="Measure nothing, only write the page anew.")
def main(only: str | None, name: str, work: int | None, bound: float | None, dry: bool, page_only: bool) -> None:
    """Finds how much one worker and four serve, keeps the trials, and writes the page; exits 1 for too little."""
    sessions: dict[str, Session] = {} if dry else records.read_json(RESULTS) or {}
    names = [] if page_only else [only] if only else registry.NAMES
    for substrate in names:
        for session in _measured(substrate, name, work or WORK_MS[substrate], bound or BOUND_MS[substrate]):
            sessions[substrate] = session
            if not dry:
                records.write_json(RESULTS, sessions)
    if dry:
        click.echo(page(sessions, registry.NAMES))
    else:
        records.write(PAGE, page(sessions, registry.NAMES))
    sys.exit(any((ratio(sessions[name]) or 0) < TIMES_AT_LEAST for name in names))


def _measured(substrate: str, name: str, work_ms: int, bound_ms: float) -> Iterator[Session]:
    """All that is known of a substrate, after each trial."""
    with _restored(substrate, name):
        trials: dict[str, list[Trial]] = {}
        for count in (FEW, MANY):
            lab("up", substrate, "--workers", str(count), "--name", name)
            session = _session(substrate, name, work_ms, bound_ms, trials)
            found = trials[str(count)] = []
            first = FIRST[substrate] * count
            for _ in range(TRIALS_AT_MOST):
                rate = next_rate(found, first, bound_ms)
                if rate is None:
                    break
                found.append(_try(substrate, name, rate, work_ms))
                _say_trial(substrate, count, found[-1], bound_ms)
                yield session


@contextmanager
def _restored(substrate: str, name: str) -> Iterator[None]:
    """A lab that was there has its workers again in the end; one that was not is removed."""
    before = deployment.deployed(name).get(substrate)
    try:
        yield
    finally:
        if before is None:
            lab("destroy", substrate, "--volumes", "--yes", "--name", name)
        else:
            lab("up", substrate, "--workers", str(len(before.workers)), "--name", name)


def _session(substrate: str, name: str, work_ms: int, bound_ms: float, trials: dict[str, list[Trial]]) -> Session:
    return {
        "circumstances": circumstances_of(substrate),
        "cpu_quota": deployment.load(name, substrate).deployed.topology.worker.cpu_quota,
        "work_ms": work_ms,
        "bound_ms": bound_ms,
        "trials": trials,
    }


def _try(substrate: str, name: str, rate: float, work_ms: int) -> Trial:
    """One rate, steady: a step whose base is its peak."""
    seconds = min(LONG_S, max(SHORT_S, REQUESTS / rate))
    words = ["--profile", "step", "--base", f"{rate:.3f}", "--peak", f"{rate:.3f}", "--duration", f"{seconds:.1f}"]
    argv = [
        str(paths.REPO / "bin" / "lab"),
        "load",
        substrate,
        *words,
        "--work",
        str(work_ms),
        "--json",
        "--name",
        name,
    ]
    told = json.loads(run(argv, by=deadline()).out)
    return {
        "rate": round(rate, 3),
        "seconds": told["duration_s"],
        "requests": told["requests"],
        "errors": told["errors"] + told["refused"],
        "p50_ms": told["p50_ms"],
        "p99_ms": told["p99_ms"],
        "late_ms": told["late_ms"],
    }


def _say_trial(substrate: str, count: int, trial: Trial, bound_ms: float) -> None:
    is_served = "in time" if fits(trial, bound_ms) else "too slow"
    told = f"p99 {trial['p99_ms'] or 0:.0f} ms, {trial['errors']} errors"
    say(f"{substrate}: {count}: {trial['rate']:.1f}/s {is_served}: {told}")


if __name__ == "__main__":
    main()
