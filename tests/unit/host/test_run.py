"""Running programs: named exit statuses, deadlines, and errors that show what happened."""

import signal
import subprocess
import sys
import time
from typing import Any

import pytest

from lab.host.run import run
from lab.model.deadline import Deadline
from lab.model.errors import LabError, LateError


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def test_a_named_status_is_a_result() -> None:
    result = run(python("print('hello'); raise SystemExit(3)"), by=Deadline.after(20, "test"), ok={3: "three"})
    assert (result.status, result.meaning, result.out) == (3, "three", "hello\n")


def test_any_other_status_is_an_error_with_command_and_output() -> None:
    with pytest.raises(LabError) as raised:
        run(python("print('why'); raise SystemExit(4)"), by=Deadline.after(20, "test"), where="node x")
    assert "ended with status 4" in raised.value.message
    assert "why" in raised.value.message
    assert raised.value.where == "node x"


def test_a_missing_program_is_named() -> None:
    with pytest.raises(LabError, match="no-such-program is not installed"):
        run(["no-such-program"], by=Deadline.after(20, "test"))


def test_a_program_is_ended_at_the_deadline() -> None:
    begun = time.monotonic()
    # What it had printed is shown, also where that is no text.
    code = "import os, time; os.write(1, b'begun \\xff\\n'); time.sleep(60)"
    with pytest.raises(LateError, match="did not end in time") as raised:
        run(python(code), by=Deadline.after(1, "1 s"))
    assert time.monotonic() - begun < 15
    assert "1 s" in raised.value.message
    assert "begun \ufffd" in raised.value.message


@pytest.mark.parametrize("moment", ["started", "awaited"])
def test_ctrl_c_at_any_moment_leaves_no_program_running(monkeypatch: pytest.MonkeyPatch, moment: str) -> None:
    started: list[subprocess.Popen[bytes]] = []
    to_come = [moment]

    def strike(now: str) -> None:
        if now in to_come:
            to_come.remove(now)
            signal.raise_signal(signal.SIGINT)

    class Interrupted(subprocess.Popen):  # type: ignore[type-arg]
        def __init__(self, *args: Any, **more: Any) -> None:
            super().__init__(*args, **more)
            started.append(self)
            strike("started")

        def communicate(self, *args: Any, **more: Any) -> tuple[bytes, bytes]:
            strike("awaited")
            return super().communicate(*args, **more)

    monkeypatch.setattr(subprocess, "Popen", Interrupted)
    with pytest.raises(KeyboardInterrupt):
        run(["sleep", "60"], by=Deadline.after(30, "one test"))
    assert started[0].returncode == -signal.SIGTERM
