"""`lab compare`, typed, on a real engine: it measures, resumes where it was cut, and leaves nothing but its report."""

import json
import os
import signal
import statistics
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import jsonschema
import pytest

from lab.comparison import catalogue, report
from lab.comparison.report import Report
from lab.host import paths
from lab.model.deadline import Deadline
from lab.model.errors import ExitCode
from lab.model.node import NodeName, Role
from lab.substrates import registry
from tests.cli.cutting import cut
from tests.conftest import type_lab, type_well

LAB = "test-compare"
# A phase is between two moments, each told in hundredths of a second: two of them are no difference.
_CLOCK_S = 0.02
SCHEMA = paths.REPO / "lab" / "comparison" / "report.schema.json"


@pytest.fixture(autouse=True)
def nothing_is_left(substrate_name: str) -> Iterator[None]:
    yield
    left = registry.get(substrate_name).leftovers(Deadline.after(60, "looking")).get(LAB, [])
    type_lab("destroy", substrate_name, "--volumes", "--yes", "--name", LAB)
    assert not left
    assert not paths.lab(LAB).exists()


def _words(substrate: str, folder: Path) -> list[str]:
    rows = ["--rows", "restart,isolation", "--repeat", "2"]
    return ["compare", *rows, "--only", substrate, "--out", str(folder), "--name", LAB]


def _samples(found: Report) -> int:
    return sum(len(cell.samples) for row in found.rows for cell in row.cells.values())


@pytest.mark.long("vagrant")
def test_rows_are_measured_and_the_report_has_them_with_a_page(substrate_name: str, tmp_path: Path) -> None:
    gave = type_well(*_words(substrate_name, tmp_path / "here"))
    found = report.load(tmp_path / "here")
    jsonschema.validate(json.loads((tmp_path / "here" / "report.json").read_text()), json.loads(SCHEMA.read_text()))
    assert found.complete
    restart, kernel = found.row("restart"), found.row("isolation-kernel")
    assert restart is not None
    assert kernel is not None
    cells = {key: cell for key, cell in restart.cells.items() if cell.state == "measured"}
    assert cells
    assert all(len(cell.samples) == 2 and min(cell.samples) > 0 for cell in cells.values())
    if os.geteuid() == 0:
        assert {cell.reason for cell in restart.cells.values() if cell.state != "measured"} <= {
            "once it is awake, it is the machine that was made from nothing: see there",
            "that is its stop and its start: see there",
        }
    is_ours = os.uname().release in kernel.cells[next(iter(cells))].text
    assert is_ours is not registry.get(substrate_name).has_own_kernel
    settings = next(column.settings for column in found.columns if column.substrate)
    of_machines = {"accelerator", "disk cache", "processors"}
    assert settings.keys() >= {"engine", "storage", "network"}
    assert (settings.keys() >= of_machines) is registry.get(substrate_name).has_own_kernel
    assert found.host["took"]
    assert "Restart of the site" in gave.out
    assert (tmp_path / "here" / "report.html").exists()


def _start_up() -> list[str]:
    """The rows that tell how a worker comes up: its start, the phases of that, and the restart of its site."""
    return [row.name for row in catalogue.ROWS if "start" in (row.name, row.phases_of) or row.name == "restart"]


def _medians(found: Report) -> dict[tuple[str, str], tuple[float, bool]]:
    """The median of each cell of a start-up row, by row and column, and whether it is marked noisy."""
    rows = [row for name in _start_up() if (row := found.row(name)) is not None]
    cells = {(row.name, key): cell for row in rows for key, cell in row.cells.items() if cell.state == "measured"}
    return {where: (statistics.median(cell.samples), cell.noisy) for where, cell in cells.items()}


@pytest.mark.long
def test_two_comparisons_tell_the_same_of_a_start(substrate_name: str, tmp_path: Path) -> None:
    # One run measures a start with its phases.
    words = ["compare", "--rows", "start,restart", "--only", substrate_name, "--name", LAB]
    found = []
    for name in ("one", "two"):
        type_well(*words, "--out", str(tmp_path / name))
        found.append(_medians(report.load(tmp_path / name)))
    first, second = found
    assert first.keys() == second.keys()
    assert {name for name, _ in first} == {*_start_up()}
    for where in first:
        (smaller, _), (larger, _) = sorted((first[where], second[where]))
        is_noisy = first[where][1] or second[where][1]
        assert larger <= 1.25 * smaller + _CLOCK_S or is_noisy, (where, smaller, larger)


@pytest.mark.long("vagrant")
def test_what_fails_half_way_is_told_with_its_reason_and_the_rest_is_kept(substrate_name: str, tmp_path: Path) -> None:
    folder, is_struck = tmp_path / "here", False
    words = [sys.executable, "-m", "lab", *_words(substrate_name, folder)]
    with subprocess.Popen(words, cwd=paths.REPO, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        assert process.stderr is not None
        for _line in process.stderr:
            if not is_struck and (folder / "report.json").exists() and _samples(report.load(folder)) > 0:
                # The one that is measured, from outside: nobody has asked for that.
                registry.get(substrate_name).destroy(LAB, NodeName(Role.WORKER, 2), Deadline.after(60, "destroying"))
                is_struck = True
    assert (is_struck, process.returncode) == (True, ExitCode.FAILED)
    found = report.load(folder)
    assert found.complete
    cells = {(row.name, key): cell for row in found.rows for key, cell in row.cells.items()}
    failed = {where: cell.reason for where, cell in cells.items() if cell.state == "failed"}
    assert failed
    assert all(failed.values())
    for column in {key for _, key in failed}:
        assert [cell for (_, key), cell in cells.items() if key == column and cell.state == "measured"], failed
    assert (folder / "report.html").exists()


@pytest.mark.long("vagrant")
def test_an_interrupted_comparison_keeps_what_it_has_and_goes_on(substrate_name: str, tmp_path: Path) -> None:
    folder = tmp_path / "here"

    def has_samples(_count: int, _line: str) -> bool:
        return (folder / "report.json").exists() and _samples(report.load(folder)) > 0

    assert cut(_words(substrate_name, folder), has_samples, signal.SIGINT)
    before = report.load(folder)
    assert not before.complete
    assert (folder / "report.html").exists()
    kept = {(row.name, key): cell.samples for row in before.rows for key, cell in row.cells.items() if cell.samples}
    assert kept
    gave = type_well(*_words(substrate_name, folder))
    assert "what is there already is not measured again" in gave.out
    after = report.load(folder)
    assert after.complete
    for (name, key), samples in kept.items():
        row = after.row(name)
        assert row is not None
        assert row.cells[key].samples[: len(samples)] == samples
