"""`lab compare`: from what was asked for to a kept report: gather, decide what is still to be measured, measure it."""

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from lab.comparison import catalogue, columns, labs, quiet, report, schedule, session, sheet, words
from lab.comparison.catalogue import ALL, BATCHES, Batch
from lab.comparison.columns import Place, Way
from lab.comparison.labs import Labs
from lab.comparison.measure import circumstances
from lab.comparison.probes.base import Ground, Probe
from lab.comparison.report import Column, Report
from lab.comparison.schedule import Task
from lab.comparison.session import Listeners, Progress
from lab.flows import artefacts, deployment
from lab.host import computer, lock, paths, usage
from lab.host.run import run
from lab.model.deadline import Deadline
from lab.model.errors import LabError, UsageError
from lab.model.node import Role, State
from lab.provision import layers
from lab.substrates import base, registry
from lab.substrates.base import CanMeasure, Substrate

_LOOK_S = 60.0
_SHORT = 8
_EMULATED = "tcg"
_EMULATION = (
    "here an emulator (TCG) plays the processor. Figures that depend on the processor are those of emulation, not of "
    "virtualisation."
)


@dataclass(frozen=True)
class Asked:
    """What was asked for: names of rows, of their groups, or `all`; none are the standard set. None leaves a choice to
    the kit, or to the comparison that is resumed. `lab` is what the labs made for it are called."""

    rows: tuple[str, ...] = ()
    repeats: int | None = None
    only: str | None = None
    folder: Path | None = None
    lab: str = labs.NAME


@dataclass(frozen=True)
class Plan:
    """What is to be done: `tasks` in order, kept in `folder`; `old` is the report there, which is resumed. `other` has
    the latest comparison, where that was interrupted and is of other rows or columns."""

    lab: str
    batches: tuple[Batch, ...]
    places: tuple[Place, ...]
    repeats: int | None
    folder: Path
    old: Report | None
    tasks: tuple[Task, ...]
    other: Path | None = None

    @property
    def seconds(self) -> float:
        """How long it is expected to take, without the building of what the labs are made from."""
        return schedule.left_s(schedule.coming(self.tasks, 0, {}, {}), {})

    @property
    def runs(self) -> int:
        """How many runs are expected to be made."""
        return sum(map(schedule.wanted, self.tasks))

    @property
    def substrates(self) -> list[str]:
        """The substrates on which labs are made."""
        return list(dict.fromkeys(task.place.substrate for task in self.tasks))


def plan(asked: Asked) -> Plan:
    """What `measure` would do. Raises UsageError for a row that there is not, and a report that cannot be read."""
    folder, old, other = _place(asked)
    known = {row.name for row in old.rows} if old else set()
    batches = _chosen(asked.rows) if asked.rows or not known else []
    batches = [one for one in BATCHES if one in batches or any(row.name in known for row in one.rows)]
    places = _places(asked, old)
    repeats = asked.repeats or (old.repeats if old else None)
    tasks = _tasks(batches, places, repeats, old)
    return Plan(asked.lab, tuple(batches), tuple(places), repeats, folder, old, tuple(tasks), other)


def _tasks(batches: Sequence[Batch], places: Sequence[Place], repeats: int | None, old: Report | None) -> list[Task]:
    """What is still to be measured, besides what a report that is resumed has already."""
    if old is None:
        return schedule.tasks(batches, places, repeats, {})
    each = [(batch, place.key) for batch in batches for place in places]
    done = {(batch.name, key): sheet.done(old, batch, key) for batch, key in each}
    told = {(batch.name, key): sheet.told(old, batch, key) for batch, key in each}
    return schedule.tasks(batches, places, repeats, done, told)


def _place(asked: Asked) -> tuple[Path, Report | None, Path | None]:
    """Where the report is kept, and what is there. Where none was named, that is the latest one if it was interrupted
    and is of what is asked for; the folder of one that was interrupted, and is of something else, is the third."""
    kept = sorted(_home().glob(f"*/{report.FILE}")) if asked.folder is None else []
    other = None
    if kept and not (latest := _latest(kept[-1])).complete:
        if _is_same(asked, latest):
            return kept[-1].parent, latest, None
        other = kept[-1].parent
    folder = asked.folder or _home() / datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
    check_folder(folder)
    return folder, report.load(folder) if (folder / report.FILE).exists() else None, other


