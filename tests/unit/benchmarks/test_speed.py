"""What `benchmarks.speed` says to a user who cannot measure."""

import os

import pytest
from click.testing import CliRunner

from benchmarks import speed


def test_a_normal_user_is_told_at_once_that_measuring_needs_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(speed, "circumstances_of", lambda _: pytest.fail("it began"))
    gave = CliRunner().invoke(speed.main, ["docker", "--dry"])
    assert gave.exit_code == 2
    assert "Error: measuring needs root: it freezes a node" in gave.output
