"""The learner's own folder."""

import subprocess
from pathlib import Path

import pytest

from lab.exercise import workspace
from lab.exercise.catalogue import Exercise, Start
from lab.host import paths
from lab.model.deadline import Deadline
from lab.model.errors import LabError
from lab.store import source

PATCH = """\
--- a/page.py
+++ b/page.py
@@ -1,1 +1,2 @@
+# patched
 \"\"\"The page for people: the same as the calls of the interface, as forms that need no script.\"\"\"
"""


@pytest.fixture
def by() -> Deadline:
    return Deadline.after(60, "one test")


def with_start(exercise: Exercise, **start: object) -> Exercise:
    return exercise.model_copy(update={"start": Start.model_validate(start)})


def test_the_folder_holds_the_app_and_what_is_there_is_left_alone(
    exercise: Exercise, tmp_path: Path, by: Deadline
) -> None:
    assert workspace.ensure(tmp_path / "w", exercise, by)
    app = tmp_path / "w" / exercise.name / "app"
    kits = paths.REPO / "app"
    assert {path.relative_to(app) for path in source.files(app)} == {
        path.relative_to(kits) for path in source.files(kits)
    }
    (app / "page.py").write_text("mine")
    assert not workspace.ensure(tmp_path / "w", exercise, by)
    assert (app / "page.py").read_text() == "mine"


def test_a_new_folder_keeps_the_one_before_each_time(exercise: Exercise, tmp_path: Path, by: Deadline) -> None:
    kept = []
    for number in range(3):
        found = workspace.renew(tmp_path, exercise, by)
        kept += [found] if found else []
        (tmp_path / exercise.name / "app" / "page.py").write_text(f"mine {number}")
    assert [(path / "app" / "page.py").read_text() for path in kept] == ["mine 0", "mine 1"]
    assert {path.name for path in tmp_path.iterdir() if not path.name.startswith("0")} == {
        exercise.name,
        *(path.name for path in kept),
        "exercises",
    }


def test_a_folder_that_was_being_made_when_somebody_ended_us_is_made_anew(
    exercise: Exercise, tmp_path: Path, by: Deadline, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace.ensure(tmp_path / "w", exercise, by)
    (tmp_path / "w" / exercise.name / "app" / "page.py").write_text("mine")
    real, calls = Path.rename, list[str]()

    def rename(self: Path, target: Path) -> Path:
        calls.append(self.name)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return real(self, target)

    monkeypatch.setattr(Path, "rename", rename)
    with pytest.raises(KeyboardInterrupt):
        workspace.renew(tmp_path / "w", exercise, by)
    monkeypatch.undo()
    assert workspace.ensure(tmp_path / "w", exercise, by)
    folders = list((tmp_path / "w").iterdir())
    assert len(folders) == 2, "the new one, and the learner's own; nothing half-made"
    assert "mine" in [(path / "app" / "page.py").read_text() for path in folders]


def test_patches_and_files_are_put_in_also_inside_a_repository(
    exercise: Exercise, tmp_path: Path, by: Deadline
) -> None:
    subprocess.run(["git", "init", "--quiet", str(tmp_path)], check=True)
    (exercise.folder / "one.patch").write_text(PATCH)
    (exercise.folder / "notes.txt").write_text("notes")
    made = with_start(exercise, patches=("one.patch",), files={"deep/notes.txt": "notes.txt"})
    workspace.ensure(tmp_path / "w", made, by)
    folder = tmp_path / "w" / exercise.name
    assert (folder / "app" / "page.py").read_text().startswith("# patched\n")
    assert (folder / "deep" / "notes.txt").read_text() == "notes"


def test_a_patch_that_does_not_fit_is_told_and_makes_nothing(exercise: Exercise, tmp_path: Path, by: Deadline) -> None:
    (exercise.folder / "one.patch").write_text(PATCH.replace("for people", "for cats"))
    made = with_start(exercise, patches=("one.patch",))
    with pytest.raises(LabError, match="patch does not apply") as refused:
        workspace.ensure(tmp_path / "w", made, by)
    assert refused.value.where == str(exercise.folder / "one.patch")
    assert not (tmp_path / "w" / exercise.name).exists()
