"""Typed commands that need no engine: bad input gets one clear error, changes nothing, and exits with 2."""

import subprocess
import sys
from pathlib import Path

import pytest

from lab.cli import common
from lab.substrates import registry
from lab.substrates.base import Reach
from tests.unit.cli.labs import AWAY, record, typed

BAD = {
    "kill on a lab that is not up": (
        ["kill", "worker-1"],
        "lab lab is not up anywhere",
    ),
    "kill what is no node": (
        ["kill", "web-1"],
        "'web-1' is not the name of a node",
    ),
    "kill on an unknown substrate": (
        ["kill", "podman/worker-1"],
        "there is no substrate 'podman'",
    ),
    "a name that no lab can have": (
        ["status", "--name", "Blue_1"],
        "'Blue_1' cannot be the name of a lab",
    ),
    "sleep on a lab that is not up": (
        ["sleep", "docker"],
        "lab lab is not up on docker",
    ),
    "wake on a lab that is up nowhere": (
        ["wake"],
        "lab lab is not up anywhere",
    ),
    "logs of a lab that is not up": (
        ["logs", "docker/worker-1"],
        "lab lab is not up on docker",
    ),
    "destroy without a terminal and without --yes": (
        ["destroy"],
        "Remove lab lab on docker and vagrant, but not its data? needs an answer",
    ),
    "verify of a lab that is not up": (
        ["verify", "docker"],
        "lab lab is not up on docker",
    ),
    "up with a topology that is not there": (
        ["up", "docker", "--topology", "/nowhere/topology.toml"],
        "there is no topology file",
    ),
    "deploy to a lab that is not up": (
        ["deploy", "docker"],
        "lab lab is not up on docker",
    ),
    "deploy of a folder that is not there": (
        ["deploy", "docker", "/nowhere/app"],
        "there is no folder /nowhere/app",
    ),
    "deploy of a file": (
        ["deploy", "docker", "README.md"],
        "README.md is a file, and an app is a folder",
    ),
    "deploy of what is no app": (
        ["deploy", "docker", "docs"],
        "docs is no app: there is no app.py in it",
    ),
    "deploy with a message of nothing": (
        ["deploy", "docker", "-m", " "],
        "' ' is no message",
    ),
    "deploy of an app and a list at once": (
        ["deploy", "docker", "app", "--list"],
        "PATH and --list do not go together",
    ),
    "deploy that lists and goes back at once": (
        ["deploy", "docker", "--list", "--rollback"],
        "--list and --rollback do not go together",
    ),
    "deploy with --json alone": (
        ["deploy", "docker", "--json"],
        "--json is for --list",
    ),
    "refresh of a lab that is not up": (
        ["refresh", "docker"],
        "lab lab is not up on docker",
    ),
    "compare of a row that there is not": (
        ["compare", "--rows", "start,speed"],
        "there is no row 'speed'",
    ),
    "compare with guesses and nobody to ask": (
        ["compare", "--predict"],
        "--predict asks for guesses",
    ),
    "compare into a folder with a report that is none": (
        ["compare", "--out", "tests/unit/cli/no-report"],
        "this is no report of a comparison: it is no JSON, or was cut off",
    ),
    "show of a comparison that is not there": (
        ["compare", "show", "/nowhere"],
        "there is no report of a comparison",
    ),
    "diff with a comparison that is not there": (
        ["compare", "diff", "/nowhere", "/nowhere"],
        "there is no report of a comparison",
    ),
    "merge with a comparison that is not there": (
        ["compare", "merge", "/nowhere", "/nowhere", "-o", "/nowhere/both"],
        "there is no report of a comparison",
    ),
    "verify with a report where none can be written": (
        ["verify", "--junit", "README.md/report.xml"],
        "README.md/report.xml cannot be written",
    ),
    "verify with a folder for a report": (
        ["verify", "--junit", "docs"],
        "docs cannot be written",
    ),
    "timeline with a picture where none can be written": (
        ["timeline", "--plot", "README.md/timeline.html"],
        "README.md/timeline.html cannot be written",
    ),
    "a run with a picture where none can be written": (
        ["prove", "show", "--plot", "README.md/run.html"],
        "README.md/run.html cannot be written",
    ),
    "up with a folder for a topology": (
        ["up", "docker", "--topology", "/tmp"],
        "the topology file cannot be read: Is a directory",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_gets_one_error_with_what_where_and_mend(case: str, tmp_path: Path) -> None:
    words, message = BAD[case]
    gave = typed(tmp_path, *words)
    assert gave.code == 2, gave
    lines = gave.err.splitlines()
    assert lines[0].startswith(f"error: {message}"), gave.err
    assert lines[1].startswith("  where: ")
    assert lines[2].startswith("  mend:  ")
    assert len(lines) == 3
    # Whoever imports Matplotlib first has its list of fonts written.
    assert not [path for path in tmp_path.rglob("*.json") if path.parent.name != "matplotlib"]


WRONG = [
    ["deploy"],
    ["deploy", "all"],
    ["compare", "--repeat", "0"],
    ["refresh", "all"],
    ["refresh", "docker", "--ready-within", "0"],
]


@pytest.mark.parametrize(
    "words", [["nonsense"], ["up", "podman"], ["up", "docker", "--workers", "0"], ["kill"], *WRONG]
)
def test_a_wrong_word_is_a_usage_error(words: list[str], tmp_path: Path) -> None:
    gave = typed(tmp_path, *words)
    assert gave.code == 2
    assert "Usage:" in gave.err or "Error:" in gave.err


def test_status_of_no_lab_says_how_to_get_one(tmp_path: Path) -> None:
    gave = typed(tmp_path, "status")
    assert gave.code == 0
    assert "lab up docker" in gave.out


def test_a_lab_whose_record_cannot_be_read_is_not_taken_for_one_that_uses_nothing(tmp_path: Path) -> None:
    record(tmp_path, {"docker": [1]}, "blue")
    noted = tmp_path / "state" / "vagrant-docker-lab" / "labs" / "blue" / "lab.json"
    noted.write_text(noted.read_text().replace('"keys"', '"keyes"'))
    gave = typed(tmp_path, "clean", "--yes", **AWAY)
    assert gave.code == 2
    assert gave.err.splitlines()[0].startswith("error: the record of lab blue cannot be read"), gave.err


def test_the_tests_can_be_told_without_being_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for engine in AWAY:
        monkeypatch.delenv(engine, raising=False)
    gave = typed(tmp_path, "test", "-e", "unit", "--dry-run", "--", "-k", "a b")
    assert gave.code == 0, gave.err
    assert gave.out.endswith("tox.ini -e unit -- -k 'a b'\n")


@pytest.mark.parametrize("words", [["exec", "docker/worker-1", "--", "true"], ["shell", "docker/worker-1"]])
def test_a_missing_program_is_one_error_and_no_bug_of_ours(words: list[str], tmp_path: Path) -> None:
    record(tmp_path, {"docker": [1]})
    gave = typed(tmp_path, *words, PATH="/nowhere")
    assert (gave.code, gave.err.splitlines()[0]) == (2, "error: docker is not installed")


def test_a_shell_without_a_terminal_asks_the_engine_for_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    became: list[list[str]] = []
    into = Reach(("enter",), ("enter", "--terminal"), is_remote_shell=False, testinfra="")
    monkeypatch.setattr(common, "reach", lambda *_: into)
    monkeypatch.setattr(common, "hand_over", became.append)
    assert typed(tmp_path, "shell", "docker/worker-1").code == 0
    assert became == [["enter", "/bin/bash"]]


def test_a_lab_that_is_being_changed_names_who_changes_it(tmp_path: Path) -> None:
    folder = tmp_path / "state" / "vagrant-docker-lab" / "labs" / "lab"
    folder.mkdir(parents=True)
    holder = _hold(folder / "lock")
    try:
        gave = typed(tmp_path, "destroy", "--yes")
        assert gave.code == 2
        assert f"`lab up` (pid {holder.pid}) is at work on this" in gave.err
    finally:
        holder.kill()
        holder.wait()


def _hold(path: Path) -> "subprocess.Popen[str]":
    code = (
        "import sys, time; from pathlib import Path; from lab.host import lock\n"
        "with lock.held(Path(sys.argv[1]), 'up'): print('held', flush=True); time.sleep(60)"
    )
    process = subprocess.Popen([sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_a_short_name_that_fits_two_nodes_is_refused_with_both(tmp_path: Path) -> None:
    record(tmp_path, {"docker": [1, 2], "vagrant": [1]})
    gave = typed(tmp_path, "kill", "worker-1", "--dry-run")
    assert gave.code == 2
    assert "say which: docker/worker-1 or vagrant/worker-1" in gave.err
    alone = typed(tmp_path, "kill", "worker-2", "--dry-run")
    assert (alone.code, alone.out) == (0, "would destroy docker/worker-2\n")
    for words in (["kill", "docker/worker-9"], ["exec", "docker/worker-9", "--", "true"]):
        none = typed(tmp_path, *words)
        assert none.code == 2
        assert "lab lab on docker has no worker-9" in none.err
        assert "its nodes are loadbalancer-1, store-1, worker-1, worker-2" in none.err


def test_the_log_of_a_worker_that_is_not_wanted_any_more_is_read_by_its_short_name_where_that_is_unique(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record(tmp_path, {"docker": [1, 2], "vagrant": [1]})
    logs = tmp_path / "state" / "vagrant-docker-lab" / "labs" / "lab" / "logs"
    logs.mkdir()
    (logs / "docker-worker-3.log").touch()
    became: list[list[str]] = []
    monkeypatch.setattr(common, "hand_over", became.append)
    for name in registry.NAMES:
        monkeypatch.setattr(type(registry.get(name)), "nodes", lambda *_: [])
    assert typed(tmp_path, "logs", "worker-3").code == 0
    assert became == [["cat", str(logs / "docker-worker-3.log")]]
    (logs / "vagrant-worker-3.log").touch()
    both = typed(tmp_path, "logs", "worker-3")
    assert (both.code, "say which: docker/worker-3 or vagrant/worker-3" in both.err) == (2, True), both.err
    # It is gone all the same for who wants to do something with it.
    for words in (["logs", "worker-4"], ["kill", "worker-3"]):
        gone = typed(tmp_path, *words)
        assert (gone.code, gone.err.splitlines()[0]) == (2, f"error: lab lab has no {words[1]}")


# Where nobody may make a folder, not even root.
CLOSED = "/sys"


@pytest.mark.parametrize(
    ("variable", "words"), [("XDG_STATE_HOME", ["destroy", "--yes"]), ("XDG_CACHE_HOME", ["clean", "--yes"])]
)
def test_a_folder_that_cannot_be_written_is_one_error_and_no_bug_of_ours(
    variable: str, words: list[str], tmp_path: Path
) -> None:
    gave = typed(tmp_path, *words, **{variable: CLOSED})
    assert gave.code == 2, gave
    what, where, mend = gave.err.splitlines()
    assert what.startswith("error: this computer refuses a file: "), gave.err
    assert where == f"  where: {CLOSED}/vagrant-docker-lab"
    assert mend.startswith("  mend:  see whose it is (`ls -ld`) and make it yours"), gave.err
