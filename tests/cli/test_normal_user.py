"""A normal user in the groups of the engines, with a home that is closed to everybody else, has labs of their own."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from lab.model.deadline import Deadline
from lab.substrates import registry
from tests.cli.clone import REPO, clone

NAME, LAB = "labkit-ada", "test-ada"
# Only to make the user, and to become it.
ROOT = () if os.geteuid() == 0 else ("sudo", "-n")
# Two users' labs do not know of each other: ranges of their own keep them apart.
OWN_PLACE = ("-e", "s/10\\.77\\./10.78./", "-e", "s/first_port = 8/first_port = 9/")


def run(*words: str, text: str | None = None) -> str:
    done = subprocess.run([*ROOT, *words], input=text, capture_output=True, text=True, check=False, timeout=1800)
    assert done.returncode == 0, f"{words}: {done.stdout}{done.stderr}"
    return done.stdout + done.stderr


@dataclass(frozen=True)
class Ada:
    """The user. `types` gives what `bin/lab` in their clone of the kit printed."""

    home: Path

    def types(self, *words: str) -> str:
        own = [f"HOME={self.home}", f"USER={NAME}", "PATH=/usr/local/bin:/usr/bin:/bin", "LC_ALL=C.UTF-8"]
        become = ["setpriv", f"--reuid={NAME}", f"--regid={NAME}", "--init-groups", "env", "--ignore-environment"]
        return run(*become, *own, "sh", "-c", f'cd {self.home}/kit && exec bin/lab "$@"', "lab", *words)


@pytest.fixture
def ada(substrate_name: str) -> Iterator[Ada]:
    home = Path("/home") / NAME
    run("useradd", "--create-home", f"--home-dir={home}", "--groups=docker,libvirt,kvm", "--shell=/bin/sh", NAME)
    try:
        run("chmod", "0700", str(home))
        _give_kit(home / "kit")
        run("chown", "--recursive", f"{NAME}:", str(home))
        ada = Ada(home)
        try:
            yield ada
        finally:
            ada.types("destroy", substrate_name, "--volumes", "--yes", "--name", LAB)
        assert LAB not in registry.get(substrate_name).leftovers(Deadline.after(60, "looking"))
    finally:
        # It refuses while a process of theirs still runs: nothing of a lab may be left.
        run("userdel", "--remove", NAME)


def _give_kit(kit: Path) -> None:
    """A clone with its libraries, as bin/lab makes them: those of these tests, moved to where the clone is."""
    clone(kit, prefix=ROOT)
    venv = kit / ".venv"
    run("sed", "-i", *OWN_PLACE, str(kit / "topology.toml"))
    run("cp", "-r", "--preserve=mode,links", sys.prefix, str(venv))
    shebang = f"1s|^#!{sys.prefix}/bin/|#!{venv}/bin/|"
    run("find", str(venv / "bin"), "-type", "f", "-exec", "sed", "-i", shebang, "{}", "+")
    python = (Path(sys.prefix) / "bin/python").resolve()
    stamp = f"{kit}\n{python}\n{(REPO / 'requirements/run.txt').read_text().rstrip()}"
    run("tee", str(venv / "complete"), text=stamp)


def has_a_lab(ada: Ada, substrate: str) -> None:
    ada.types("up", substrate, "--workers", "1", "--name", LAB)
    assert "worker-1        running   ready" in ada.types("status", substrate, "--name", LAB)
    ada.types("replace", f"{substrate}/worker-1", "--name", LAB)
    assert ada.types("exec", "--name", LAB, f"{substrate}/worker-1", "--", "hostname") == "worker-1\n"
    assert "running commit" in ada.types("logs", f"{substrate}/worker-1", "--name", LAB)


@pytest.mark.only("docker")
def test_a_normal_user_has_a_lab_of_containers(ada: Ada) -> None:
    has_a_lab(ada, "docker")


@pytest.mark.long
@pytest.mark.only("vagrant")
def test_a_normal_user_builds_boxes_and_has_a_lab_of_machines(ada: Ada) -> None:
    ada.types("build", "vagrant")
    assert ada.types("build", "--dry-run") == ""
    has_a_lab(ada, "vagrant")
