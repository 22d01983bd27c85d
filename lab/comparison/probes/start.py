"""Rows of a worker's start, phase by phase, and of its polite end."""

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Event

from lab.comparison import belongings
from lab.comparison.columns import Way
from lab.comparison.measure import seconds
from lab.comparison.phases import BOOT, CREATE, READY, SERVICE, SOURCE, START, TOOL, Made, Woken, marks
from lab.comparison.probes import bare
from lab.comparison.probes.base import Ground, Seen, Value
from lab.comparison.probes.worker import (
    APART,
    VERB,
    Keeper,
    await_absence,
    await_answer,
    await_known,
    await_ready,
    measured,
    often_s,
    stands_apart,
    url_of,
)
from lab.flows import deployment, fleet
from lab.flows.deployment import Deployment
from lab.flows.fleet import ScaleIn
from lab.host import processes
from lab.host.wait import await_until
from lab.model.deadline import Deadline
from lab.model.errors import LabError
from lab.model.node import NodeName
from lab.substrates.base import Reach

STOP = "stop"
_ROWS = (START, TOOL, CREATE, BOOT, SOURCE, READY, SERVICE, STOP)
_MARKS = ["sh", "-c", "cat /run/app/marks /proc/uptime"]
# The first way in opens a connection; the quickest of the others tells a machine's clock best.
_LOOKS = 4
# To look at all processes costs this computer some milliseconds; when one began is told exactly afterwards.
_BORN_EVERY_S = 0.1
_TAIL = "it ended {:.1f} s after the worker served, which is counted nowhere"
_THERE = "its process waits for the word to start, and does all else itself: its fence is in the phase of the boot"
_NO_SERVICE = "until it is ready: it stands beside the lab, without a load balancer"
# The load balancer forgets who is put to sleep, and not who is destroyed and made anew. To tell it again is work of the
# lab, which would stand in one column alone.
_TOLD = "the lab took {:.1f} s to tell the load balancer of it, which knows the others: that is not counted"
_UNTYPED = (
    "no tool is typed: it is what the kit looks at and writes down before and, once the site answers, what is left of "
    "setting its clock"
)
_RUNS_AGAIN = "nothing boots: until the machine is seen to run again, at the latest by an answer of its site"
_LATER = (
    "it slept with the source that it had: this is a look at the newest, and whether it reaches the store, and comes "
    "after it is ready"
)
_FROM_KNOWN = "from when the load balancer was told of it, after the source"


class Start:
    """A worker from the wish for it until it serves, and the time that it takes to end politely.

    Made from nothing it is typed as a person would: `docker run`, `vagrant up`. One of the warm pool was put to sleep
    just before, and is woken as an autoscaler does. A bare process is started by this program.
    """

    name = "start"

    def __init__(self, keeper: Keeper) -> None:
        self._keeper = keeper

    def impossible(self, ground: Ground) -> Mapping[str, str]:
        if ground.place.way is Way.WARM:
            return {STOP: "it is put to sleep again instead"}
        if ground.place.way is not Way.BARE:
            return dict.fromkeys(_ROWS, APART) if stands_apart(ground) else {}
        if why := bare.impossible(ground.place):
            return dict.fromkeys(_ROWS, why)
        return {SERVICE: "it stands beside the lab, without a load balancer"}

    def prepare(self, ground: Ground, by: Deadline) -> None:
        bare.prepare(ground, by)

    def once(self, ground: Ground, by: Deadline) -> Mapping[str, Value]:
        if ground.place.way is Way.BARE:
            return _bare(ground, by)
        with self._keeper.whole(ground):
            if ground.place.way is Way.WARM:
                return _told(_woken(ground, self._keeper.set(ground, by), by))
            found = _made(ground, by)
        self._keeper.note(ground, ground.place.variant)
        return found

    def clear(self, ground: Ground, by: Deadline) -> None:
        """Nothing: the tree of a bare process goes with the column's scratch folder."""


def _made(ground: Ground, by: Deadline) -> Mapping[str, Value]:
    lab = ground.deployment()
    name, engine = measured(lab), belongings.measurable(lab)
    with deployment.changing(lab.lab, VERB, by):
        stop_s = seconds(lambda: lab.substrate.stop(lab.lab, name, by))
        lab.substrate.destroy(lab.lab, name, by)
        await_absence(lab, name, by)
        lab.substrate.prepare(lab.plan, by)
        with _lookout(lab, name, by) as looked:
            typed = engine.type_start(lab.plan, name, by, ground.place.variant)
            seen = looked.result()
        engine.bound(lab.plan, name, by, holds=True)
    begun_s, source_s = marks_of(lab.reach(name), by, own_clock=lab.substrate.has_own_kernel)
    first_s = born_s(lab, name)
    made = Made(typed.asked_s, typed.tool_s, first_s, begun_s, source_s, seen.ready_s, seen.served_s, typed.ended_s)
    phases, tail = made.phases(), _TAIL.format(made.tail_s) if made.tail_s else ""
    return {**phases, TOOL: Seen(phases[TOOL], tail), STOP: stop_s}


