"""Measures what was asked for, run by run: interleaved, kept after each run; what fails is told, and left behind."""

import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol

from lab.comparison import quiet, schedule, sheet, words
from lab.comparison.catalogue import Batch
from lab.comparison.columns import Place
from lab.comparison.probes.base import Ground, Probe, Seen, Value
from lab.comparison.quiet import Household
from lab.comparison.report import Report
from lab.comparison.schedule import Name, Task, Turn
from lab.comparison.sheet import Run
from lab.host import usage
from lab.model.deadline import Deadline
from lab.model.errors import LabError
from lab.substrates import base

_PATIENCE, _PATIENCE_S = 10, 300.0
"""A run may take this many times what the catalogue expects, and so many seconds at least."""


class Stage(Protocol):
    """Where columns are measured: it has the labs, and sees to it that only the column measured is awake."""

    def at(self, place: Place) -> Ground:
        """The ground of a column, ready to be measured on; all others sleep. Raises LabError."""

    def mend(self, place: Place) -> None:
        """Brings the column's lab back to what it was, after a run that failed. Raises LabError."""

    def close(self) -> None:
        """Removes all that was made. Raises LabError."""


@dataclass(frozen=True)
class Progress:
    """How far it is: runs done and to be done, the seconds that are left, and what is being measured."""

    done: int
    runs: int
    left_s: float
    doing: str


@dataclass(frozen=True)
class Listeners:
    """Who hears of it: `keep` of the report after each run, `watch` of the progress, `report` of each step in words."""

    keep: Callable[[Report], None]
    watch: Callable[[Progress], None]
    report: base.Report


def measure(
    report: Report, tasks: Sequence[Task], probes: Mapping[str, Probe], stage: Stage, home: Household, to: Listeners
) -> Report:
    """The report with these tasks measured, by the probes of their batches' names. What fails stands in it as failed.

    Whoever interrupts it has what was kept until then. What was made is removed in the end, whatever happens.
    """
    session = _Session(report, tasks, probes, stage, home, to)
    try:
        session.run()
        session.keep(session.report.model_copy(update={"complete": True}))
    finally:
        session.close()
    return session.report


