"""Docker against Vagrant, in numbers: a comparison of the learner's own, whole, of enough runs, with what it costs."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import chain, count
from pathlib import Path
from statistics import median

from lab.comparison import report
from lab.comparison.measure import circumstances, other_computer
from lab.comparison.probes.bare import NEEDS_ROOT
from lab.comparison.report import Cell, Report
from lab.exercise.scene import Look, Scene
from lab.host import paths
from lab.substrates import registry

START, MEMORY, KERNEL = "start", "memory", "isolation-kernel"
ENOUGH = 3
NOTHING_YET = "There is no whole report of yours to look at yet: begin with the part above."
ROWS, MINE = "start,memory,isolation", "mine"
MEASURE = f"`lab compare --rows {ROWS} --repeat 3`"

Scenes = Mapping[str, Scene]


@dataclass(frozen=True)
class Found:
    """The reports that are there: measured here since the learner began, to the end or cut off; and those that were
    not, with why."""

    whole: list[Report]
    cut: list[Report]
    others: list[str]


def found(scene: Scene) -> Found:
    """The reports in the learner's folder, and those that `lab compare` keeps where it was named no folder."""
    files = [*scene.workspace.rglob(report.FILE), *(paths.state() / "comparisons").glob(f"*/{report.FILE}")]
    # Reports that lay there before are nobody's business, damaged ones among them.
    recent = [report.load(file) for file in files if file.stat().st_mtime >= scene.started_at]
    return sorted_out(recent, scene.started_at, circumstances())


def sorted_out(reports: list[Report], began_at: float, here: Mapping[str, str]) -> Found:
    """The reports by whose they are; `here` are the circumstances on this computer. Pure."""
    others = [why for one in reports if (why := _not_ours(one, began_at, here))]
    ours = [one for one in reports if not _not_ours(one, began_at, here)]
    return Found([one for one in ours if one.complete], [one for one in ours if not one.complete], others)


def _not_ours(one: Report, began_at: float, here: Mapping[str, str]) -> str:
    if differs := other_computer(one.host, here):
        return f"one of another computer: {differs}"
    # Written in whole seconds.
    if datetime.fromisoformat(one.made_at).timestamp() + 1 < began_at:
        return f"one that was measured at {one.made_at}, before you began"
    return ""


def test_a_comparison_of_your_own_is_there_and_whole(scene: Scene, look: Look) -> None:
    """A comparison that you measured on this computer has gone to its end"""
    look.at("the reports in {workspace}, and in the folder where `lab compare` keeps them otherwise")
    seen = found(scene)
    look.note(whole=len(seen.whole), cut=len(seen.cut), measure=measure(scene), go_on=comparing(ROWS, scene, MINE))
    look.expect(
        bool(seen.whole),
        saw=_saw(seen),
        expected="a report that was begun after you started this exercise, and is complete",
        says=_none(seen),
    )


def measure(scene: Scene) -> str:
    """What measures all of it, on the learner's kinds of servers, into a folder of its own."""
    return comparing(ROWS, scene, unused(scene.workspace, MINE))


def added(rows: str, scene: Scene) -> str:
    """What measures some rows on one kind of servers, in a report of its own."""
    return comparing(rows, scene, unused(scene.workspace, scene.substrate), alone=True)


def comparing(rows: str, scene: Scene, name: str, *, alone: bool = False) -> str:
    """The command that measures rows into the learner's folder of this name. Pure."""
    only = f" --only {scene.substrate}" if alone or len(scene.given.substrates) == 1 else ""
    return f"`lab compare --rows {rows} --repeat 3{only} --out workspace/in-numbers/{name}`"


def unused(folder: Path, name: str) -> str:
    """A name of something that is not in a folder yet: in one that is there, there may be nothing left to measure."""
    names = chain([name], (f"{name}-{number}" for number in count(2)))
    return next(one for one in names if not (folder / one).exists())


def _saw(seen: Found) -> str:
    told = [f"{len(ours)} that {what}" for ours, what in ((seen.whole, "is whole"), (seen.cut, "was cut off")) if ours]
    told += seen.others
    return "; ".join(told) or "no report"


def _none(seen: Found) -> str:
    if seen.cut:
        return (
            "This measurement was cut off before all rows had their turn. What it has is kept: type the same command "
            "again, with the same folder, and it goes on."
        )
    if seen.others:
        return (
            "These are somebody's figures, not yours: of another computer, or of another day. How long a start takes "
            f"depends on the processor, the disk, and what else runs. Measure it here: {MEASURE}."
        )
    return f"Nothing was measured yet. {MEASURE} does it, and --out says in which folder the report is kept."