def _bare(ground: Ground, by: Deadline) -> Mapping[str, Value]:
    with bare.running(ground, by) as process:
        process.await_ready(by)
        ready_s = processes.now_s()
        begun_s, source_s = marks_of(process.reach, by, own_clock=False)
        asked_s = process.asked_s
        made = Made(asked_s, 0.0, asked_s, begun_s, source_s, ready_s, ready_s, asked_s)
        stop_s = seconds(lambda: process.stop(by))
    phases = made.phases()
    del phases[SERVICE]
    return {**phases, START: Seen(phases[START], _NO_SERVICE), CREATE: Seen(phases[CREATE], _THERE), STOP: stop_s}


def _woken(ground: Ground, lab: Deployment, by: Deadline) -> Woken:
    name, steps = measured(lab), dict[str, float]()
    lab = fleet.shrink(lab, name, ScaleIn.SLEEP, 0, ground.report, by)

    def note(step: str) -> None:
        steps.setdefault(step.split()[0], processes.now_s())

    with _lookout(lab, name, by, is_forgotten=True) as looked:
        asked_s = processes.now_s()
        lab, names = fleet.launch(lab, 1, note, by)
        fresh_s = processes.now_s()
        if names != (name,) or "waking" not in steps:
            mend = f"measure it again; {lab.typed('status @')}"
            raise LabError(f"{name} was to be woken, and was not", where=f"lab {lab.lab}", mend=mend)
        lab = fleet.admit(lab, names, ground.report, by)
        seen = looked.result()
    called_s, awake_s = steps["waking"], steps["waiting"]
    return Woken(asked_s, called_s, born_s(lab, name), awake_s, seen.ready_s, fresh_s, seen.known_s, seen.served_s)


def _told(woken: Woken) -> Mapping[str, Value]:
    """The phases of a worker that was woken, each that is not what it is elsewhere with what it is. Pure."""
    said = {TOOL: _UNTYPED, BOOT: _RUNS_AGAIN, SOURCE: _LATER, SERVICE: _FROM_KNOWN}
    notes = {START: _TOLD.format(woken.told_s), **said}
    return {row: Seen(took_s, notes.get(row, "")) for row, took_s in woken.phases().items()}


def born_s(lab: Deployment, name: NodeName) -> float:
    """When a worker's first process on this computer started, in seconds since the boot."""
    found_s = processes.first_started_s(belongings.of_node(lab, name))
    if found_s is None:
        raise LabError(f"{name} serves, and has no process", where=f"lab {lab.lab}", mend="measure it again")
    return found_s


@dataclass(frozen=True)
class Looked:
    """When a worker was ready at its own door, the load balancer knew it, and the front door gave an answer of it:
    seconds since the boot."""

    ready_s: float
    known_s: float
    served_s: float


@contextmanager
def _lookout(
    lab: Deployment, name: NodeName, by: Deadline, *, is_forgotten: bool = False
) -> Iterator["Future[Looked]"]:
    """Looks for a worker, from a thread of its own, as long as the block lasts: a command may go on when it serves. One
    that `is_forgotten` the load balancer has to be told of meanwhile."""
    over = Event()
    with ThreadPoolExecutor(1) as beside:
        try:
            yield beside.submit(_look, lab, name, by, over.is_set, is_forgotten=is_forgotten)
        finally:
            over.set()


def _look(lab: Deployment, name: NodeName, by: Deadline, given_up: Callable[[], bool], *, is_forgotten: bool) -> Looked:
    # Whoever asks an address that nobody has yet may wait a second for the next try (arp(7), retrans_time_ms).
    def probe() -> str | None:
        return None if given_up() or belongings.of_node(lab, name) else "no process"

    await_until(probe, by, what=f"the first process of {name}", mend="read `lab status`", every_s=_BORN_EVERY_S)
    await_ready(url_of(lab, name), by, given_up, often_s(lab))
    ready_s = processes.now_s()
    # Else it is known, and to ask for that would take from the time that is measured.
    if is_forgotten:
        await_known(lab, name, by, given_up)
    known_s = processes.now_s()
    await_answer(lab, name, by, given_up)
    return Looked(ready_s, known_s, processes.now_s())


def marks_of(reach: Reach, by: Deadline, *, own_clock: bool) -> tuple[float, float]:
    """When the start script of a running worker began, and had the source, in seconds since this computer's boot."""
    best: tuple[float, tuple[float, float]] | None = None
    for _ in range(_LOOKS if own_clock else 1):
        asked_s = processes.now_s()
        told = reach.run(_MARKS, by).out
        answered_s = processes.now_s()
        found = marks(told, asked_s, answered_s, own_clock=own_clock)
        if best is None or answered_s - asked_s < best[0]:
            best = answered_s - asked_s, found
    assert best is not None
    return best[1]
