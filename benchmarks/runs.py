"""What is timed: typed commands, plain tools with the wait for readiness that `lab up` has, and one worker alone."""

import os
import signal
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import click

from benchmarks.interleaved import Case, Row
from lab.comparison import belongings
from lab.comparison.measure import circumstances, seconds
from lab.comparison.phases import BOOT, CREATE, READY, SERVICE, SOURCE, START, TOOL, Made
from lab.comparison.probes.start import born_s, marks_of
from lab.comparison.probes.worker import await_absence, await_answer
from lab.flows import deployment, readiness, workers
from lab.flows.deployment import Deployment
from lab.host import paths, processes, records
from lab.host.run import run
from lab.model.deadline import Deadline
from lab.model.node import NodeName, Role
from lab.substrates import registry

LAB = "bench"
RUN_S = 2400
WORKER = NodeName(Role.WORKER, 1)


def deadline() -> Deadline:
    """What one run may take."""
    return Deadline.after(RUN_S, f"one run: {RUN_S} s")


def circumstances_of(substrate: str) -> dict[str, str]:
    """On what and when a substrate is measured, and with which version of the kit."""
    return {**circumstances(), **registry.get(substrate).facts(deadline()), "commit": commit()}


# What measuring itself writes. With that, the second of two parts would not be of a known version any more.
_WRITTEN = (":(exclude)docs", ":(exclude)benchmarks/*results.json")


def commit() -> str:
    """The version of the kit, with `-dirty` where files that belong to it were changed since."""
    name = run(["git", "describe", "--always"], by=deadline(), cwd=paths.REPO).out.strip()
    changes = ["git", "diff", "--quiet", "HEAD", "--", ".", *_WRITTEN]
    differs = run(changes, by=deadline(), cwd=paths.REPO, ok={0: "the same", 1: "changed"}).status
    return f"{name}-dirty" if differs else name


def say(step: str) -> None:
    """Tells whoever waits for a benchmark how far it is."""
    click.echo(f"{datetime.now(UTC):%H:%M:%S}  {step}", err=True)


def lab(*words: str) -> float:
    """Seconds that a `bin/lab` command took, typed as a person would; it must succeed."""
    return seconds(lambda: run([str(paths.REPO / "bin" / "lab"), *words], by=deadline()))


@contextmanager
def brought_up(name: str, substrate: str, *words: str) -> Iterator[None]:
    """A lab for the block, brought up with these words; it is gone with its data after it, whatever came of it."""
    say(f"{substrate}: bringing lab {name} up {' '.join(words)}")
    try:
        lab("up", substrate, *words, "--name", name)
        yield
    finally:
        lab("destroy", substrate, "--volumes", "--yes", "--name", name)


def keep(results: Path, sessions: object, page: Path, text: str, *, dry: bool) -> None:
    """Keeps the figures and the page written from them: also what who is interrupted later has found by now."""
    if not dry:
        records.write_json(results, sessions)
        records.write(page, text)


def plain(argv: Sequence[str], folder: Path, substrate: str) -> float:
    """Seconds that a plain tool took, with the same wait for readiness that `lab up` has."""

    def both() -> None:
        run(argv, by=deadline(), cwd=folder)
        await_lab(substrate)

    return seconds(both)


def clear_containers(found: Deployment) -> None:
    """Destroys the nodes alone: network and volumes, which Compose would need too, stay as `lab up` prepared them."""
    for spec in found.plan.nodes:
        found.substrate.destroy(LAB, spec.name, deadline())


def await_workers(found: Deployment, names: Sequence[NodeName]) -> None:
    """Returns once these workers are ready and serve through the load balancer."""
    for name in names:
        readiness.await_node(found, name, silent, deadline())
    readiness.await_serving(found, names, silent, deadline())


