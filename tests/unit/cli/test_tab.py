"""Tab, in a shell."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.shell_completion import ShellComplete

from lab.cli import main
from tests.conftest import REPO

# README's line, and what bash does when somebody then types `lab WORDS` and Tab.
_TAB = """
eval "$(_LAB_COMPLETE=bash_source lab)"
COMP_WORDS=(lab "$@") COMP_CWORD=$#
_lab_completion lab
printf '%s\\n' "${COMPREPLY[@]}"
"""


def test_tab_works_in_a_shell(tmp_path: Path) -> None:
    program = tmp_path / "lab"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -P -m lab "$@"\n')
    program.chmod(0o755)
    env = {**os.environ, "PYTHONPATH": str(REPO), "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    argv = ["bash", "--norc", "-c", _TAB, "bash", "de"]
    done = subprocess.run(argv, env=env, capture_output=True, text=True, check=False, timeout=60)
    assert (done.stdout.split(), done.stderr) == (["deploy", "destroy", "demo"], "")


@pytest.mark.parametrize(
    ("words", "begun", "offered"),
    [
        ([], "de", ["deploy", "destroy", "demo"]),
        (["up"], "", ["docker", "vagrant", "all"]),
        (["destroy"], "--v", ["--volumes"]),
    ],
)
def test_tab_completes_commands_arguments_and_options(words: list[str], begun: str, offered: list[str]) -> None:
    completion = ShellComplete(main.lab, {}, "lab", "_LAB_COMPLETE")
    assert [item.value for item in completion.get_completions(words, begun)] == offered
