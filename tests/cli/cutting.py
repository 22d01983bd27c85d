"""A verb that is ended at a step that it reports, and at one after the other."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from threading import Timer

import pytest

from tests.cli.clone import REPO

TIMEOUT_S = 300
# More than any verb reports on Docker; a verb that ends before step N has been cut at each of its steps.
STEPS_AT_MOST = 20


def step(wanted: int) -> Callable[[int, str], bool]:
    """The step of this number, whatever it says."""
    return lambda count, _line: count == wanted


def cuts(words: list[str], number: signal.Signals) -> Iterator[str]:
    """Types a verb again and again, and ends it at its first step, its second, ... until it runs to its end."""
    for wanted in range(1, STEPS_AT_MOST):
        was_cut = cut(words, step(wanted), number)
        yield f"cut at step {wanted}"
        if not was_cut:
            return
    pytest.fail(f"`{' '.join(words)}` reports more than {STEPS_AT_MOST} steps: the test has to go further")


def cut(
    words: list[str],
    when: Callable[[int, str], bool],
    number: signal.Signals,
    *,
    env: Mapping[str, str] | None = None,
    cwd: Path = REPO,
) -> bool:
    """Types a verb and ends it with this signal at the step (number, words) that `when` names; whether it came."""
    process = subprocess.Popen(
        [sys.executable, "-X", "faulthandler", "-m", "lab", *words],
        cwd=cwd,
        env={**os.environ, **(env or {})},
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stdin=subprocess.DEVNULL,
        text=True,
    )
    assert process.stderr is not None
    # A verb that hangs is a failed test, not a hanging one; ended so, it says where it hung.
    too_late = Timer(TIMEOUT_S, process.send_signal, [signal.SIGABRT])
    too_late.start()
    with process, ExitStack() as after:
        after.callback(too_late.cancel)
        if not any(when(count, line) for count, line in enumerate(process.stderr, start=1)):
            assert process.wait() == 0
            return False
        process.send_signal(number)
        # What it says afterwards is read to the end, so that it is not held up by a full pipe.
        rest = process.stderr.read()
        status = process.wait()
        ended = 130 if number is signal.SIGINT else -number
        # The signal may come too late for the last step, and for that one only.
        assert status == ended or (status == 0 and not rest), f"status {status}: {rest}"
        return True
