"""What `doctor` asks about the engine of machines where a part of it is missing."""

from pathlib import Path

import pytest

from lab.model.deadline import Deadline
from lab.substrates.vagrant import engine_checks


def test_each_thing_that_is_missing_is_told_by_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    checks = engine_checks.checks(Deadline.after(20, "test"))
    assert [(check.name, check.ok) for check in checks] == [
        ("vagrant", False),
        ("libvirt", False),
        ("accelerator", False),
    ]
    assert all("is not installed" in check.found and check.mend for check in checks)
