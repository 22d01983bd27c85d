"""bin/lab: the environment that it makes before Python starts, once, whatever came in between."""

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.conftest import Typed
from tests.launcher.kit import Kit, write


def test_it_makes_the_environment_once_then_hands_over_with_status_and_arguments_intact(kit: Kit) -> None:
    words = ["exec", "worker-1", "--", "a b", "it's", "", "$x", "--yes"]
    first, second = kit.type("status", "--yes"), kit.type(*words)
    assert (first.code, second.code) == (7, 7), first.err + second.err
    assert "lab needs its Python libraries first" in first.err
    assert second.err == ""
    assert second.out == f'[{words}, "{kit.root}"]\n'.replace("'", '"').replace('it"s', "it's").replace('""s', "")
    assert kit.installs() == 1


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
