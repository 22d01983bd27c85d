"""A step of the load, with an autoscaler at work: how long until workers serve, who noticed.

    PYTHONPATH=. .venv/bin/python -m benchmarks.autoscale                   # both substrates, from nothing and warm
    PYTHONPATH=. .venv/bin/python -m benchmarks.autoscale --only docker     # the other one's runs stay as they are
    PYTHONPATH=. .venv/bin/python -m benchmarks.autoscale --quick --dry     # short steps, and nothing is kept

Makes a lab test-autoscale and removes it; takes ten minutes for containers and forty for emulated machines at most.
Keeps each run in benchmarks/autoscale-results.json as soon as it has ended, and writes docs/autoscale-results.md.
"""

import dataclasses
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

import click

from benchmarks.autoscale_page import (
    COOLDOWN_S,
    LEAST,
    MOST,
    SETTLED,
    SHARE,
    STEP,
    RunJson,
    SessionJson,
    Times,
    is_missed,
    page,
    times,
)
from benchmarks.capacity import RESULTS as CAPACITY
from benchmarks.capacity import WORK_MS
from benchmarks.capacity_search import FEW, served
from benchmarks.runs import brought_up, circumstances_of, deadline, lab, say, silent
from lab.cli import numbers
from lab.flows import autoscaler, deployment, fleet, load
from lab.flows.deployment import Deployment
from lab.flows.load import Loaded
from lab.host import paths, records
from lab.host.wait import await_until
from lab.ledger import journal
from lab.ledger.records import Attempt, Header, Look
from lab.ledger.records import Kind as Sort
from lab.model.deadline import Deadline
from lab.scaling.limits import TARGET_SHARE
from lab.scaling.places import Fleet
from lab.substrates import registry
from lab.timeline.events import Event, Kind
from lab.traffic.notes import Went, went
from lab.traffic.profiles import profile

LAB = "test-autoscale"
RESULTS = paths.REPO / "benchmarks" / "autoscale-results.json"
PAGE = paths.REPO / "docs" / "autoscale-results.md"
BASE = {"docker": 5.0, "vagrant": 2.5}
"""The steady load in requests a second, where the capacity of one worker was not measured. With nothing to do but the
work, its share of a processor would allow 13 requests a second in containers and 7 in machines."""

DURATION_S = {"docker": 120.0, "vagrant": 360.0}
_BACK_S = 600.0
_SEED = 1
_FAILED_SHOWN = 10


@click.command()
@click.option("--only", type=click.Choice(registry.NAMES), help="This substrate; the other one's runs are kept.")
@click.option("--base", type=numbers.Between(0.1), help="Requests a second before the step.")
@click.option("--quick", is_flag=True, help="A third of the time, to see that it works.")
@click.option("--dry", is_flag=True, help="Keep nothing: print the page.")
@click.option("--page", "page_only", is_flag=True, help="Measure nothing, only write the page anew.")
def main(only: str | None, base: float | None, quick: bool, dry: bool, page_only: bool) -> None:
    """Makes the steps, keeps what came of them, and writes the page; exits 1 where they were not as was asked for."""
    sessions: dict[str, SessionJson] = {} if dry else records.read_json(RESULTS) or {}
    names = [] if page_only else [only] if only else registry.NAMES
    for substrate in names:
        duration_s = DURATION_S[substrate] / (3 if quick else 1)
        for session in _measured(substrate, base or steady(substrate), duration_s):
            sessions[substrate] = session
            if not dry:
                records.write_json(RESULTS, sessions)
    if dry:
        click.echo(page(sessions))
    else:
        records.write(PAGE, page(sessions))
    sys.exit(any(is_missed(sessions[name]) for name in names))


def steady(substrate: str) -> float:
    """The steady load in requests a second: what one worker serves with ease."""
    found = (records.read_json(CAPACITY) or {}).get(substrate)
    best = served(found["trials"].get(str(FEW), []), found["bound_ms"]) if found else None
    return round(SHARE[substrate] * best["rate"], 2) if best else BASE[substrate]


def _measured(substrate: str, base: float, duration_s: float) -> Iterator[SessionJson]:
    """All that is known of a substrate, after each run: workers made from nothing, then those of the warm pool."""
    session: SessionJson = {"circumstances": circumstances_of(substrate), "runs": {}}
    for what, pool in ((substrate, 0), (f"{substrate}, from the warm pool", MOST - LEAST)):
        with brought_up(LAB, substrate, "--workers", str(LEAST)):
            session["runs"][what] = _step(substrate, pool, base, duration_s)
            say(f"{what}: {session['runs'][what]['times']}")
            yield session


