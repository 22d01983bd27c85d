"""A drive with more files than a page shows."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.app.process import App, running

COUNT, SHOWN = 30, 20


@pytest.fixture
def crowded(tmp_path: Path) -> Iterator[App]:
    """An app whose folder has files file-00 to file-29, each written a second after the one before."""
    folder = tmp_path / "disk" / "files"
    folder.mkdir(parents=True)
    for number in range(COUNT):
        path = folder / f"file-{number:02}"
        path.write_text("x")
        os.utime(path, (1_000_000 + number, 1_000_000 + number))
    with running(tmp_path / "disk") as started:
        started.await_ready()
        yield started


def test_the_page_shows_the_newest_files_and_says_how_many_there_are(crowded: App) -> None:
    text = crowded.get("/").text
    assert [f"file-{number:02}" in text for number in range(COUNT)] == [False] * (COUNT - SHOWN) + [True] * SHOWN
    assert text.index(f"file-{COUNT - 1}") < text.index(f"file-{COUNT - 2}")
    assert f"These are the newest {SHOWN} of {COUNT} files." in text
    assert len(crowded.get("/files").json()["files"]) == COUNT


def test_the_page_opens_no_file_to_show_it(crowded: App, tmp_path: Path) -> None:
    # Whoever opened this one would wait for somebody to write into it.
    os.mkfifo(tmp_path / "disk" / "files" / "nobody-writes")
    assert "nobody-writes" in crowded.get("/").text
