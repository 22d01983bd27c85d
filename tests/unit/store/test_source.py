"""The kit's app/ and the source service are compared by git's own ids."""

import subprocess
from pathlib import Path

import pytest

from lab.model.deadline import Deadline
from lab.model.errors import LabError
from lab.store import source


def test_the_id_of_a_file_is_the_one_that_git_gives(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"some\nbytes\0")
    git = subprocess.run(["git", "hash-object", str(path)], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert source.blob_id(path.read_bytes()) == git.stdout.strip()


def test_what_python_leaves_behind_is_not_part_of_the_app(tmp_path: Path) -> None:
    for name in ("app.py", "templates/page.html", "__pycache__/app.pyc", ".cache/x", ".hidden"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x")
    assert [str(path.relative_to(tmp_path)) for path in source.files(tmp_path)] == ["app.py", "templates/page.html"]


def commit(repository: Path, files: dict[str, str]) -> None:
    """Makes one commit on main that has just these files."""
    work = repository.with_name("work")
    subprocess.run(["git", "init", "--quiet", "--bare", "--initial-branch=main", str(repository)], check=True)
    git = ["git", f"--git-dir={repository}", f"--work-tree={work}", "-c", "user.name=a", "-c", "user.email=a@b"]
    for name, text in files.items():
        (work / name).parent.mkdir(parents=True, exist_ok=True)
        (work / name).write_text(text)
    subprocess.run([*git, "add", "--all"], check=True)
    subprocess.run([*git, "commit", "--quiet", "--message=x"], check=True)


def test_files_that_differ_from_the_newest_commit_are_named(tmp_path: Path) -> None:
    repository, copy, app = tmp_path / "app.git", tmp_path / "copy.git", tmp_path / "app"

    def difference() -> list[str]:
        return source.difference(str(repository), copy, app, Deadline.after(60, "test"))

    (app / "templates").mkdir(parents=True)
    (app / "app.py").write_text("one")
    (app / "templates/page.html").write_text("page")
    commit(repository, {"app.py": "one", "templates/page.html": "page", "gone.py": "gone"})
    assert difference() == ["gone.py"]
    (app / "app.py").write_text("two")
    (app / "new.py").write_text("new")
    assert difference() == ["app.py", "gone.py", "new.py"]
    commit(repository, {"app.py": "two", "new.py": "new"})
    assert difference() == ["gone.py"]


def test_an_empty_source_service_is_no_difference_but_an_error(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "--quiet", "--bare", str(tmp_path / "app.git")], check=True)
    with pytest.raises(LabError):
        source.difference(str(tmp_path / "app.git"), tmp_path / "copy.git", tmp_path, Deadline.after(60, "test"))
