"""A session: the order of what is done, what is kept, and what becomes of failures. Nothing here is an engine."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from lab.comparison import quiet, schedule, session, sheet
from lab.comparison.catalogue import Cost
from lab.comparison.columns import Place
from lab.comparison.probes.base import Ground, Value
from lab.comparison.report import Report
from lab.comparison.session import Listeners, Progress
from lab.host import usage
from lab.model.deadline import Deadline
from lab.model.errors import LabError
from tests.unit.comparison.test_schedule import BOX, COLD, WARM, batch
from tests.unit.comparison.test_sheet import ABOUT

A = batch("a", Cost(container=1, machine=9, woken=3))
B = batch("b", Cost(container=1, machine=9, woken=3))
NOBODY = quiet.household(usage.Usage(0, {}, 0), 0, [])


class Broken(LabError):
    def __init__(self, what: str) -> None:
        super().__init__(what, where="there", mend="mend it")


@dataclass
class Told:
    """What was done, in order, and what was heard."""

    done: list[str] = field(default_factory=list)
    kept: list[Report] = field(default_factory=list)
    progress: list[Progress] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    def listeners(self) -> Listeners:
        return Listeners(self.kept.append, self.progress.append, self.said.append)


@dataclass
class Counting:
    """A probe that counts its runs, and fails at those numbered in `fails`."""

    name: str
    told: Told
    fails: Mapping[str, int] = field(default_factory=dict)
    reasons: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    unprepared: str = ""
    stubborn: bool = False
    runs: dict[str, int] = field(default_factory=dict)

    def impossible(self, ground: Ground) -> Mapping[str, str]:
        return self.reasons.get(ground.place.key, {})

    def prepare(self, ground: Ground, by: Deadline) -> None:
        assert by.left() > 0
        self.told.done.append(f"prepare {self.name} {ground.place.key}")
        if ground.place.key == self.unprepared:
            raise Broken("nothing there")

    def once(self, ground: Ground, by: Deadline) -> Mapping[str, Value]:
        assert by.left() > 0
        number = self.runs[ground.place.key] = self.runs.get(ground.place.key, 0) + 1
        self.told.done.append(f"{self.name} {ground.place.key}")
        if self.fails.get(ground.place.key) == number:
            raise Broken(f"run {number} broke")
        return {self.name: float(number)}

    def clear(self, ground: Ground, by: Deadline) -> None:
        assert by.left() > 0
        self.told.done.append(f"clear {self.name} {ground.place.key}")
        if self.stubborn:
            raise Broken("it sticks")


@dataclass
class Ready:
    """A stage that is always ready, but for the substrates named."""

    told: Told
    away: tuple[str, ...] = ()
    unmendable: tuple[str, ...] = ()

    def at(self, place: Place) -> Ground:
        if place.substrate in self.away:
            raise Broken(f"no {place.substrate}")
        return Ground(place, "compare", Path("/nowhere"), self.told.said.append)

    def mend(self, place: Place) -> None:
        self.told.done.append(f"mend {place.key}")
        if place.substrate in self.unmendable:
            raise Broken("beyond repair")

    def close(self) -> None:
        self.told.done.append("close")


def _measured(
    told: Told, stage: Ready, *probes: Counting, repeats: int = 2, places: tuple[Place, ...] = (BOX, COLD)
) -> Report:
    batches = [one for one in (A, B) if one.name in {probe.name for probe in probes}]
    tasks = schedule.tasks(batches, places, repeats, {})
    blank = sheet.blank(batches, places, ABOUT)
    return session.measure(blank, tasks, {one.name: one for one in probes}, stage, NOBODY, told.listeners())


def _cells(report: Report) -> dict[tuple[str, str], tuple[str, str, tuple[float, ...]]]:
    return {
        (row.name, key): (cell.state, cell.reason, cell.samples)
        for row in report.rows
        for key, cell in row.cells.items()
        if key in ("box", "cold")
    }


def test_columns_are_interleaved_with_their_warm_up_discarded() -> None:
    told = Told()
    report = _measured(told, Ready(told), Counting("a", told))
    runs = [step for step in told.done if step.startswith("a ")]
    # The machine slept meanwhile, and is warmed up once more.
    assert runs == ["a box", "a box", "a cold", "a cold", "a box", "a cold", "a cold"]
    assert _cells(report) == {("a", "box"): ("measured", "", (2.0, 3.0)), ("a", "cold"): ("measured", "", (2.0, 4.0))}
    assert report.complete
    assert told.done[-3:] == ["clear a cold", "clear a box", "close"]
    assert told.done.count("prepare a box") == 1


def test_a_report_is_kept_after_each_run_and_is_complete_only_at_the_end() -> None:
    told = Told()
    _measured(told, Ready(told), Counting("a", told))
    samples = [sum(len(cell.samples) for row in one.rows for cell in row.cells.values()) for one in told.kept]
    assert samples == [0, 1, 2, 3, 4, 4]
    assert [one.complete for one in told.kept] == [False] * 5 + [True]


def test_each_run_has_the_load_before_it_and_others_share() -> None:
    told = Told()
    cell = _measured(told, Ready(told), Counting("a", told)).rows[0].cells["box"]
    assert len(cell.loads) == len(cell.others) == 2


def test_a_row_that_fails_keeps_its_samples_and_the_rest_goes_on() -> None:
    told = Told()
    report = _measured(told, Ready(told), Counting("a", told, fails={"cold": 3}), Counting("b", told))
    assert _cells(report) == {
        ("a", "box"): ("measured", "", (2.0, 3.0)),
        ("a", "cold"): ("failed", "run 3 broke (there)", (2.0,)),
        ("b", "box"): ("measured", "", (2.0, 3.0)),
        ("b", "cold"): ("measured", "", (2.0, 4.0)),
    }
    assert told.done.count("mend cold") == 1
    assert "a failed, and the rest goes on: run 3 broke" in "\n".join(told.said)


def test_a_lab_that_cannot_be_mended_gives_up_all_its_columns_and_no_other() -> None:
    told = Told()
    stage = Ready(told, unmendable=("machine",))
    places = (BOX, COLD, WARM)
    report = _measured(told, stage, Counting("a", told, fails={"cold": 2}), Counting("b", told), places=places)
    found = _cells(report)
    assert found["a", "cold"] == ("failed", "run 2 broke (there)", ())
    assert found["b", "cold"] == ("failed", "beyond repair (there)", ())
    assert found["b", "box"] == ("measured", "", (2.0, 3.0))
    assert report.rows[0].cells["warm"].state == "failed"
    assert "a warm" not in told.done


def test_an_engine_that_is_away_fails_its_columns_with_its_reason() -> None:
    told = Told()
    report = _measured(told, Ready(told, away=("machine",)), Counting("a", told))
    assert _cells(report)["a", "cold"] == ("failed", "no machine (there)", ())
    assert _cells(report)["a", "box"] == ("measured", "", (2.0, 3.0))
    assert report.complete


def test_an_engine_that_goes_away_half_way_leaves_what_was_measured_to_the_end() -> None:
    told = Told()
    stage = Ready(told)
    gone = Counting("b", told, fails={"cold": 2})
    stage.unmendable = ("machine",)
    report = _measured(told, stage, Counting("a", told), gone, repeats=1)
    assert _cells(report)["a", "cold"] == ("measured", "", (2.0,))
    assert _cells(report)["b", "cold"] == ("failed", "run 2 broke (there)", ())


def test_a_file_that_is_gone_fails_its_row_alone() -> None:
    told = Told()

    class Gone(Counting):
        def once(self, ground: Ground, by: Deadline) -> Mapping[str, Value]:
            if ground.place is COLD:
                raise FileNotFoundError(2, "No such file or directory", "/box.img")
            return super().once(ground, by)

    report = _measured(told, Ready(told), Gone("a", told), Counting("b", told))
    assert _cells(report)["a", "cold"] == ("failed", "No such file or directory (/box.img)", ())
    assert _cells(report)["b", "cold"] == ("measured", "", (2.0, 4.0))
    assert told.done.count("mend cold") == 1


def test_what_cannot_be_measured_is_neither_prepared_nor_run() -> None:
    told = Told()
    report = _measured(told, Ready(told), Counting("a", told, reasons={"box": {"a": "needs root"}}))
    assert _cells(report)["a", "box"] == ("not measured", "needs root", ())
    assert not [step for step in told.done if step.endswith("box")]


def test_what_cannot_be_prepared_failed_and_is_cleared() -> None:
    told = Told()
    report = _measured(told, Ready(told), Counting("a", told, unprepared="box"))
    assert _cells(report)["a", "box"] == ("failed", "nothing there (there)", ())
    assert "a box" not in told.done
    assert "clear a box" in told.done


def test_an_interruption_clears_all_away_and_leaves_what_was_kept() -> None:
    told = Told()

    class Interrupted(Counting):
        def once(self, ground: Ground, by: Deadline) -> Mapping[str, Value]:
            if self.runs.get("cold") == 2:
                raise KeyboardInterrupt
            return super().once(ground, by)

    with pytest.raises(KeyboardInterrupt):
        _measured(told, Ready(told), Interrupted("a", told))
    assert _cells(told.kept[-1])["a", "box"] == ("measured", "", (2.0,))
    assert not told.kept[-1].complete
    assert told.done[-1] == "close"


def test_what_cannot_be_cleared_away_is_told_and_keeps_nothing_else_from_it() -> None:
    told = Told()
    assert _measured(told, Ready(told), Counting("a", told, stubborn=True)).complete
    assert told.done[-1] == "close"
    assert [line.splitlines()[0] for line in told.said] == ["could not clear away: it sticks"] * 2


def test_a_resumed_session_measures_only_what_is_missing() -> None:
    told = Told()
    first = _measured(told, Ready(told), Counting("a", told, fails={"cold": 2}))
    old = sheet.resumed(sheet.blank([A], [BOX, COLD], ABOUT), first, [A], "report.json")
    tasks = schedule.tasks([A], [BOX, COLD], 2, {("a", key): sheet.done(old, A, key) for key in ("box", "cold")})
    again = Told()
    report = session.measure(old, tasks, {"a": Counting("a", again)}, Ready(again), NOBODY, again.listeners())
    assert [step for step in again.done if step.startswith("a ")] == ["a cold"] * 3
    assert _cells(report) == {("a", "box"): ("measured", "", (2.0, 3.0)), ("a", "cold"): ("measured", "", (2.0, 3.0))}


def _resumed(first: Report, *probes: Counting, places: tuple[Place, ...] = (BOX, COLD)) -> Report:
    """A session that goes on with what another one kept."""
    told, batches = Told(), [A, B]
    about = ABOUT.model_copy(update={"columns": tuple(first.column(key) for key in ("box", "cold", "warm"))})
    old = sheet.resumed(sheet.blank(batches, places, about), first, batches, "report.json")
    done = {(one.name, place.key): sheet.done(old, one, place.key) for one in batches for place in places}
    tasks = schedule.tasks(batches, places, 2, done)
    stage = Ready(told)
    return session.measure(old, tasks, {one.name: one for one in probes}, stage, NOBODY, told.listeners())


def test_what_is_measured_later_than_the_rest_of_its_row_is_not_measured_in_turns_with_it() -> None:
    told = Told()
    away = _measured(told, Ready(told, away=("machine",)), Counting("a", told), Counting("b", told))
    broken = _measured(told, Ready(told), Counting("a", told, fails={"cold": 1}), Counting("b", told))
    half = _measured(told, Ready(told), Counting("a", told, fails={"cold": 3}), Counting("b", told))
    assert [one.parts for one in (away, broken, half)] == [1, 1, 1]
    again = [_resumed(one, Counting("a", told), Counting("b", told)) for one in (away, broken, half)]
    assert [one.parts for one in again] == [2, 2, 1], "once for all of them; and not where a part of it was"
    assert all(state == "measured" for one in again for state, _, _ in _cells(one).values())


def test_a_column_in_which_nothing_can_be_measured_still_makes_no_part_of_its_own() -> None:
    told = Told()
    barred = {"cold": {"a": "needs root"}}
    first = _measured(told, Ready(told), Counting("a", told, reasons=barred), Counting("b", told, fails={"box": 3}))
    assert _resumed(first, Counting("a", told, reasons=barred), Counting("b", told)).parts == 1
    assert _resumed(first, Counting("a", told), Counting("b", told)).parts == 2


def test_a_resumed_session_goes_on_with_what_was_quick_until_there_are_as_many_runs_as_without_an_interruption() -> (
    None
):
    slow = batch("a", Cost(container=8))
    report = sheet.blank([slow], [BOX], ABOUT)
    for _ in range(7):
        report = sheet.measured(report, "box", sheet.Run({"a": 1.5}, 0.0, 0.0))
    name = "a", "box"
    known, seconds = sheet.done(report, slow, "box"), sheet.told(report, slow, "box")
    [task] = schedule.tasks([slow], [BOX], None, {name: known}, {name: seconds})
    told = Told()

    class Quick(Counting):
        def once(self, ground: Ground, by: Deadline) -> Mapping[str, Value]:
            super().once(ground, by)
            return {self.name: 1.5}

    found = session.measure(report, [task], {"a": Quick("a", told)}, Ready(told), NOBODY, told.listeners())
    assert len(found.rows[0].cells["box"].samples) == 20
    assert told.done.count("a box") == 14, "with one for a warm-up, since the lab is a new one"


def test_progress_goes_up_to_all_runs_and_names_what_is_measured() -> None:
    told = Told()
    _measured(told, Ready(told), Counting("a", told))
    assert told.progress[0].doing == "Box: a"
    assert (told.progress[0].done, told.progress[0].runs) == (0, 7)
    assert told.progress[0].left_s > 100
    assert (told.progress[-1].done, told.progress[-1].runs) == (6, 7)
    assert told.progress[-1].left_s < told.progress[0].left_s


def test_nothing_to_do_is_done_at_once() -> None:
    told = Told()
    report = session.measure(sheet.blank([], [], ABOUT), [], {}, Ready(told), NOBODY, told.listeners())
    assert report.complete
