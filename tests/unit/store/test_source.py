"""The kit's app/ and the source service are compared by git's own ids."""

import io
import subprocess
import tarfile
from pathlib import Path

import pytest

from lab.model.deadline import Deadline
from lab.model.errors import LabError
from lab.store import source
from lab.store.source import Version
from lab.substrates.base import Reach


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
        by = Deadline.after(60, "test")
        return source.difference(copy, source.fetch(str(repository), copy, by), app, by)

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
        source.fetch(str(tmp_path / "app.git"), tmp_path / "copy.git", Deadline.after(60, "test"))


def test_versions_are_told_the_newest_first_also_where_the_copy_began_with_the_newest_only(tmp_path: Path) -> None:
    repository, copy, by = tmp_path / "app.git", tmp_path / "copy.git", Deadline.after(60, "test")
    for text in ("one", "two", "one"):
        commit(repository, {"app.py": text})
    told = source.versions(str(repository), copy, by)
    assert [version.message for version in told] == ["x", "x", "x"]
    assert told[0].tree == told[2].tree != told[1].tree
    assert len({version.commit for version in told}) == 3
    shallow = tmp_path / "shallow.git"
    subprocess.run(["git", "init", "--quiet", "--bare", str(shallow)], check=True)
    git = ["git", f"--git-dir={shallow}", "fetch", "--quiet", "--depth=1", f"file://{repository}", "main"]
    subprocess.run(git, check=True)
    commit(repository, {"app.py": "three"})
    assert len(source.versions(f"file://{repository}", shallow, by)) == 4


HISTORY = [Version("c3", "t1", 3, "back"), Version("c2", "t2", 2, "other"), Version("c1", "t1", 1, "first")]


@pytest.mark.parametrize(
    ("commit", "behind"), [("c3", False), ("c1", False), ("c2", True), ("unheard-of", True), (None, None)]
)
def test_who_runs_the_content_of_the_newest_version_is_not_behind(commit: str | None, behind: bool | None) -> None:
    assert source.is_behind(HISTORY, commit) is behind


@pytest.mark.parametrize(
    ("commits", "found"),
    [(set(), None), ({"c3", "c1"}, None), ({"c1", "c2", "c3"}, "c2"), ({"unheard-of"}, None)],
)
def test_the_version_before_is_the_newest_one_with_another_content(commits: set[str], found: str | None) -> None:
    before = source.newest_before(HISTORY, commits)
    assert (before.commit if before else None) == found


def test_a_version_is_made_the_newest_again_with_just_its_content(tmp_path: Path) -> None:
    repository, by = tmp_path / "app.git", Deadline.after(60, "test")
    commit(repository, {"app.py": "one", "templates/page.html": "page"})
    commit(repository, {"app.py": "two", "new.py": "new"})
    second, first = source.versions(str(repository), tmp_path / "copy.git", by)
    taken = tmp_path / "taken"
    taken.mkdir()
    # In the place of the program on the store: it unpacks, and prints what it was told.
    script = tmp_path / "source-push"
    script.write_text(f'#!/bin/sh\ntar --extract --directory={taken}\necho "$2"\n')
    script.chmod(0o755)
    store = Reach((str(script),), (), False, "store")
    assert source.push_again(store, tmp_path / "copy.git", first.commit, "Back", by) == "Back"
    assert {str(path.relative_to(taken)): path.read_text() for path in source.files(taken)} == {
        "app.py": "one",
        "templates/page.html": "page",
    }
    assert second.commit != first.commit


def test_a_link_is_sent_as_what_it_leads_to(tmp_path: Path) -> None:
    app = tmp_path / "app"
    app.mkdir()
    (tmp_path / "elsewhere.py").write_text("text")
    (app / "app.py").symlink_to(tmp_path / "elsewhere.py")
    with tarfile.open(fileobj=io.BytesIO(source.archive(app))) as tar:
        file = tar.extractfile("app.py")
        assert file is not None
        assert file.read() == b"text"
