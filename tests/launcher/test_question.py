"""bin/lab: what it asks before it installs anything, whom, and when it asks nothing."""

import json
import os
import pty
import re
import subprocess

import pytest

from lab.cli import test
from tests.conftest import REPO, Typed
from tests.launcher.kit import Kit


def test_nobody_to_ask_and_no_yes_changes_nothing(kit: Kit) -> None:
    done = kit.type("demo")
    assert done.code == 2
    assert done.err == (
        "lab needs its Python libraries first:\n"
        f"  - make {kit.root}/.venv (965 MB on disk, a download of about 155 MB)\n"
        "then, as root, what is missing of this:\n"
        "  - packages: Docker, libvirt, QEMU, Vagrant (640 MB, a download of 150 MB)\n"
        "  - your rights on these engines, and their start\n"
        "then what the labs are made of: a download of about 250 MB\n"
        "lab: nobody to ask, and --yes was not given\n"
        "  where: no terminal\n"
        "  mend:  bin/lab setup --yes\n"
    )
    assert not (kit.root / ".venv").exists()


def test_a_yes_that_belongs_to_another_command_is_not_ours(kit: Kit) -> None:
    assert kit.type("exec", "worker-1", "--", "apt", "--yes").code == 2


def answered(kit: Kit, answer: bytes, *words: str) -> Typed:
    """Types `bin/lab WORDS` on a terminal, and the answer to what it asks there."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [str(kit.root / "bin/lab"), *words],
        env=kit.env(),
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=theirs,
        text=True,
    ) as lab:
        os.write(ours, answer)
        out, _ = lab.communicate(timeout=60)
    os.close(theirs)
    return Typed(lab.returncode, out, read_to_end(ours).decode())


def read_to_end(terminal: int) -> bytes:
    """All that was printed on a terminal that nobody uses any more: reading past it is an error (pty(7))."""
    parts: list[bytes] = []
    while True:
        try:
            parts.append(os.read(terminal, 4096))
        except OSError:
            os.close(terminal)
            return b"".join(parts)


@pytest.mark.parametrize(("answer", "code"), [(b"y\n", 7), (b"n\n", 2), (b"\n", 2)])
def test_on_a_terminal_it_asks_once(kit: Kit, answer: bytes, code: int) -> None:
    done = answered(kit, answer, "status")
    assert (done.code, done.err.count("Go on? [y/N]")) == (code, 1)


# What the verb is then called with: with --yes it does not ask again.
ANSWERED = {
    "setup": (["setup"], ["setup", "--yes"], "libvirt"),
    "demo": (["demo", "docker"], ["demo", "--yes", "docker"], "what the labs are made of: a download of about 250 MB"),
    "test": (
        ["test", "--", "-k", "--dry-run"],
        ["test", "--yes", "--", "-k", "--dry-run"],
        "the libraries of the tests",
    ),
    "tests, of which some run on engines": (
        ["test", "-e", "unit", "-e", "docker"],
        ["test", "--yes", "-e", "unit", "-e", "docker"],
        "the libraries of the tests",
    ),
    "tests without engines": (
        ["test", "-e", "lint,unit", "-e", "site"],
        ["test", "-e", "lint,unit", "-e", "site"],
        None,
    ),
    "a verb that installs nothing": (["status"], ["status"], None),
    "a dry run": (["demo", "--dry-run"], ["demo", "--dry-run"], None),
    "undo": (["setup", "--undo"], ["setup", "--undo"], None),
}


@pytest.mark.parametrize("case", ANSWERED)
def test_the_one_question_covers_what_the_verb_would_install(kit: Kit, case: str) -> None:
    typed, called, told = ANSWERED[case]
    done = answered(kit, b"y\n", *typed)
    assert done.code == 7
    assert json.loads(done.out)[0] == called
    packages = "packages: Docker, libvirt, QEMU, Vagrant (640 MB, a download of 150 MB)"
    assert (packages in done.err, told is None or told in done.err) == (told is not None, True)
    assert ("the labs are made of" in done.err) is (told is not None and typed[0] != "setup")


def test_the_environments_without_engines_are_those_of_the_kit() -> None:
    [named] = re.findall(r"\^\(\(([a-z|]+)\)", (REPO / "bin/lab").read_text())
    assert {*named.split("|")} == test._WITHOUT_ENGINES


def test_completion_asks_nothing_where_there_is_no_environment_yet(kit: Kit) -> None:
    done = kit.type("", _LAB_COMPLETE="bash_complete")
    assert (done.code, done.out, done.err) == (2, "", "")
    assert not (kit.root / ".venv").exists()
