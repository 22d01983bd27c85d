"""What `benchmarks.speed` says to a user who cannot measure, and the rows of a worker alone."""

import os

import pytest
from click.testing import CliRunner

from benchmarks import runs, speed
from benchmarks.interleaved import Row
from lab.comparison.phases import Made
from lab.host import records


def test_a_normal_user_is_told_at_once_that_measuring_needs_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(speed, "circumstances_of", lambda _: pytest.fail("it began"))
    gave = CliRunner().invoke(speed.main, ["docker", "--dry"])
    assert gave.exit_code == 2
    assert "Error: measuring needs root: it freezes a node" in gave.output


def test_the_rows_of_a_worker_alone_are_the_phases_of_its_start_and_have_kept_their_names() -> None:
    made = Made(100, 0, born_s=103, script_s=110, source_s=111.5, ready_s=114, served_s=114.5, ended_s=115)
    found = runs.alone_rows("vagrant", made)
    whole = found[Row("a worker alone, vagrant")]
    assert list(found.values()) == [whole, 10, 1.5, 2.5, 0.5]
    assert whole == 14.5
    kept = records.read_json(speed.RESULTS) or {}
    assert {row.name for row in found} <= kept["vagrant"]["rows"].keys()
