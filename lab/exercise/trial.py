"""The proof of an exercise on real nodes: its starting state fails, each wrong attempt gets its message, its solution
passes."""

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from lab.exercise import checks, session
from lab.exercise.catalogue import Exercise
from lab.exercise.home import Home
from lab.exercise.scene import Given, Scene, fill, words
from lab.exercise.telling import Outcome
from lab.host import paths
from lab.host.run import Result, run, tail
from lab.model.deadline import Deadline
from lab.substrates.base import Report

_ANY = dict.fromkeys(range(256), "ended")


@dataclass(frozen=True)
class Trial:
    """One proof: on which substrates, in which lab, with a learner's place of its own."""

    exercise: Exercise
    lab: str
    on: tuple[str, ...]
    home: Home

    def faults(self, report: Report, by: Deadline, *, wrong: bool = True) -> Iterator[str]:
        """What is wrong with the exercise there, as it is found; nothing if it is as it should be.

        Without `wrong`, the wrong attempts are left out.
        """
        report("the starting state")
        if (outcome := self._tried(None, report, by)).ok is not False:
            yield f"its starting state does not fail: {told(outcome)}"
        for folder in self.exercise.wrong if wrong else ():
            report(f"the wrong attempt {folder.name}")
            outcome = self._tried(folder / "attempt.sh", report, by)
            yield from (f"wrong/{folder.name}: {fault}" for fault in refused(outcome, self._message(folder)))
        report("the solution")
        if not (outcome := self._tried(self.exercise.solution, report, by)).ok:
            yield f"its solution does not pass: {told(outcome)}"

    def _tried(self, script: Path | None, report: Report, by: Deadline) -> Outcome:
        """What the check says after a script that was run on the exercise's starting state."""
        session.start(self.home, self.exercise, self.lab, self.on, report, by, anew=True)
        about = session.given(self.home, self.exercise)
        if script is not None:
            done = _run(script, about, self.home, by)
            if script == self.exercise.solution and done.status:
                report(f"{script.name} ended with status {done.status}\n{tail(done.out, done.err)}")
        return checks.check(self.exercise, about, lambda _: None)

    def _message(self, folder: Path) -> str:
        text = (folder / "message").read_text()
        return fill(text, words(session.given(self.home, self.exercise)))


def refused(outcome: Outcome, message: str) -> list[str]:
    """What is wrong with how an attempt was answered, which has to fail with all lines of this message. Pure."""
    if outcome.ok is not False:
        return [f"the check does not fail: {told(outcome)}"]
    says = told(outcome)
    lines = [line.strip() for line in message.splitlines() if line.strip()]
    return [f"the check does not say {line!r}, but: {says}" for line in lines if line not in says]


def told(outcome: Outcome) -> str:
    """All that a check said of its parts that did not pass. Pure."""
    parts = [f"{part.claim}: {part.saw}; {part.says}" for part in outcome.parts if not part.ok]
    return " | ".join(parts) or "all passed"


def _run(script: Path, about: Given, home: Home, by: Deadline) -> Result:
    with _lab_on_path() as folder:
        env = {
            **session.shell_words(about, Scene(about, about.substrates[0]).url),
            "PATH": f"{folder}:{os.environ.get('PATH', os.defpath)}",
            "PYTHONPATH": str(paths.REPO),
            "LAB_EXERCISES": str(home.folder),
        }
        return run(["bash", "-eu", str(script)], by=by, ok=_ANY, env=env, cwd=paths.REPO)


@contextmanager
def _lab_on_path() -> Iterator[str]:
    """A folder in which `lab` is this kit."""
    with tempfile.TemporaryDirectory() as folder:
        lab = Path(folder) / "lab"
        lab.write_text(f'#!/bin/sh\nexec {sys.executable} -P -m lab "$@"\n')
        lab.chmod(0o755)
        yield folder
