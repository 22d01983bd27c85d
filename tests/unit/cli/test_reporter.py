"""Steps as a verb reports them: with colour on a terminal, unless somebody asked for none (no-color.org)."""

import os
import pty
import subprocess
import sys

import pytest

from tests.conftest import REPO

_STEP = "from lab.cli import common; common.reporter()('waiting for [worker-1]')"


def _on_a_terminal(**env: str) -> bytes:
    ours, theirs = pty.openpty()
    plain = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "FORCE_COLOR")}
    subprocess.run(
        [sys.executable, "-P", "-c", _STEP],
        env={**plain, "PYTHONPATH": str(REPO), "TERM": "xterm-256color", **env},
        stderr=theirs,
        timeout=60,
        check=True,
    )
    os.close(theirs)
    printed = os.read(ours, 4096)
    os.close(ours)
    return printed


@pytest.mark.parametrize(("env", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False)], ids=["as it is", "NO_COLOR"])
def test_a_step_has_colour_on_a_terminal_unless_no_color_is_set(env: dict[str, str], coloured: bool) -> None:
    printed = _on_a_terminal(**env)
    assert b"waiting for [worker-1]" in printed
    assert (b"\x1b[36m" in printed) is coloured


def test_a_step_is_a_plain_line_where_there_is_no_terminal() -> None:
    done = subprocess.run(
        [sys.executable, "-P", "-c", _STEP],
        env={**os.environ, "PYTHONPATH": str(REPO), "TERM": "xterm-256color"},
        capture_output=True,
        timeout=60,
        check=True,
    )
    assert done.stderr == b"    0.0 s  waiting for [worker-1]\n"