def test_the_start_of_a_worker_was_measured_several_times(scenes: Scenes, look: Look) -> None:
    """The start of a worker was measured at least three times, on each kind of servers that you have"""
    look.at("the row start in your reports")
    for scene in scenes.values():
        reports = found(scene).whole
        cell = best(reports, scene.substrate, START)
        runs = len(cell.samples) if cell and cell.state == "measured" else 0
        look.note(start_runs=runs, start=added("start", scene))
        look.expect(
            runs >= ENOUGH,
            saw=_in_words(cell, scene.substrate, START),
            expected=f"{ENOUGH} runs or more on {scene.substrate}",
            says=_too_few(cell, scene.substrate) if reports else NOTHING_YET,
        )
        assert cell is not None
        seconds = _short(median(cell.samples))
        if registry.get(scene.substrate).has_own_kernel:
            look.note(machine_s=seconds)
        else:
            look.note(container_s=seconds)


def best(reports: list[Report], substrate: str, row: str) -> Cell | None:
    """What the reports have of a row for a worker that a substrate made from nothing; the one with most runs. Pure."""
    cells = []
    for one in reports:
        # A substrate's own way comes first; others are woken, or have another setting.
        columns = [column.key for column in one.columns if column.substrate == substrate]
        if columns and (line := one.row(row)) and columns[0] in line.cells:
            cells.append(line.cells[columns[0]])
    return max(cells, key=lambda cell: (cell.state == "measured", len(cell.samples), bool(cell.text)), default=None)


def _in_words(cell: Cell | None, substrate: str, row: str) -> str:
    if cell is None:
        return f"no {row} on {substrate}"
    if cell.state != "measured":
        return f"{row} on {substrate}: {cell.state}, {cell.reason}"
    if cell.text:
        return f"{row} on {substrate}: {cell.text}"
    return f"{row} on {substrate}: {len(cell.samples)} run{'s' if len(cell.samples) != 1 else ''}"


def _too_few(cell: Cell | None, substrate: str) -> str:
    if cell is None:
        return f"Your report says nothing of a start on {substrate}. The row is called start: {MEASURE}."
    if cell.state != "measured":
        return f"This could not be measured: {cell.reason}. `lab doctor` says what {substrate} needs."
    return (
        "A number that was measured once is a story: nobody knows whether it takes that long, or took that long. With "
        "three runs you see how far they lie apart. --repeat says how often; name the same folder, and runs are added."
    )


def test_the_memory_of_a_worker_was_measured(scenes: Scenes, look: Look) -> None:
    """The memory of a worker was measured, on each kind of servers that you have, as far as you may"""
    look.at("the row memory in your reports")
    for scene in scenes.values():
        reports = found(scene).whole
        cell = best(reports, scene.substrate, MEMORY)
        is_known = cell is not None and (cell.state == "measured" or cell.reason == NEEDS_ROOT)
        look.note(memory=is_known, add_memory=added(MEMORY, scene))
        look.expect(
            is_known,
            saw=_in_words(cell, scene.substrate, MEMORY),
            expected=f"the memory of one worker on {scene.substrate}, or that it {NEEDS_ROOT}",
            says="You know how long it takes to get a server, and not what it costs to keep one: how many fit on this "
            f"computer? The row is called memory: {MEASURE}."
            if reports
            else NOTHING_YET,
        )
        assert cell is not None
        if cell.state != "measured":
            continue  # The processes are another user's, and this one may not look at them.
        megabytes = _short(median(cell.samples) / 1e6)
        if registry.get(scene.substrate).has_own_kernel:
            look.note(machine_mb=megabytes)
        else:
            look.note(container_mb=megabytes)


def _short(number: float) -> float:
    return float(f"{number:.3g}")


def test_you_saw_what_the_price_buys(scenes: Scenes, look: Look) -> None:
    """The report tells what keeps a worker apart from the rest, as seen from inside"""
    look.at("the rows of isolation in your reports")
    for scene in scenes.values():
        reports = found(scene).whole
        cell = best(reports, scene.substrate, KERNEL)
        look.note(isolation=cell is not None and bool(cell.text), add_isolation=added("isolation", scene))
        look.expect(
            cell is not None and bool(cell.text),
            saw=_in_words(cell, scene.substrate, KERNEL),
            expected=f"what a worker sees from inside on {scene.substrate}",
            says="Your report has what it costs and not what you get for it. The rows that tell what separates a "
            f"worker from its neighbours are called isolation: {MEASURE}."
            if reports
            else NOTHING_YET,
        )