def _latest(file: Path) -> Report:
    try:
        return report.load(file)
    except UsageError as error:
        mend = "remove it, or name another folder with --out"
        raise UsageError(error.message, where=error.where, mend=mend) from error


def _is_same(asked: Asked, latest: Report) -> bool:
    """Whether a comparison has the rows and the columns that are asked for, no more and no fewer."""
    rows = {row.name for batch in _chosen(asked.rows) for row in batch.rows}
    places = {place.key for place in _places(asked, None)}
    return rows == {row.name for row in latest.rows} and places == {column.key for column in latest.columns}


def check_folder(folder: Path) -> None:
    """Raises UsageError where nothing can be kept in a folder of this name."""
    if not computer.may_make(folder):
        mend = "name a folder that you may write to"
        raise UsageError("no report can be kept there: it is no folder, or not yours", where=str(folder), mend=mend)


def _home() -> Path:
    return paths.state() / "comparisons"


def askable() -> set[str]:
    """What can be asked for: rows, their groups, all."""
    return {ALL, *catalogue.Group, *(row.name for row in catalogue.ROWS)}


def _chosen(rows: Sequence[str]) -> list[Batch]:
    """The batches in which a row, or whose group, was named; the standard ones where nothing was."""
    if unknown := [name for name in rows if name not in askable()]:
        raise UsageError(
            f"there is no row {unknown[0]!r}",
            where="--rows",
            mend=f"choose among {', '.join([ALL, *catalogue.Group])}, or a row of them: {', '.join(_names())}",
        )
    if not rows:
        return [batch for batch in BATCHES if batch.is_standard]
    named = {ALL, *rows} if ALL in rows else {*rows}
    return [batch for batch in BATCHES if ALL in rows or any({row.name, row.group.value} & named for row in batch.rows)]


def _names() -> list[str]:
    """The rows, but for those that are a phase of one, or words."""
    return [row.name for row in catalogue.ROWS if row.phases_of is None and row.kind != "words"]


def _places(asked: Asked, old: Report | None) -> list[Place]:
    """The columns: those asked for and those that the resumed report has."""
    before = {column.key for column in old.columns} if old else set()
    found = columns.places([registry.get(name) for name in registry.NAMES], tuned=True)
    wanted = [place for place in found if place.substrate in (asked.only or place.substrate)]
    wanted = [place for place in wanted if ALL in asked.rows or place.way is not Way.TUNED]
    if old is not None and asked.only is None and not asked.rows:
        wanted = []
    return [place for place in found if place in wanted or place.key in before]


def impossible(made: Plan, probes: Mapping[str, Probe]) -> set[tuple[str, str]]:
    """The cells, by row and column, of which is known before there is a lab that they cannot be measured."""
    found: set[tuple[str, str]] = set()
    for task in made.tasks:
        key = task.place.key
        try:
            ground = Ground(task.place, made.lab, paths.cache(), lambda _: None)
            reasons = probes[task.batch.name].impossible(ground)
        except LabError:
            continue  # The probe asks the lab, and there is none yet.
        found |= {(row, key) for row in reasons}
    return found


@contextmanager
def beginning(made: Plan) -> Iterator[Report]:
    """The report that is to be filled, with what there is of it; for the block no other comparison is at work. What one
    that was killed has left is removed.

    Raises UsageError where another one is at work, where the report is of another computer or of other settings, or
    where there is a lab of that name.
    """
    labs.check_free(made.lab)
    with lock.held(paths.state() / "compare.lock", "compare"):
        # First: what still runs of it is not told as a lab of somebody's.
        labs.clear(made.lab, _scratch())
        begun = sheet.blank(made.batches, made.places, _about(made, _substrates(made)))
        if made.old is not None:
            begun = sheet.resumed(begun, made.old, made.batches, str(made.folder / report.FILE))
        yield begun


def _scratch() -> Path:
    return paths.cache() / "comparison"


def _substrates(made: Plan) -> list[Substrate]:
    return [registry.get(name) for name in registry.NAMES if name in {one.substrate for one in made.places}]


