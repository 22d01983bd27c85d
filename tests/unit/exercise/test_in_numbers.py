"""Which reports the ninth exercise takes for the learner's own, and what it takes from them."""

from collections.abc import Mapping
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType

import pytest

from lab.cli.parsing import parse
from lab.comparison.report import Cell, Column, Report, RowResult
from lab.exercise import lint
from lab.exercise.catalogue import Seen
from lab.exercise.scene import Given, Look, Refused, Scene
from tests.unit.exercise import loaded

HERE = {"processor": "2 cores, made up", "memory": "1 GiB"}
MADE_AT = "2026-11-26T12:00:00Z"
BEGAN_AT = datetime(2026, 11, 26, 12, tzinfo=UTC).timestamp()
COLUMNS = (
    Column(key="bare", title="Bare process"),
    Column(key="cold", title="Machine, cold", substrate="machine"),
    Column(key="warm", title="Machine, warm", substrate="machine"),
)


@pytest.fixture(scope="module")
def check() -> ModuleType:
    return loaded.check_of("09-in-numbers")


def cell(*samples: float) -> Cell:
    return Cell(state="measured", samples=samples) if samples else Cell(state="failed", reason="it fell over")


def made_up(cells: Mapping[str, Cell], **changes: object) -> Report:
    row = RowResult(
        name="start",
        title="Start",
        unit="s",
        kind="time",
        better="lower",
        measures="What it measures.",
        why="Why it differs.",
        group="start",
        cells=dict(cells),
    )
    whole = Report(schema_version=1, made_at=MADE_AT, host=HERE, columns=COLUMNS, rows=(row,), complete=True)
    return whole.model_copy(update=changes)


@pytest.mark.parametrize(
    ("changes", "whole", "cut", "says"),
    [
        ({}, 1, 0, "Nothing was measured yet"),
        ({"complete": False}, 0, 1, "This measurement was cut off"),
        ({"made_at": "2026-11-26T11:59:00Z"}, 0, 0, "These are somebody's figures"),
        ({"host": {**HERE, "processor": "16 cores"}}, 0, 0, "These are somebody's figures"),
    ],
)
def test_a_report_counts_that_was_begun_here_after_the_exercise_and_has_gone_to_its_end(
    check: ModuleType, changes: Mapping[str, object], whole: int, cut: int, says: str
) -> None:
    # Half a second after a report that is written in whole seconds.
    seen = check.sorted_out([made_up({"cold": cell(1.0)}, **changes)], BEGAN_AT + 0.5, HERE)
    assert (len(seen.whole), len(seen.cut)) == (whole, cut)
    assert len(seen.others) == 1 - whole - cut
    assert whole or says in check._none(seen)


def test_what_was_made_from_nothing_counts_and_of_two_reports_the_one_with_more_runs(check: ModuleType) -> None:
    few, more = made_up({"cold": cell(1.0), "warm": cell(1.0, 2.0, 3.0)}), made_up({"cold": cell(1.0, 2.0)})
    assert check.best([few, more], "machine", "start") == cell(1.0, 2.0)
    assert check.best([made_up({"cold": cell()}), few], "machine", "start") == cell(1.0)
    assert check.best([few], "machine", "memory") is None
    assert check.best([few], "box", "start") is None


@pytest.mark.parametrize(
    ("found", "says"),
    [(None, "says nothing of a start"), (cell(), "it fell over"), (cell(1.0), "measured once is a story")],
)
def test_a_start_that_is_not_enough_gets_its_own_message(check: ModuleType, found: Cell | None, says: str) -> None:
    assert says in check._too_few(found, "machine")


@pytest.mark.parametrize("substrates", [("docker",), ("vagrant",), ("docker", "vagrant")])
def test_a_hint_measures_what_is_missing_where_it_is(check: ModuleType, substrates: tuple[str, ...]) -> None:
    given = Given("in-numbers", "7", "ex", substrates, 0.0, "/nowhere", 20.0, {})
    scenes = [Scene(given, one) for one in substrates]
    told = [check.measure(scenes[0]), *(check.added("memory", one) for one in scenes)]
    assert [("--only" in one) for one in told] == [len(substrates) == 1, *(True for _ in substrates)]
    for one in told:
        [words] = lint.commands(one.strip("`"))
        assert parse(words, True) is None


def test_a_hint_names_a_folder_in_which_nothing_was_measured_yet(check: ModuleType, tmp_path: Path) -> None:
    scene = Scene(Given("in-numbers", "7", "ex", ("docker",), 0.0, str(tmp_path), 20.0, {}), "docker")
    told = []
    for name in ("mine", "mine-2", "docker"):
        told += [check.measure(scene).split("/")[-1], check.added("start", scene).split("/")[-1]]
        (tmp_path / name).mkdir()
    assert told == ["mine`", "docker`", "mine-2`", "docker`", "mine-3`", "docker`"]
    assert check.added("start", scene).endswith("/docker-2`")


class Told(Look):
    """What a check noted."""

    def __init__(self) -> None:
        super().__init__(lambda told: self.noted.update(told.noted or {}), {})
        self.noted: dict[str, Seen] = {}


@pytest.mark.parametrize(
    ("memory", "fine"),
    [
        (cell(5e7), True),
        (Cell(state="not measured", reason="needs root"), True),
        (Cell(state="not measured", reason="asked for elsewhere"), False),
        (cell(), False),
        (None, False),
    ],
)
def test_whoever_may_not_look_at_the_memory_of_others_is_not_asked_for_it(
    check: ModuleType, monkeypatch: pytest.MonkeyPatch, memory: Cell | None, fine: bool
) -> None:
    cells = {"docker": memory} if memory else {}
    columns = (Column(key="docker", title="Container", substrate="docker"),)
    report = made_up({}, columns=columns)
    report = report.model_copy(update={"rows": (report.rows[0].model_copy(update={"name": "memory", "cells": cells}),)})
    monkeypatch.setattr(check, "found", lambda _: check.Found([report], [], []))
    look = Told()
    scene = Scene(Given("in-numbers", "7", "ex", ("docker",), 0.0, "/w", 20.0, {}), "docker")
    with nullcontext() if fine else pytest.raises(Refused):
        check.test_the_memory_of_a_worker_was_measured({"docker": scene}, look)
    assert look.noted["memory"] is fine
    assert look.noted.get("container_mb") == (50.0 if memory == cell(5e7) else None)
