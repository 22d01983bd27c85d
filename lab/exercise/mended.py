"""What exercises expect of the proof that have a version of the site mended."""

from collections.abc import Sequence

from lab.exercise.evidence import Run
from lab.exercise.scene import Look, Scene

_EXPECTED = "a run of the newest version, in which at least one worker was destroyed, with the verdict kept"


def expect_a_run(scene: Scene, look: Look, every: Sequence[Run], newest: Sequence[Run], says: str) -> None:
    """Expects that among `every` run some are of the newest version; who ran the proof on another lab is told so."""
    if other := scene.runs_elsewhere():
        says = f"You ran the proof on lab {other[0]}. This exercise is about lab {{lab}}: give it --name {{lab}}."
    look.expect(bool(newest), saw=f"{len(every)} runs, none of the newest", expected=_EXPECTED, says=says)


def expect_kept(look: Look, run: Run, gone: Sequence[str], says: str) -> None:
    """Expects of a run of the newest version that it destroyed somebody (`gone`), and that its verdict is kept."""
    saw = f"run {run.name}: {len(gone)} workers destroyed, {run.account.acknowledged} writes confirmed, {run.verdict}"
    look.expect(bool(gone) and run.verdict == "kept", saw=saw, expected=_EXPECTED, says=says)