@dataclass
class _Session:
    report: Report
    tasks: Sequence[Task]
    probes: Mapping[str, Probe]
    stage: Stage
    home: Household
    to: Listeners
    took: dict[Name, list[float]] = field(default_factory=dict)
    # What the first row told, where that is a time.
    own: dict[Name, list[float]] = field(default_factory=dict)
    made: Counter[Name] = field(default_factory=Counter)
    # Runs that were discarded.
    warmed: Counter[Name] = field(default_factory=Counter)
    opened: set[str] = field(default_factory=set)
    prepared: dict[tuple[str, str], Ground] = field(default_factory=dict)
    # What there is nothing more to be measured of: tasks, and whole substrates.
    over: set[tuple[str, str]] = field(default_factory=set)
    lost: set[str] = field(default_factory=set)
    # Cells that others of their row were measured before: no longer any, once that has been noted.
    late: frozenset[tuple[str, str]] = frozenset()
    step: int = 0

    def run(self) -> None:
        self.late = sheet.late(self.report)
        self.keep(self.report)
        for step in schedule.steps(self.tasks):
            self.step = step
            turn = schedule.turn(self.tasks, step, self.took, self.made, self.own, self.warmed)
            if turn.runs and self._is_open(turn):
                self._take(turn)

    def _is_open(self, turn: Turn) -> bool:
        return turn.task.name not in self.over and turn.task.place.substrate not in self.lost

    def _take(self, turn: Turn) -> None:
        task = turn.task
        self._tell(task)
        ground = self._ground(task.place)
        if ground is None:
            return
        try:
            with _in_our_words():
                if self._is_ready(task, ground):
                    self._runs(turn, ground)
        except LabError as error:
            self._fail(task, error)

    def _ground(self, place: Place) -> Ground | None:
        """The column's ground; None where there is none, so that nothing can be measured in it."""
        try:
            with _in_our_words():
                ground = self.stage.at(place)
        except LabError as error:
            self._lose(place, error)
            return None
        self.opened.add(place.substrate)
        return ground

    def _is_ready(self, task: Task, ground: Ground) -> bool:
        """Whether the task can be measured, with all there that its runs need."""
        if task.name in self.prepared:
            return True
        probe = self.probes[task.batch.name]
        reasons = probe.impossible(ground)
        if reasons:
            self.keep(sheet.impossible(self.report, task.place.key, reasons))
        if reasons.keys() >= {row.name for row in task.batch.rows}:
            self.over.add(task.name)
            return False
        self.prepared[task.name] = ground
        probe.prepare(ground, _deadline(task))
        return True

    def _runs(self, turn: Turn, ground: Ground) -> None:
        task = turn.task
        for number in range(turn.warm_ups + turn.runs):
            self._tell(task)
            before, load = usage.now(), os.getloadavg()[0]
            values = self.probes[task.batch.name].once(ground, _deadline(task))
            after = usage.now()
            self.took.setdefault(task.name, []).append(after.at - before.at)
            self.own.setdefault(task.name, []).extend(_own_s(task.batch, values))
            if number < turn.warm_ups:
                self.warmed[task.name] += 1
                continue
            others = quiet.others(self.home, before, after, os.cpu_count() or 1)
            self.made[task.name] += 1
            self._add(task.place.key, Run(values, load, others))

    def _add(self, key: str, run: Run) -> None:
        report = sheet.measured(self.report, key, run)
        if any((name, key) in self.late for name in run.values):
            report, self.late = sheet.put_together(report), frozenset()
        self.keep(report)

    def _tell(self, task: Task) -> None:
        coming = schedule.coming(self.tasks, self.step, self.took, self.made, self.own, self.warmed)
        coming = [turn for turn in coming if self._is_open(turn)]
        done, left = sum(map(len, self.took.values())), sum(turn.runs + turn.warm_ups for turn in coming)
        doing = f"{task.place.title}: {task.batch.name}"
        self.to.watch(Progress(done, done + left, schedule.left_s(coming, self.took, self.opened), doing))

    def _fail(self, task: Task, error: LabError) -> None:
        """Leaves a task behind, and goes on with the others of its column if its lab can be mended."""
        self.over.add(task.name)
        self.keep(sheet.failed(self.report, task.place.key, task.batch.rows, _reason(error)))
        self.to.report(f"{task.place.title}: {task.batch.name} failed, and the rest goes on: {error.message}")
        try:
            self.stage.mend(task.place)
        except LabError as worse:
            self._lose(task.place, worse)

    def _lose(self, place: Place, error: LabError) -> None:
        """Gives up all columns that need the lab of this one: what was not measured to the end in them failed."""
        self.lost.add(place.substrate)
        titles = dict.fromkeys(task.place.title for task in self.tasks if task.place.substrate == place.substrate)
        self.to.report(f"{', '.join(titles)} failed, and the rest goes on: {error.message}")
        for task in self.tasks:
            wanted = schedule.wanted(task, self.took.get(task.name, ()), self.own.get(task.name, ()))
            is_whole = self.made[task.name] >= wanted
            if task.place.substrate == place.substrate and task.name not in self.over and not is_whole:
                self.keep(sheet.failed(self.report, task.place.key, task.batch.rows, _reason(error)))

    def keep(self, report: Report) -> None:
        self.report = report
        self.to.keep(report)

    def close(self) -> None:
        """Removes what was made, all of it: what fails at that is told, and hides nothing."""
        by = Deadline.after(_PATIENCE_S, f"clearing away: {_PATIENCE_S:.0f} s")
        steps: list[Callable[[], None]] = [self.stage.close]
        steps += [partial(self.probes[batch].clear, ground, by) for (batch, _), ground in self.prepared.items()]
        for step in reversed(steps):
            try:
                step()
            except LabError as error:
                self.to.report(f"could not clear away: {error}")


@contextmanager
def _in_our_words() -> Iterator[None]:
    """What this computer refuses, a file that is gone for example, fails what is measured and not all the rest."""
    try:
        yield
    except OSError as error:
        where = str(error.filename or "this computer")
        raise LabError(error.strerror or str(error), where=where, mend="measure it again") from error


def _deadline(task: Task) -> Deadline:
    seconds = max(_PATIENCE_S, _PATIENCE * task.run_s)
    return Deadline.after(seconds, f"{task.batch.name}, one run: {seconds:.0f} s")


def _reason(error: LabError) -> str:
    # An engine's own words may have colours.
    return words.printable(f"{error.message} ({error.where})")


def _own_s(batch: Batch, values: Mapping[str, Value]) -> list[float]:
    """The seconds that the first of the rows tells of a run; none where it tells no time."""
    told = values.get(batch.rows[0].name)
    number = told.value if isinstance(told, Seen) else told
    return [number] if batch.is_time and isinstance(number, int | float) else []
