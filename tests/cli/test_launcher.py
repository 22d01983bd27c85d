"""bin/lab: what it says and does before Python starts. Needs no engine, downloads nothing."""

import json
import os
import pty
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from lab.cli import test
from tests.conftest import Typed

REPO = Path(__file__).resolve().parents[2]
# What bin/lab hands over to, in place of the kit: tells how it was called.
_ECHO = """
import json, os, sys
print(json.dumps([sys.argv[1:], os.getcwd()]))
sys.exit(7)
"""
# In place of the venv module: makes in no time what the launcher needs of an environment.
_VENV = """
import pathlib, sys
folder = pathlib.Path(sys.argv[1]) / "bin"
folder.mkdir(parents=True)
(folder / "python").symlink_to(sys.executable)
"""
# In place of pip: fails, waits or succeeds, as PIP says.
_PIP = """
import os, pathlib, sys, time
with pathlib.Path(os.environ["PIP_CALLS"]).open("a") as calls:
    calls.write("install\\n")
if os.environ.get("PIP") == "slow":
    time.sleep(float(os.environ["PIP_SECONDS"]))
sys.exit(os.environ.get("PIP") == "fails")
"""


class Kit:
    """A copy of what the launcher needs; `lab`, venv and pip are stand-ins, since real ones would download."""

    def __init__(self, root: Path) -> None:
        self.root, self.calls = root, root.parent / "pip-calls"
        shutil.copytree(REPO / "bin", root / "bin")
        shutil.copytree(REPO / "requirements", root / "requirements")
        (root / "lab").mkdir()
        (root / "lab/__main__.py").write_text(_ECHO)
        # The kit's folder is on PYTHONPATH, so these come before Python's own.
        for name, text in {"venv": _VENV, "pip": _PIP}.items():
            (root / name).mkdir()
            (root / name / "__init__.py").touch()
            (root / name / "__main__.py").write_text(text)

    def env(self, **more: str) -> Mapping[str, str]:
        path = {"PATH": "/usr/bin:/bin:/usr/sbin:/sbin", "HOME": str(self.root.parent), "LC_ALL": "C.UTF-8"}
        return {**path, "PYTHONPATH": str(self.root), "PIP_CALLS": str(self.calls), **more}

    def type(self, *words: str, cwd: Path | None = None, program: Path | None = None, **env: str) -> Typed:
        """Types `bin/lab WORDS` with nobody at the terminal."""
        return self.inside([], str(program or self.root / "bin/lab"), *words, cwd=cwd, **env)

    def inside(self, setting: list[str], *argv: str, cwd: Path | None = None, **env: str) -> Typed:
        """Runs a command in a mount namespace where `setting` was run first."""
        script = "\n".join([*setting, 'exec "$@"'])
        wrapped = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-ec", script, "sh", *argv]
        done = subprocess.run(
            wrapped if setting else argv,
            env=self.env(**env),
            cwd=cwd or self.root,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        return Typed(done.returncode, done.stdout, done.stderr)

    def installs(self) -> int:
        return len(self.calls.read_text().splitlines()) if self.calls.exists() else 0


@pytest.fixture
def kit(tmp_path: Path) -> Kit:
    return Kit(tmp_path / "kit")


def test_it_makes_the_environment_once_then_hands_over_with_status_and_arguments_intact(kit: Kit) -> None:
    words = ["exec", "worker-1", "--", "a b", "it's", "", "$x", "--yes"]
    first, second = kit.type("status", "--yes"), kit.type(*words)
    assert (first.code, second.code) == (7, 7), first.err + second.err
    assert "lab needs its Python libraries first" in first.err
    assert second.err == ""
    assert second.out == f'[{words}, "{kit.root}"]\n'.replace("'", '"').replace('it"s', "it's").replace('""s', "")
    assert kit.installs() == 1


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


def write(program: Path, text: str) -> None:
    program.parent.mkdir(exist_ok=True)
    program.write_text(f"#!/bin/sh\n{text}\n")
    program.chmod(0o755)


@pytest.fixture
def apt(kit: Kit) -> Path:
    """A computer without python3-venv; gives the file with what apt-get, which brings it, was asked for."""
    asked, module = kit.root.parent / "asked", kit.root / "ensurepip/__init__.py"
    module.parent.mkdir()
    module.write_text("raise ImportError")
    install = f'case "$*" in *install*) : >{module} ;; esac'
    write(kit.root.parent / "tools/apt-get", f'echo "$*" >>{asked}\n[ -z "$NO_NETWORK" ] || exit 100\n{install}')
    return asked


def type_as_root(kit: Kit, *words: str, no_network: str = "") -> Typed:
    path = f"{kit.root.parent}/tools:/usr/bin:/bin:/usr/sbin:/sbin"
    return kit.inside(["true"], str(kit.root / "bin/lab"), *words, PATH=path, NO_NETWORK=no_network)


def test_a_missing_python3_venv_is_told_then_installed(kit: Kit, apt: Path) -> None:
    told = "lab needs its Python libraries first:\n  - install the Debian package python3-venv (apt-get, as root)\n"
    refused = type_as_root(kit, "status")
    assert (refused.code, refused.err.startswith(told), apt.exists()) == (2, True, False), refused.err
    done = type_as_root(kit, "status", "--yes")
    assert (done.code, done.err.startswith(told)) == (7, True), done.err
    update, install = apt.read_text().splitlines()
    assert ("update" in update, install.endswith(" python3-venv")) == (True, True)


def test_a_python3_venv_that_cannot_be_had_is_one_error(kit: Kit, apt: Path) -> None:
    gave = type_as_root(kit, "status", "--yes", no_network="1")
    assert gave.code == 2
    assert gave.err.splitlines()[-3] == "lab: could not make .venv; the reason stands above"
    assert len(apt.read_text().splitlines()) == 1
    # A normal user on a computer without sudo. (One who is known by no number here is not root.)
    tools = kit.root.parent / "tools"
    for program in Path("/usr/bin").iterdir():
        if program.name != "sudo" and not (tools / program.name).exists():
            (tools / program.name).symlink_to(program)
    gave = kit.inside([], "/usr/bin/unshare", "--user", str(kit.root / "bin/lab"), "status", "--yes", PATH=str(tools))
    assert gave.code == 2
    assert "lab: cannot run as root: apt-get update" in gave.err
    assert "  where: there is no sudo\n" in gave.err
    assert len(apt.read_text().splitlines()) == 1


@pytest.mark.parametrize(
    ("line", "taken_up"),
    [
        ("libvirt:x:71:ada,bob\ndocker:x:70:ada\nkvm:x:72:bob", ["libvirt", "docker"]),
        ("audio:x:70:ada", []),
        ("docker:x:65534:ada", []),  # the number that stands for all groups that are not known here: it has this one
    ],
)
def test_groups_that_are_newer_than_the_login_are_taken_up(kit: Kit, line: str, taken_up: list[str]) -> None:
    kit.type("status", "--yes")
    there = kit.root.parent
    (there / "group").write_text(f"{line}\n")
    write(there / "tools/id", 'case $1 in -un) echo ada ;; -gn) echo "$2s" ;; esac')
    write(there / "tools/sg", 'echo "$1" >&2; exec sh -c "$3"')
    words = ["exec", "worker-1", "--", "a b", "it's", ""]
    done = kit.inside(
        [f"mount --bind {there}/group /etc/group"],
        *("/usr/bin/unshare", "--user", str(kit.root / "bin/lab"), *words),
        PATH=f"{there}/tools:/usr/bin:/bin",
    )
    assert (done.code, json.loads(done.out)[0]) == (7, words), done.err
    # The group that new files belong to stays the user's own.
    assert done.err.split() == [*reversed(taken_up), *(["adas"] if taken_up else [])]


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


UNFIT = {
    "another system": (
        ["mount --bind {there}/os-release /etc/os-release"],
        "lab: not supported: fedora 41 (Linux x86_64)\n"
        "  where: this computer\n"
        "  mend:  run the kit on Debian 12 or 13 on amd64, for example in a virtual machine\n",
    ),
    "an old Debian": (
        ["mount --bind {there}/old-release /etc/os-release"],
        "lab: not supported: debian 11 (Linux x86_64)\n"
        "  where: this computer\n"
        "  mend:  run the kit on Debian 12 or 13 on amd64, for example in a virtual machine\n",
    ),
    "a full disk": (
        ["mount -t tmpfs -o size=20m none {there}/small", "cp -r {kit} {there}/small/kit"],
        "lab: not enough disk: N MB are free, 2600 MB are needed\n"
        "  where: the file system of {there}/small/kit\n"
        "  mend:  free some space, or use a larger file system\n",
    ),
    "a full disk under the engines": (
        ["mount -t tmpfs -o size=20m none /var/lib"],
        "lab: not enough disk: N MB are free, 3000 MB are needed\n"
        "  where: the file system of /var/lib\n"
        "  mend:  free some space, or use a larger file system\n",
    ),
    "a full disk under the home": (
        ["mount -t tmpfs -o size=20m none {there}/small", "export HOME={there}/small/ada"],
        "lab: not enough disk: N MB are free, 3400 MB are needed\n"
        "  where: the file system of {there}/small/ada/.cache, {there}/small/ada/.local/state\n"
        "  mend:  free some space, or use a larger file system\n",
    ),
    "a folder that is not ours": (
        [
            "mount -t tmpfs -o size=4g none {there}/small",
            "cp -r {kit} {there}/small/kit",
            "mount -o remount,ro {there}/small",
        ],
        "lab: cannot make .venv: the folder is not yours to write in\n"
        "  where: {there}/small/kit\n"
        "  mend:  clone the kit into a folder of your own\n",
    ),
    "an old Python": (
        ["mount --bind {there}/old-python /usr/bin/python3"],
        "lab: not supported: no Python 3.11 or newer\n"
        "  where: /usr/bin/python3 and PATH\n"
        "  mend:  apt-get install python3\n",
    ),
    "little memory": (
        ["mount --bind {there}/meminfo /proc/meminfo"],
        "lab: not enough memory: 500 MB are available, 3000 MB are needed\n"
        "  where: this computer\n"
        "  mend:  end other programs, or give this computer more memory\n",
    ),
}


@pytest.mark.parametrize("case", UNFIT)
def test_an_unfit_computer_gets_one_message_before_anything_is_made(kit: Kit, tmp_path: Path, case: str) -> None:
    setting, message = UNFIT[case]
    (tmp_path / "os-release").write_text('ID=fedora\nVERSION_ID="41"\n')
    (tmp_path / "old-release").write_text('ID=debian\nVERSION_ID="11"\n')
    (tmp_path / "meminfo").write_text("MemTotal:  1024000 kB\nMemAvailable:     512000 kB\n")
    write(tmp_path / "old-python", "exit 1")
    (tmp_path / "small").mkdir()
    place = tmp_path / "small/kit" if any("small/kit" in line for line in setting) else kit.root
    setting = [line.format(there=tmp_path, kit=kit.root) for line in setting]
    done = kit.inside(setting, str(place / "bin/lab"), "demo", "--yes")
    assert done.code == 2
    assert re.sub(r"\d+ MB are free", "N MB are free", done.err) == message.format(there=tmp_path)
    assert not (kit.root / ".venv").exists()
    assert kit.installs() == 0


@pytest.fixture
def small(tmp_path: Path) -> list[str]:
    """Makes a computer one that has too little memory for the kit."""
    (tmp_path / "meminfo").write_text("MemTotal:  1024000 kB\nMemAvailable:     512000 kB\n")
    return [f"mount --bind {tmp_path}/meminfo /proc/meminfo"]


def have_all(kit: Kit) -> Path:
    """Gives the computer all that a verb installs or builds; the engines are in the folder that comes back."""
    folder = kit.root.parent / "engines"
    folder.mkdir()
    for name in ("dockerd", "libvirtd", "qemu-system-x86_64", "vagrant"):
        (folder / name).touch(0o755)
    (kit.root.parent / ".cache/vagrant-docker-lab/rootfs").mkdir(parents=True)
    return folder


@pytest.mark.parametrize("verb", ["setup", "demo", "test"])
def test_what_installs_asks_the_same_questions_until_all_is_there(kit: Kit, small: list[str], verb: str) -> None:
    kit.type("status", "--yes")
    lab = str(kit.root / "bin/lab")
    assert kit.inside(small, lab, verb, "--yes").code == 2
    for words in (["status"], ["setup", "--undo"], [verb, "--dry-run"]):
        assert kit.inside(small, lab, *words).code == 7
    engines = have_all(kit)
    assert kit.inside(small, lab, verb, "--yes", PATH=f"/usr/bin:/bin:{engines}").code == 7
    without = ["mount -t tmpfs none /usr/sbin", f"rm {engines}/libvirtd"]
    assert kit.inside([*small, *without], lab, verb, "--yes", PATH=f"/usr/bin:/bin:{engines}").code == 2


def test_an_install_that_failed_is_made_anew_the_next_time(kit: Kit) -> None:
    failed = kit.type("status", "--yes", PIP="fails")
    assert failed.code == 2
    assert failed.err.endswith(
        "lab: could not make .venv; the reason stands above\n"
        f"  where: {kit.root}/.venv\n"
        "  mend:  check the network, then run it again\n"
    )
    assert kit.type("status", "--yes").code == 7
    assert kit.installs() == 2


def test_another_lock_file_is_installed_over_it_also_where_the_kit_left_little_room(kit: Kit, small: list[str]) -> None:
    kit.type("status", "--yes")
    with (kit.root / "requirements/run.txt").open("a") as lock:
        lock.write("# another\n")
    assert kit.inside(small, str(kit.root / "bin/lab"), "destroy", "--yes").code == 7
    assert kit.installs() == 2


def test_a_folder_that_was_moved_gets_a_new_environment(kit: Kit, tmp_path: Path) -> None:
    kit.type("status", "--yes")
    moved = kit.root.rename(tmp_path / "moved")
    assert kit.type("status", "--yes", program=moved / "bin/lab", cwd=moved, PYTHONPATH=str(moved)).code == 7
    assert kit.installs() == 2


def test_two_first_runs_at_once_make_one_environment(kit: Kit) -> None:
    argv = [str(kit.root / "bin/lab"), "status", "--yes"]
    env = kit.env(PIP="slow", PIP_SECONDS="1")
    both = [subprocess.Popen(argv, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL) for _ in range(2)]
    assert [one.wait(60) for one in both] == [7, 7]
    assert kit.installs() == 1


def test_ctrl_c_while_it_installs_ends_it_with_130_and_leaves_nothing_that_counts(kit: Kit) -> None:
    argv = [str(kit.root / "bin/lab"), "status", "--yes"]
    env = kit.env(PIP="slow", PIP_SECONDS="30")
    with subprocess.Popen(
        argv,
        env=env,
        stdin=subprocess.DEVNULL,
        start_new_session=True,
        # A job in the background of a script ignores Ctrl-C, and so would what it starts.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    ) as lab:
        end = time.monotonic() + 30
        while kit.installs() == 0 and time.monotonic() < end:
            time.sleep(0.05)
        os.killpg(lab.pid, signal.SIGINT)
        assert lab.wait(30) == 130
    assert not (kit.root / ".venv/complete").exists()
    assert kit.type("status", "--yes").code == 7


def test_it_keeps_the_callers_folder_and_takes_nothing_from_it(kit: Kit, tmp_path: Path) -> None:
    kit.type("status", "--yes")
    elsewhere = tmp_path / "elsewhere"
    (elsewhere / "lab").mkdir(parents=True)
    (elsewhere / "lab/__main__.py").write_text("raise SystemExit('the wrong lab')")
    done = kit.type("status", cwd=elsewhere)
    assert done.out == f'[["status"], "{elsewhere}"]\n'


def test_what_it_hands_over_to_learns_how_it_was_called(kit: Kit, tmp_path: Path) -> None:
    kit.type("status", "--yes")
    (kit.root / "lab/__main__.py").write_text("import os; print(os.environ['LAB_CALLED'])")
    (tmp_path / "lab").symlink_to(kit.root / "bin/lab")
    typed = ["sh", "-c", 'PATH=$PATH:$1; shift; "$@"', "sh"]
    for path, program, name in (
        ("/nowhere", "bin/lab", "bin/lab"),
        (kit.root / "bin", "lab", "lab"),
        (tmp_path, "lab", "lab"),
        (tmp_path, "bin/lab", "lab"),
    ):
        assert kit.inside([], *typed, str(path), program, "status").out == f"{name}\n"


def test_a_link_to_it_works(kit: Kit, tmp_path: Path) -> None:
    kit.type("status", "--yes")
    (tmp_path / "lab-link").symlink_to(kit.root / "bin/lab")
    assert kit.type("status", program=tmp_path / "lab-link", cwd=tmp_path).code == 7