def await_lab(substrate: str) -> None:
    """Returns once all nodes of the lab are ready and serve through the load balancer."""
    found, by = deployment.load(LAB, substrate), deadline()
    for spec in found.plan.awake():
        readiness.await_node(found, spec.name, silent, by)
    readiness.await_serving(found, [spec.name for spec in found.plan.workers()], silent, by)


def silent(_step: str) -> None:
    """Hears of a step and says nothing: what is measured is told as a whole."""


def compose() -> list[str]:
    """The Compose that this computer has: the plugin of today, or Debian 12's program."""
    told = run(["docker", "compose", "version"], by=deadline(), ok=dict.fromkeys(range(256), "told"))
    return ["docker", "compose"] if told.status == 0 else ["docker-compose"]


def commands(substrate: str) -> list[Case]:
    """What a person types most, and what must not wait for a node that does not answer."""

    def status_with_a_silent_node() -> Mapping[Row, float]:
        frozen = belongings.of_node(deployment.load(LAB, substrate), WORKER)
        _signal(frozen, signal.SIGSTOP)
        try:
            return {Row(f"lab status, a node of {substrate} silent"): lab("status", substrate, "--name", LAB)}
        finally:
            _signal(frozen, signal.SIGCONT)

    return [
        # Artefacts are built before the clock starts: there is nothing to do.
        Case("build", lambda: {Row(f"lab build, unchanged, {substrate}"): lab("build", substrate)}),
        Case("help", lambda: {Row("lab --help"): lab("--help")}),
        Case("status", lambda: {Row(f"lab status, {substrate}"): lab("status", substrate, "--name", LAB)}),
        Case("status with a silent node", status_with_a_silent_node),
    ]


def _signal(pids: Iterable[int], number: signal.Signals) -> None:
    for pid in pids:
        os.kill(pid, number)


def worker_alone(substrate: str) -> Case:
    """A worker from nothing to its first answer through the load balancer, phase by phase."""

    def once() -> Mapping[Row, float]:
        found, by = deployment.load(LAB, substrate), deadline()
        found.substrate.destroy(LAB, WORKER, by)
        await_absence(found, WORKER, by)
        begun_s, steps = processes.now_s(), dict[str, float]()

        def note(step: str) -> None:
            steps.setdefault(" ".join(step.split()[:3]), processes.now_s())

        workers.replace(found, WORKER, note, by)
        await_answer(found, WORKER, by)
        answered_s, ready_s = processes.now_s(), steps["waiting for the"]
        has_own_kernel = found.substrate.has_own_kernel
        script_s, source_s = marks_of(found.reach(WORKER), by, own_clock=has_own_kernel)
        # No tool is typed: the kit asks the engine itself.
        made = Made(begun_s, 0.0, born_s(found, WORKER), script_s, source_s, ready_s, answered_s, answered_s)
        idle = f"{_alone(substrate)}: each of its processors had nothing to do"
        return alone_rows(substrate, made) | ({Row(idle): _idle_s(found, by)} if has_own_kernel else {})

    return Case("a worker alone", once)


def _alone(substrate: str) -> str:
    return f"a worker alone, {substrate}"


def alone_rows(substrate: str, made: Made) -> dict[Row, float]:
    """The comparison's phases of a start under the names that the page has had from the beginning: what comes before
    the start script is one row. Pure."""
    alone, phases = _alone(substrate), made.phases()
    return {
        Row(alone): phases[START],
        Row(f"{alone}: until its start script began"): phases[TOOL] + phases[CREATE] + phases[BOOT],
        Row(f"{alone}: from there until it had the source"): phases[SOURCE],
        Row(f"{alone}: from there until it was ready"): phases[READY],
        Row(f"{alone}: from there until it answered through the load balancer"): phases[SERVICE],
    }


def _idle_s(found: Deployment, by: Deadline) -> float:
    """Seconds since its boot in which a machine's processors waited, on average."""
    told = found.reach(WORKER).run(["sh", "-c", "cat /proc/uptime; nproc"], by).out.split()
    return float(told[1]) / int(told[2])
