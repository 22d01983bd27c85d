"""The kit in which bin/lab is typed, and a computer that is too small for it."""

from pathlib import Path

import pytest

from tests.launcher.kit import Kit


@pytest.fixture
def kit(tmp_path: Path) -> Kit:
    return Kit(tmp_path / "kit")


@pytest.fixture
def small(tmp_path: Path) -> list[str]:
    """Makes a computer one that has too little memory for the kit."""
    (tmp_path / "meminfo").write_text("MemTotal:  1024000 kB\nMemAvailable:     512000 kB\n")
    return [f"mount --bind {tmp_path}/meminfo /proc/meminfo"]
