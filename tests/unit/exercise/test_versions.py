"""The versions of the app that exercises begin with, and what solutions and attempts make of them."""

import os
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from lab.exercise import catalogue
from tests.conftest import REPO
from tests.unit.app.process import running
from tests.unit.exercise import written

PATCHED = [one.folder.name for one in catalogue.load_all(REPO / "exercises") if one.start.patches]
CAPSTONE, MISTAKE = "12-capstone", "03-stateful-mistake"


@pytest.mark.parametrize("folder", PATCHED)
def test_the_version_that_an_exercise_begins_with_is_python(folder: str, tmp_path: Path) -> None:
    for path in written.app(folder, tmp_path).rglob("*.py"):
        compile(path.read_text(), str(path), "exec")


def places(app: Path) -> str:
    """Where a version keeps what users give it."""
    env = {"LAB_DATABASE_URL": "postgresql://store", "LAB_DRIVE": "/drive", "LAB_MODE": "stateless"}
    env |= {"LAB_NODE": "worker-1", "LAB_SUBSTRATE": "docker", "PYTHONPATH": str(app), "PYTHONDONTWRITEBYTECODE": "1"}
    told = "import os, settings; s = settings.read(os.environ); print(s.database, s.files)"
    done = subprocess.run(
        [sys.executable, "-c", told], env=os.environ | env, check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


@pytest.mark.parametrize(
    ("script", "found"),
    [
        (None, "/run/app/lab.sqlite /run/app/files"),
        ("solution/solve.sh", "postgresql://store /drive"),
        ("wrong/not-refreshed/attempt.sh", "postgresql://store /drive"),
        ("wrong/nothing-destroyed/attempt.sh", "postgresql://store /drive"),
        ("wrong/half-mended/attempt.sh", "postgresql://store /run/app/files"),
        ("wrong/sticky/attempt.sh", "/run/app/lab.sqlite /run/app/files"),
    ],
)
def test_the_stateful_mistake_is_mended_as_far_as_a_script_says(script: str | None, found: str, tmp_path: Path) -> None:
    app = written.edited(MISTAKE, script, tmp_path) if script else written.app(MISTAKE, tmp_path)
    assert places(app) == found


@pytest.mark.parametrize(
    ("script", "left"),
    [
        ("solution/solve.sh", set()),
        ("wrong/nothing-destroyed/attempt.sh", set()),
        ("wrong/only-entries/attempt.sh", {"files.py", "sessions.py"}),
        ("wrong/missed-sessions/attempt.sh", {"sessions.py"}),
        ("wrong/kits-own-app/attempt.sh", {"entries.py", "files.py", "sessions.py"}),
    ],
)
def test_the_guest_book_is_mended_as_far_as_a_script_says(script: str, left: set[str], tmp_path: Path) -> None:
    app = written.edited(CAPSTONE, script, tmp_path)
    mistakes = {"entries.py": "= _own_database()", "files.py": "= UPLOADS", "sessions.py": "_users"}
    assert {name for name, mistake in mistakes.items() if mistake in (app / name).read_text()} == left


def test_the_mended_guest_book_serves_and_counts(tmp_path: Path) -> None:
    mended = written.edited(CAPSTONE, "solution/solve.sh", tmp_path)
    with running(tmp_path / "disk", mended) as app:
        app.await_ready()
        assert app.get("/count").json() == {"entries": 0}
        assert "The guest book: 0 entries so far" in app.get("/").text


def test_the_site_of_the_sessions_says_who_let_a_user_in(tmp_path: Path) -> None:
    with running(tmp_path / "disk", written.app("10-sessions", tmp_path)) as app:
        app.await_ready()
        assert app.get("/me").status_code == 401
        with httpx.Client(base_url=app.url) as browser:
            browser.post("/login", json={"user": "otter-4711"})
            assert browser.get("/me").json() == {
                "user": "otter-4711",
                "let_in_by": "worker-1",
                "recognised_by": "worker-1",
            }
            page = browser.get("/").text
            browser.post("/logout")
            assert browser.get("/me").status_code == 401
    assert "worker-1 let you in, worker-1 recognised you" in page
