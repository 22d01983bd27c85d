"""Steps as a verb reports them: with colour on a terminal, unless somebody asked for none (no-color.org)."""

import io
import os
import pty
from contextlib import redirect_stderr

import pytest

from lab.cli import common


def _report() -> None:
    common.reporter()("waiting for [worker-1]")


def _on_a_terminal() -> bytes:
    ours, theirs = pty.openpty()
    with os.fdopen(theirs, "w") as screen, redirect_stderr(screen):
        _report()
        screen.flush()
        printed = os.read(ours, 4096)
    os.close(ours)
    return printed


@pytest.fixture(autouse=True)
def _a_colourful_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(("env", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False)], ids=["as it is", "NO_COLOR"])
def test_a_step_has_colour_on_a_terminal_unless_no_color_is_set(
    env: dict[str, str], coloured: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    printed = _on_a_terminal()
    assert b"waiting for [worker-1]" in printed
    assert (b"\x1b[36m" in printed) is coloured


def test_a_step_is_a_plain_line_where_there_is_no_terminal() -> None:
    with redirect_stderr(io.StringIO()) as printed:
        _report()
    assert printed.getvalue() == "    0.0 s  waiting for [worker-1]\n"