def measure(
    made: Plan, begun: Report, probes: Mapping[str, Probe], watch: Callable[[Progress], None], tell: base.Report
) -> Report:
    """The report of what was planned, kept in its folder after each run; what failed stands in it as failed. To be
    called in the block of `beginning`, which gave the report that was `begun`."""
    stage, before = Labs(made.lab, _scratch(), tell), usage.now()
    daemons = {name for one in _substrates(made) if isinstance(one, CanMeasure) for name in one.daemons}
    home = quiet.household(before, os.getpid(), daemons)
    begun_s = time.monotonic()

    def timed(found: Report) -> Report:
        return _timed(found, words.span_s(time.monotonic() - begun_s))

    # Each time: what was interrupted, or killed, took its time, too.
    to = Listeners(lambda found: report.save(timed(found), made.folder), watch, tell)
    found = timed(session.measure(begun, made.tasks, probes, stage, home, to))
    report.save(found, made.folder)
    return found


def _timed(found: Report, took: str) -> Report:
    """The report with how long this part took, beside those before it."""
    before = [found.host["took"]] if "took" in found.host else []
    return found.model_copy(update={"host": {**found.host, "took": " and ".join([*before, took])}})


def _about(made: Plan, substrates: Sequence[Substrate]) -> Report:
    """A report without rows: when, on what, with what."""
    settings = {one.name: _settings(one) for one in substrates}
    return Report(
        schema_version=report.SCHEMA_VERSION,
        made_at=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        host={**circumstances(), "kit": _version()},
        notes=tuple(_notes(made.places, settings)),
        repeats=made.repeats,
        columns=tuple(_column(place, settings) for place in made.places),
        rows=(),
        complete=False,
    )


def _column(place: Place, settings: Mapping[str, Mapping[str, str]]) -> Column:
    if place.way is Way.BARE:
        told = _of_this_computer() | _made_from(registry.get(place.substrate))
        return Column(key=place.key, title=place.title, settings=told)
    facts, engine = settings[place.substrate], registry.get(place.substrate)
    if facts and place.variant and isinstance(engine, CanMeasure):
        facts = engine.facts_with(facts, place.variant)
    return Column(key=place.key, title=place.title, substrate=place.substrate, settings=dict(facts))


def _of_this_computer() -> dict[str, str]:
    """With what a bare process is measured."""
    return {
        "engine": "none, a folder in place of an image (chroot)",
        "kernel": os.uname().release,
        "storage": computer.file_system(paths.cache()),
        "network": "this computer's own",
    }


def _settings(substrate: Substrate) -> Mapping[str, str]:
    """What the engine tells of itself, and what its workers are made from and run on; nothing where it does not answer,
    which its columns will say."""
    try:
        facts = substrate.facts(_soon())
    except LabError:
        return {}
    return {**facts, "host kernel": os.uname().release, **_made_from(substrate)}


def _made_from(substrate: Substrate) -> dict[str, str]:
    """Content keys, by the kit's files as they are now: of what `up` makes workers and the other nodes from, of what
    the topology says of these, and of the app. Short where nothing is called so: they stand in each title."""
    topology = deployment.read_topology(None)
    keys = {str(role): key for role, key in artefacts.keys(substrate, topology.versions).items()}
    worker = keys.pop(str(Role.WORKER))
    here = {**topology.model_dump(), "substrates": topology.substrates[substrate.name].model_dump()}
    app = layers.contents(paths.REPO / "app")
    told = {"other builds": keys, "topology": here, "app": app}
    return {"worker build": worker, **{name: layers.digest(value)[:_SHORT] for name, value in told.items()}}


def _notes(places: Sequence[Place], settings: Mapping[str, Mapping[str, str]]) -> list[str]:
    """What a reader has to know: emulation, and what else ran."""
    machines = [place for place in places if place.is_machine]
    emulated = [one.title for one in machines if settings[one.substrate].get("accelerator") == _EMULATED]
    found = [f"{' and '.join(emulated)}: {_EMULATION}"] if emulated else []
    return found + [f"{lab} ran meanwhile" for lab in _running()]


def _running() -> list[str]:
    """The other labs of which a node runs."""
    found = []
    for lab in deployment.names():
        for name in registry.NAMES:
            try:
                nodes = registry.get(name).nodes(lab, _soon())
            except LabError:
                continue
            found += [f"lab {lab} on {name}"] if any(node.state is State.RUNNING for node in nodes) else []
    return found


def _version() -> str:
    try:
        return run(["git", "describe", "--always", "--dirty"], by=_soon(), cwd=paths.REPO).out.strip()
    except LabError:
        return "not known"


def _soon() -> Deadline:
    return Deadline.after(_LOOK_S, f"one look: {_LOOK_S:.0f} s")
