"""Ctrl-C, sent to a verb that waits for its engine."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import REPO


@pytest.mark.parametrize("words", [["build", "docker"], ["destroy", "docker", "--yes"]])
def test_ctrl_c_ends_each_verb_with_words_that_are_true_of_it(words: list[str], tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as door:
        door.bind(str(tmp_path / "hung.sock"))
        door.listen()
        door.settimeout(60)
        homes = {"XDG_STATE_HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path)}
        process = subprocess.Popen(
            [sys.executable, "-m", "lab", *words],
            cwd=REPO,
            env={**os.environ, **homes, "DOCKER_HOST": f"unix://{tmp_path}/hung.sock"},
            stderr=subprocess.PIPE,
            text=True,
        )
        kept, _ = door.accept()
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
        kept.close()
    assert (process.returncode, err.strip()) == (
        130,
        "interrupted: what was done so far stays; the same command, typed again, goes on or says what to do first",
    )
