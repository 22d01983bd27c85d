"""Checks run by pytest in this process: one of its own takes a second to import pytest and the kit, each time.

For what is told and what follows from it; what a process of its own is for is tested with one.
"""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from lab.exercise import checks
from lab.host.run import Result
from lab.model.deadline import Deadline

# What is printed meanwhile is what is told, by who listens; and what looks after a whole process (one of these clears
# its memory at each end) is already here.
_QUIET = ["-s", *(f"-pno:{name}" for name in ("terminal", "faulthandler", "unraisableexception", "threadexception"))]


def _run(argv: Sequence[str], *, by: Deadline, ok: Mapping[int, str], env: Mapping[str, str], cwd: Path) -> Result:
    """Runs `python -P -m pytest WORDS` as lab.host.run does, but here and without a limit."""
    del by
    assert list(argv[:4]) == [sys.executable, "-P", "-m", "pytest"]
    check = Path(argv[-1]).stem
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(cwd)
        for name, value in env.items():
            patch.setenv(name, value)
        # Each check is read anew, whatever was read under its name before.
        patch.delitem(sys.modules, check, raising=False)
        status = int(pytest.main([*_QUIET, *argv[4:]]))
        sys.modules.pop(check, None)
    return Result(status, ok[status], "", "")


def run_checks_here(patch: pytest.MonkeyPatch) -> None:
    """Has checks run in this process."""
    patch.setattr(checks, "run", _run)