def _step(substrate: str, pool: int, base: float, duration_s: float) -> RunJson:
    found = deployment.load(LAB, substrate)
    if pool:
        fleet.fill_pool(found, pool, silent, deadline())
    bounds = ["--min", str(LEAST), "--max", str(MOST), "--cooldown", f"{COOLDOWN_S:g}"]
    warm = ["--warm-pool", str(pool), "--scale-in", "sleep"] if pool else []
    lab("autoscale", substrate, *bounds, *warm, "--background", "--name", LAB)
    step = profile("step", STEP[substrate] * base, duration_s, base)
    # What `lab load --prove` does: so its figures can be asked for the part that the page calls settled.
    asked = load.Asked(LAB, substrate, step, WORK_MS[substrate], _SEED, proves=True)
    loaded = load.run(asked, lambda _: None, silent, Deadline.after(load.longest_s(asked), "one load"))
    _await_back(found)
    lab("autoscale", substrate, "--stop", "--name", LAB)
    return _told(found, pool, loaded)


def _await_back(found: Deployment) -> None:
    """Returns once the timeline tells of no more workers than at first, or it takes too long: the page says so then."""
    by = Deadline.after(_BACK_S, f"{_BACK_S:g} s")

    def probe() -> str | None:
        sample, _ = autoscaler.said(LAB, found.plan.substrate)
        return None if by.is_over() else away(sample, fleet.seen(found, deadline()))

    await_until(probe, deadline(), what="the way back", mend="read the autoscaler's log", every_s=1.0)


def away(sample: Event | None, seen: Fleet) -> str | None:
    """What is still to come until a lab is back where it was, also in the last sample of its autoscaler; None where
    nothing is: who drains serves no more, and is no sample yet. Pure."""
    noted = int(sample.fields["workers"]) if sample else MOST
    return None if noted <= LEAST and not seen.draining else f"{noted} workers served, {len(seen.draining)} drain"


def _told(found: Deployment, pool: int, loaded: Loaded) -> RunJson:
    events, told = found.timeline().read().events, loaded.as_json()
    step = next(phase for phase in told["phases"] if phase["name"] == "during")
    step_at, end_at = (loaded.began_at + step[edge] for edge in ("from_s", "to_s"))
    target = found.deployed.topology.worker.max_connections * TARGET_SHARE
    seen = times(events, step_at, end_at, target, LEAST)
    return {
        "substrate": found.plan.substrate,
        "pool": pool,
        "words": _words(loaded.asked),
        "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "load": told | {"phases": [*told["phases"], *_settled(loaded, step, seen)]},
        "times": dataclasses.asdict(seen),
        "why": [_in_words(event, step_at) for event in events if event.kind is Kind.DECISION],
        "failed": [*islice(failed(loaded.journal, step_at), _FAILED_SHOWN)] if loaded.journal else [],
    }


def failed(path: Path, step_at: float) -> Iterator[str]:
    """In words, from a run's journal, each attempt to write or read that got no good answer; the earliest is first."""
    with path.open("rb") as lines:
        first, *others = journal.read(lines, str(path))
    began_at = Header.of(first).began_at
    tried = [Attempt(*row) for one in others if one["kind"] == Sort.ATTEMPTS for row in one["rows"]]
    looked = [Look(*row) for one in others if one["kind"] == Sort.LOOKS for row in one["rows"]]
    told: list[tuple[str, Attempt | Look]] = [("a write", each) for each in tried]
    told += [("a read", each) for each in looked]
    for what, each in sorted(told, key=lambda one: one[1].sent_s):
        if went(each.status, each.failure) is Went.FAILED:
            after = f"{each.failure or each.status} after {each.done_s - each.sent_s:.1f} s"
            yield f"{began_at + each.sent_s - step_at:+.1f} s: {what}: {after}"


def _settled(loaded: Loaded, step: dict[str, Any], seen: Times) -> Iterator[dict[str, Any]]:
    """The figures of the step from when all workers were there, if that came about within it."""
    if seen.settled_s is not None and step["from_s"] + seen.settled_s < step["to_s"]:
        yield {"name": SETTLED} | loaded.figures.between(step["from_s"] + seen.settled_s, step["to_s"])


def _words(asked: load.Asked) -> list[str]:
    step = asked.profile
    words = ["--base", f"{step.base:g}", "--peak", f"{step.peak:g}", "--duration", f"{step.pace.duration_s:g}"]
    return [
        asked.substrate,
        "--profile",
        step.name,
        *words,
        "--work",
        str(asked.cpu_ms),
        "--prove",
        "--name",
        asked.lab,
    ]


def _in_words(event: Event, step_at: float) -> str:
    return f"{event.at - step_at:+.1f} s: {event.what}: {event.fields.get('why')}"


if __name__ == "__main__":
    main()
