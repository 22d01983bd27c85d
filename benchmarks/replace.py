"""How long it takes to replace a worker that was destroyed, from nothing and from the warm pool; and a lab's sleep.

    PYTHONPATH=. .venv/bin/python -m benchmarks.replace docker vagrant            # a quarter of an hour or two
    PYTHONPATH=. .venv/bin/python -m benchmarks.replace docker --quick --dry      # once, and nothing is kept

Keeps the samples in benchmarks/replace-results.json, a substrate at a time, and writes docs/replace.md from them.
"""

import re
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import click

from benchmarks.demands import Demand
from benchmarks.interleaved import Case, Row, Samples, interleaved
from benchmarks.page import SessionJson, missed, page
from benchmarks.runs import LAB, await_lab, brought_up, circumstances_of, deadline, keep, lab, silent
from benchmarks.speed import reporter, rows_of
from lab.comparison.measure import seconds
from lab.flows import deployment, fleet, readiness
from lab.flows.deployment import Deployment
from lab.host import http, paths, records
from lab.host.run import run
from lab.host.wait import await_until
from lab.model.plan import WORKER_PORT
from lab.substrates import registry
from lab.substrates.docker import compose, measure

RESULTS = paths.REPO / "benchmarks" / "replace-results.json"
PAGE = paths.REPO / "docs" / "replace.md"
REPEATS, WARM_UP = {"docker": 15, "vagrant": 5}, {"docker": 1, "vagrant": 0}
WORKERS = 2
BARE = Row("docker run of the worker's image, until it is ready")
CREATED = Row("docker start of a worker's container that was only created, until it is ready")
PAUSED = Row("docker unpause of a worker's container that was ready and paused, until it is ready")
_CONTAINER, _LAST_BYTE = "labkit-bench-bare", ".230"

_HEAD = """# Replacing a worker, and waking a lab

`benchmarks/replace.py` wrote this page from the samples in `benchmarks/replace-results.json`. Medians of interleaved
runs, with a bootstrap interval of 95 % where there are six runs or more; nothing here is a test.

A worker of a running lab of two is destroyed, and the clock starts once it is gone and named as the one to be replaced.
So there is neither in it how long an autoscaler takes to notice, which looks about once a second, nor the start of a
program. It stops when another one serves through the load
balancer in its place: made *from nothing* (the kit's cold start), or woken *from the warm pool*, whose worker was
booted once before and has slept since. For scale: AWS's example of warm pools has 243 s without, 36 s with (0.15 x).

## What was asked for
"""
_FOOT = """
How to measure again: `PYTHONPATH=. .venv/bin/python -m benchmarks.replace docker vagrant` (with `--quick`: once).

- *`docker run`* is typed with the image, bounds, network, mounts and settings of a worker, as `compose.yaml` has them;
  it is awaited at its own `/readyz`, without a load balancer. What the kit does beyond that: it looks what there is,
  writes down what is wanted, clears away what is dead, and tells the load balancer, which checks the worker once.
- *`docker start`* and *`docker unpause`* are the two ways in which a container can be kept for later, timed as `docker
  run` is. The warm pool keeps paused ones: of the two they are those that have the app running already.
- *Until it was started* (or *woken*) is until the engine said so, for a machine with its clock set; *from there until
  it was ready* is until its `/readyz` said yes and its source was the newest; the rest is the load balancer's.
- *Until it answers* is until the front door of the whole lab gave its first good answer after it began to wake;
  `lab wake` itself waits for the store and for every worker, and is typed, with the start of the program.
- *Load* is this computer's load average of a minute before each run; with runs back to back most of it is their own.
"""


def _row(what: str, substrate: str, part: str = "") -> str:
    return f"{what}, {substrate}{part and f': {part}'}"


COLD, WARM, SLEEP, WAKE = "replaced from nothing", "replaced from the warm pool", "lab sleep", "lab wake"
DEMANDS = (
    Demand("from nothing / `docker run`", _row(COLD, "docker"), 2.0, "x", BARE.name),
    Demand("warm / from nothing, machines", _row(WARM, "vagrant"), 0.3, "x", _row(COLD, "vagrant")),
    Demand("four machines answer after `lab wake`", _row(WAKE, "vagrant", "until it answers"), 15, "s"),
)


@click.command()
@click.argument("substrates", nargs=-1, type=click.Choice(registry.NAMES))
@click.option("--quick", is_flag=True, help="Once through, to see that it works.")
@click.option("--runs", type=click.IntRange(1, 50), help="How often each is measured.")
@click.option("--dry", is_flag=True, help="Keep nothing: print the page.")
def main(substrates: tuple[str, ...], quick: bool, runs: int | None, dry: bool) -> None:
    """Measures these substrates, and exits 1 where they are not as was asked for; without one, only writes the page."""
    sessions: dict[str, SessionJson] = records.read_json(RESULTS) or {}
    for substrate in substrates:
        sessions[substrate] = {"circumstances": circumstances_of(substrate), "rows": {}}
        for found in _measure(
            substrate, 1 if quick else runs or REPEATS[substrate], 0 if quick else WARM_UP[substrate]
        ):
            sessions[substrate]["rows"] |= rows_of(found)
            keep(RESULTS, sessions, PAGE, page(sessions, DEMANDS, _HEAD, _FOOT), dry=dry)
    keep(RESULTS, sessions, PAGE, page(sessions, DEMANDS, _HEAD, _FOOT), dry=dry)
    if dry:
        click.echo(page(sessions, DEMANDS, _HEAD, _FOOT))
    sys.exit(bool(missed({name: sessions[name] for name in substrates}, DEMANDS)))


