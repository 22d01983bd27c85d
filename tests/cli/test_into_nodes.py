"""Getting into a node and at its log: the command's own exit code, what comes meanwhile, nodes that are not there."""

import os
import pty
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from threading import Timer
from uuid import uuid4

import pytest

from lab.flows import deployment
from lab.flows.deployment import Deployment
from lab.model.deadline import Deadline
from lab.model.node import STORE, Mode, Role
from tests.conftest import REPO, type_lab

# A machine's console, or what a container's first process prints to.
_SAY = '[ -c /dev/console ] && exec >/dev/console || exec >/proc/1/fd/1; echo "$0"'
LAB = "test-none"


@pytest.fixture
def intended(substrate_name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Mapping[str, str]:
    """A lab that is written down and of which nothing was made, in a state folder of its own; gives the environment."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    file = deployment.topology_file()
    topology = deployment.read_topology(file)
    keys = dict.fromkeys(Role, "0")
    deployment.intend(LAB, substrate_name, mode=Mode.STATELESS, workers=1, topology=topology, file=file, keys=keys)
    return {"XDG_STATE_HOME": str(tmp_path)}


@pytest.mark.parametrize(
    "words", [["exec", "worker-1", "--", "true"], ["shell", "worker-1"]], ids=lambda words: words[0]
)
def test_a_node_that_is_not_there_is_told_with_a_mend(
    words: list[str], intended: dict[str, str], substrate_name: str
) -> None:
    gave = type_lab(words[0], "--name", LAB, *words[1:], env=intended)
    assert gave.code == 2
    assert gave.err.splitlines() == [
        "error: worker-1 is absent; only a node that runs lets anybody in",
        f"  where: lab {LAB} on {substrate_name}",
        f"  mend:  `lab up {substrate_name} --name {LAB}` brings it back",
    ]


def test_shell_passes_the_shells_own_exit_code_on(running_lab: Deployment) -> None:
    ours, theirs = pty.openpty()
    words = ["shell", f"{running_lab.plan.substrate}/worker-1", "--name", running_lab.lab]
    with subprocess.Popen(
        [sys.executable, "-m", "lab", *words], cwd=REPO, stdin=theirs, stdout=theirs, stderr=theirs
    ) as shell:
        os.close(theirs)
        os.write(ours, b"exit 7\n")
        # It is not to be held up by what it prints. A terminal whose last user has gone gives an error (pty(7)).
        try:
            while os.read(ours, 4096):
                pass
        except OSError:
            os.close(ours)
        assert shell.wait(60) == 7


def test_a_shell_without_a_terminal_takes_what_comes_through_a_pipe(running_lab: Deployment) -> None:
    words = ["shell", f"{running_lab.plan.substrate}/worker-1", "--name", running_lab.lab]
    shell = subprocess.run(
        [sys.executable, "-m", "lab", *words],
        cwd=REPO,
        input="hostname; exit 7\n",
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (shell.returncode, shell.stdout) == (7, "worker-1\n"), shell.stderr


@pytest.fixture
def followed(running_lab: Deployment) -> Iterator["subprocess.Popen[str]"]:
    """`lab logs store-1 -f`, which ends after the test, or where nothing comes."""
    words = ["logs", f"{running_lab.plan.substrate}/{STORE}", "-f", "--name", running_lab.lab]
    with subprocess.Popen(
        [sys.executable, "-m", "lab", *words], cwd=REPO, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as follower:
        too_late = Timer(60, follower.terminate)
        too_late.start()
        yield follower
        too_late.cancel()
        follower.terminate()


def test_logs_that_are_followed_print_what_comes(
    running_lab: Deployment, followed: "subprocess.Popen[str]", deadline: Deadline
) -> None:
    assert followed.stdout is not None
    assert followed.stdout.readline(), "what was there already comes first"
    said = f"said by a test {uuid4().hex}"
    running_lab.reach(STORE).run(["sh", "-c", _SAY, said], deadline)
    assert any(said in line for line in followed.stdout)
    assert followed.poll() is None
