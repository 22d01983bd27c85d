"""An exercise's checks, run by pytest in a process of their own, heard while they go on."""

import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

from lab.exercise import plugin, telling
from lab.exercise.catalogue import Exercise
from lab.exercise.scene import Given
from lab.exercise.telling import Outcome, Part, Told
from lab.host import paths
from lab.host.run import run, tail
from lab.model.deadline import Deadline
from lab.model.errors import LabError

Hear = Callable[[Told], None]

# pytest's exit codes ("Exit codes" in its manual): whatever it is, the parts say how they ended.
_ENDED = {0: "all passed", 1: "some failed", 2: "interrupted", 3: "internal error", 4: "usage error", 5: "no tests"}
# Nothing of the kit's own tests nor of any folder above, and no plugin but ours: none is of use here, and to look for
# them takes time.
_FOLDER = ["--rootdir=.", "--confcutdir=."]
_PYTEST = ["-m", "pytest", "-c", os.devnull, *_FOLDER, "--import-mode=importlib", "-p", "no:cacheprovider"]
_NO_MORE = {"PYTEST_ADDOPTS": "", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
_BEYOND_S = 20.0
"""Besides the check's own limit, for pytest to start and end."""


def check(exercise: Exercise, given: Given, hear: Hear) -> Outcome:
    """What the checks of an exercise came to; `hear` is told each line as it is told."""
    by = Deadline.after(given.check_s + _BEYOND_S, f"the check has {given.check_s:g} s")
    heard: list[Told] = []

    def listen(told: Told) -> None:
        heard.append(told)
        hear(told)

    with _door(listen) as door:
        env = {"PYTHONPATH": str(paths.REPO), plugin.GIVEN: json.dumps(given.as_json()), plugin.DOOR: str(door)}
        argv = [sys.executable, "-P", *_PYTEST, "-p", plugin.__name__, str(exercise.check)]
        try:
            ended = run(argv, by=by, ok=_ENDED, env={**env, **_NO_MORE}, cwd=exercise.folder)
            was_cut, why = False, f"{ended.meaning}\n{tail(ended.out, ended.err)}"
        except LabError as failed:
            # Out of time, or ended by somebody: what it told so far counts.
            was_cut, why = True, failed.message
    # Only now all that it told has been heard.
    if was_cut or not any(told.part for told in heard):
        heard.append(_broken(why))
    return telling.outcome(heard)


def _broken(saw: str) -> Told:
    part = Part("the check runs to its end", None, saw, "", "check again; `lab doctor` checks what the kit needs")
    return Told(telling.Kind.ENDED, part=part)


@contextmanager
def _door(hear: Hear) -> Iterator[Path]:
    """A pipe with a name, into which a child tells lines; each is heard as it comes, all before the block is left."""
    with tempfile.TemporaryDirectory() as folder:
        door = Path(folder) / "door"
        os.mkfifo(door)
        # Open for both: neither the child's opening nor our reading ends before we say so.
        with door.open("r+b", buffering=0) as ours:
            listener = Thread(target=_listen, args=(ours.fileno(), hear), daemon=True)
            listener.start()
            try:
                yield door
            finally:
                # Two: the first may only end a line that somebody who was ended left torn.
                ours.write(b"\n\n")
                listener.join()


def _listen(pipe: int, hear: Hear) -> None:
    """Hears line by line, until an empty one."""
    with open(pipe, encoding="utf-8", closefd=False) as lines:
        for line in lines:
            if not line.strip():
                return
            try:
                told = telling.read(line)
            except ValueError:
                continue  # its writer was ended in the middle of it
            hear(told)