def _measure(substrate: str, repeats: int, warm_up: int) -> Iterator[Mapping[Row, Samples]]:
    """The samples of a substrate's rows so far, after each run, on a lab that is removed afterwards."""
    with brought_up(LAB, substrate, "--workers", str(WORKERS)):
        await_lab(substrate)
        cases = [Case("cold", lambda: _cold(substrate)), Case("warm", lambda: _warm(substrate))]
        cases += [Case("bare", _bare)] if substrate == "docker" else []
        yield from interleaved([*cases, Case("sleep", lambda: _sleep(substrate))], repeats, reporter(), warm_up=warm_up)


def _cold(substrate: str) -> Mapping[Row, float]:
    """A successor made from nothing: there is no warm pool."""
    return _replaced(COLD, "started", fleet.fill_pool(deployment.load(LAB, substrate), 0, silent, deadline()))


def _warm(substrate: str) -> Mapping[Row, float]:
    """A successor from a warm pool, which was filled before the clock starts."""
    return _replaced(WARM, "woken", fleet.fill_pool(deployment.load(LAB, substrate), 1, silent, deadline()))


def _replaced(what: str, first: str, found: Deployment) -> Mapping[Row, float]:
    substrate, by = found.plan.substrate, deadline()
    victim = found.plan.workers()[-1].name
    found.substrate.destroy(LAB, victim, by)
    begun, steps = time.monotonic(), dict[str, float]()

    def note(step: str) -> None:
        steps.setdefault(in_general(step), time.monotonic() - begun)

    fleet.replace_dead(found, [victim], note, by)
    whole = time.monotonic() - begun
    started, ready = steps["waiting for worker"], steps["waiting for the load balancer"]
    return {
        Row(_row(what, substrate)): whole,
        Row(_row(what, substrate, f"until it was {first}")): started,
        Row(_row(what, substrate, "from there until it was ready")): ready - started,
        Row(_row(what, substrate, "from there until it served")): whole - ready,
    }


def in_general(step: str) -> str:
    """A step without whom it is about: `waiting for worker-3` is `waiting for worker`. Pure."""
    return re.sub(r"( to serve .*|-\d.*)$", "", step)


def _bare() -> Mapping[Row, float]:
    """The worker's image as a person runs it, beside the lab, at an address that the lab does not use; also kept for
    later in either way."""
    found, by = deployment.load(LAB, "docker"), deadline()
    worker = found.plan.workers()[0]
    address = worker.address.rpartition(".")[0] + _LAST_BYTE
    folder = paths.lab(LAB) / "docker"
    values = compose.parse((folder / "compose.yaml").read_text())
    in_lab = {"--network": [values["networks"]["lab"]["name"]], "--ip": [address]}
    argv = measure.run_argv(values, worker.name, folder, _CONTAINER, in_lab)
    ready = f"http://{address}:{WORKER_PORT}/readyz"

    def do(words: Sequence[str]) -> None:
        run(words, by=by)
        if words[1] in ("run", "start", "unpause"):
            _await_answer(ready)

    rows = dict[Row, float]()
    for row, (*before, last) in ways(argv).items():
        try:
            for words in before:
                do(words)
            rows[row] = seconds(partial(do, last))
        finally:
            run(["docker", "rm", "--force", "--volumes", _CONTAINER], by=by)
    return rows


def ways(argv: Sequence[str]) -> Mapping[Row, Sequence[Sequence[str]]]:
    """The commands that bring a worker into service, at once or kept for later; only the last is timed. Pure."""
    create = ["docker", "create", *argv[3:]]
    return {
        BARE: [argv],
        CREATED: [create, ["docker", "start", _CONTAINER]],
        PAUSED: [argv, ["docker", "pause", _CONTAINER], ["docker", "unpause", _CONTAINER]],
    }


def _sleep(substrate: str) -> Mapping[Row, float]:
    """The lab put to sleep, and woken: typed, and with the moment of its first good answer meanwhile."""
    found = fleet.fill_pool(deployment.load(LAB, substrate), 0, silent, deadline())
    asleep = lab("sleep", substrate, "--name", LAB)
    url = found.substrate.url(found.plan)
    with ThreadPoolExecutor(1) as beside:
        answer = beside.submit(seconds, lambda: _await_answer(f"{url}/readyz"))
        awake = lab("wake", substrate, "--name", LAB)
        answers = answer.result()
    return {
        Row(_row(SLEEP, substrate)): asleep,
        Row(_row(WAKE, substrate)): awake,
        Row(_row(WAKE, substrate, "until it answers")): answers,
    }


def _await_answer(url: str) -> None:
    by = deadline()

    def probe() -> str | None:
        return readiness.refusal(url, http.get(url, by.at_most(1, "one look")))

    await_until(probe, by, what=f"an answer of {url}", mend="read `lab status`", every_s=0.01)


if __name__ == "__main__":
    main()
