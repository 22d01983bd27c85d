"""Files that are either whole or not there."""

import errno
import os
from pathlib import Path

import pytest

from lab.host import records


def test_a_file_holds_what_was_written_last_and_nothing_lies_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "new" / "file"
    records.write(path, "first")
    records.write(path, "second")
    assert path.read_text() == "second"
    assert [entry.name for entry in path.parent.iterdir()] == ["file"]


def test_what_is_there_already_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "file"
    records.write(path, "same")
    before = path.stat().st_ino
    records.write(path, "same")
    assert path.stat().st_ino == before


def test_a_secret_that_others_could_read_is_written_anew(tmp_path: Path) -> None:
    path = tmp_path / "file"
    records.write(path, "secret")
    path.chmod(0o644)
    records.write(path, "secret", mode=0o600)
    assert path.stat().st_mode & 0o777 == 0o600


def test_what_is_no_text_is_written_over(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"\xff\xfe")
    records.write(path, "text")
    assert path.read_text() == "text"


def test_a_full_disk_is_told_with_the_file_and_leaves_nothing_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_file: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    path = tmp_path / "file"
    records.write(path, "before")
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left on device") as raised:
        records.write(path, "after")
    assert raised.value.filename == str(path)
    assert [entry.name for entry in tmp_path.iterdir()] == ["file"]
    assert path.read_text() == "before"
