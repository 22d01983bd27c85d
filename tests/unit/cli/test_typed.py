"""Typed commands that need no engine: bad input gets one clear error, changes nothing, and exits with 2."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from importlib import import_module
from pathlib import Path
from socketserver import UnixStreamServer
from threading import Thread

import click
import pytest
from click.shell_completion import ShellComplete

from lab.cli import common, main
from lab.cli.main import VERBS
from lab.model.topology import load
from lab.substrates.docker import client
from lab.substrates.registry import NAMES
from lab.substrates.vagrant import virsh
from tests.conftest import REPO, Typed, type_lab
from tests.unit.cli.inside import type_inside

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
    "up with a folder for a topology": (
        ["up", "docker", "--topology", "/tmp"],
        "the topology file cannot be read: Is a directory",
    ),
}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path


def typed(home: Path, *words: str) -> Typed:
    return type_inside(*words, env={"XDG_STATE_HOME": str(home / "state"), "XDG_CACHE_HOME": str(home / "cache")})


@pytest.mark.parametrize("case", BAD)
def test_bad_input_gets_one_error_with_what_where_and_mend(case: str, home: Path) -> None:
    words, message = BAD[case]
    gave = typed(home, *words)
    assert gave.code == 2, gave
    lines = gave.err.splitlines()
    assert lines[0].startswith(f"error: {message}"), gave.err
    assert lines[1].startswith("  where: ")
    assert lines[2].startswith("  mend:  ")
    assert len(lines) == 3
    assert not list(home.rglob("*.json"))


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
def test_a_wrong_word_is_a_usage_error(words: list[str], home: Path) -> None:
    gave = typed(home, *words)
    assert gave.code == 2
    assert "Usage:" in gave.err or "Error:" in gave.err


def test_status_of_no_lab_says_how_to_get_one(home: Path) -> None:
    gave = typed(home, "status")
    assert gave.code == 0
    assert "lab up docker" in gave.out


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


# Verbs that only look; a command in a node is the node's affair.
LOOKS = {
    "doctor",
    "status",
    "timeline",
    "list",
    "verify",
    "logs",
    "shell",
    "exec",
    "compare show",
    "compare diff",
    "prove show",
    "prove list",
    "prove audit",
    "exercise list",
    "exercise check",
    "exercise watch",
    "exercise hint",
    "exercise solution",
    "exercise status",
}


def _typed_verbs() -> list[str]:
    """Each verb as it is typed; one that is a group has verbs of its own."""
    found = []
    for verb in VERBS:
        loaded = import_module(f"lab.cli.{verb}").command
        found += [f"{verb} {own}" for own in loaded.commands] if isinstance(loaded, click.Group) else [verb]
    return found


@pytest.mark.parametrize("verb", _typed_verbs())
def test_every_verb_has_an_example_takes_a_name_and_where_it_changes_something_a_dry_run(verb: str, home: Path) -> None:
    gave = typed(home, *verb.split(), "--help")
    assert gave.code == 0
    assert f"Example: lab {verb}" in gave.out
    assert "--name LAB" in gave.out
    assert ("--dry-run" in gave.out) is (verb not in LOOKS)


@pytest.mark.parametrize("verb", ["setup", "doctor", "build", "list", "clean", "test"])
def test_a_name_that_no_lab_can_have_is_refused_also_where_it_means_little(verb: str, home: Path) -> None:
    gave = typed(home, verb, "--name", "Blue_1")
    assert gave.code == 2
    assert "'Blue_1' cannot be the name of a lab" in gave.err


def test_a_lab_whose_record_cannot_be_read_is_not_taken_for_one_that_uses_nothing(home: Path) -> None:
    _record(home, {"docker": [1]}, "blue")
    record = home / "state" / "vagrant-docker-lab" / "labs" / "blue" / "lab.json"
    record.write_text(record.read_text().replace('"keys"', '"keyes"'))
    homes = {"XDG_STATE_HOME": str(home / "state"), "XDG_CACHE_HOME": str(home / "cache")}
    gave = type_inside("clean", "--yes", env={**_AWAY, **homes})
    assert gave.code == 2
    assert gave.err.splitlines()[0].startswith("error: the record of lab blue cannot be read"), gave.err


def test_the_tests_can_be_told_without_being_run(home: Path) -> None:
    gave = typed(home, "test", "-e", "unit", "--dry-run", "--", "-k", "a b")
    assert gave.code == 0, gave.err
    assert gave.out.endswith("tox.ini -e unit -- -k 'a b'\n")


def test_an_engine_that_does_not_answer_is_not_taken_for_one_that_has_nothing(home: Path) -> None:
    gave = type_lab("list", env={**_AWAY, "XDG_STATE_HOME": str(home)})
    assert gave.code == 3
    assert "there are no labs" not in gave.out
    assert "docker does not answer, so what it has of labs cannot be told" in gave.out
    assert "vagrant does not answer, so what it has of labs cannot be told" in gave.out


_AWAY = {
    "DOCKER_HOST": "unix:///nowhere/docker.sock",
    "LIBVIRT_DEFAULT_URI": "qemu+unix:///system?socket=/nowhere/libvirt.sock",
}


@pytest.fixture
def hung(tmp_path: Path) -> Iterator[dict[str, str]]:
    """Engines whose sockets take every connection, and never answer."""
    with socket.socket(socket.AF_UNIX) as door:
        door.bind(str(tmp_path / "hung.sock"))
        door.listen()
        yield {
            "DOCKER_HOST": f"unix://{tmp_path}/hung.sock",
            "LIBVIRT_DEFAULT_URI": f"qemu+unix:///system?socket={tmp_path}/hung.sock",
            "XDG_STATE_HOME": str(tmp_path / "state"),
        }


def test_an_engine_that_hangs_is_told_as_one_that_does_not_answer(
    hung: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    client.api.cache_clear()
    for engine in (client, virsh):
        assert engine._ANSWER_S < common.LOOK_S
        monkeypatch.setattr(engine, "_ANSWER_S", 0.5)
    gave = type_inside("list", "--json", env=hung)
    assert gave.code == 3, gave.err
    assert json.loads(gave.out) == {"labs": {}, "silent": list(NAMES)}


def test_errors_say_what_can_be_typed_where_one_is(home: Path) -> None:
    homes = {"XDG_STATE_HOME": str(home / "state")}
    for env, name in (({"LAB_CALLED": "bin/lab"}, "bin/lab"), ({}, "lab")):
        gave = type_lab("kill", "worker-1", "--name", "blue", env={**homes, **env})
        assert f"mend:  run `{name} up docker --name blue` first" in gave.err


@pytest.fixture
def refusing(tmp_path: Path) -> Iterator[dict[str, str]]:
    """A Docker that tells its version, and answers every other question with an error of its own; and no libvirt."""

    class Refusal(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path == "/version" else 500)
            self.end_headers()
            self.wfile.write(b'{"ApiVersion": "1.41", "message": "out of order"}')

        def log_message(self, format: str, *args: object) -> None:
            """Says nothing."""

        def address_string(self) -> str:
            return ""

    with UnixStreamServer(str(tmp_path / "docker.sock"), Refusal) as server:
        Thread(target=server.serve_forever, args=[0.01], daemon=True).start()
        yield {**_AWAY, "DOCKER_HOST": f"unix://{tmp_path}/docker.sock"}
        server.shutdown()


def test_status_tells_of_no_nodes_where_engines_are_silent_or_refuse(home: Path, refusing: dict[str, str]) -> None:
    _record(home, {"docker": [1], "vagrant": [1]})
    for away in (_AWAY, refusing):
        gave = type_lab("status", "--json", env={**away, "XDG_STATE_HOME": str(home / "state")})
        assert gave.code == 3, gave.err
        told = json.loads(gave.out)["substrates"]
        assert {name: one["nodes"] for name, one in told.items()} == {"docker": None, "vagrant": None}
        assert all(one["problem"] for one in told.values())


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


@pytest.mark.parametrize("words", [["exec", "docker/worker-1", "--", "true"], ["shell", "docker/worker-1"]])
def test_a_missing_program_is_one_error_and_no_bug_of_ours(words: list[str], home: Path) -> None:
    _record(home, {"docker": [1]})
    gave = type_lab(*words, env={"XDG_STATE_HOME": str(home / "state"), "PATH": "/nowhere"})
    assert (gave.code, gave.err.splitlines()[0]) == (2, "error: docker is not installed")


def test_a_lab_that_is_being_changed_names_who_changes_it(home: Path) -> None:
    folder = home / "state" / "vagrant-docker-lab" / "labs" / "lab"
    folder.mkdir(parents=True)
    holder = _hold(folder / "lock")
    try:
        gave = typed(home, "destroy", "--yes")
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


def _record(home: Path, workers: dict[str, list[int]], lab: str = "lab") -> None:
    """Notes a lab as up with these workers by substrate, as `up` does."""
    topology = load(REPO / "topology.toml", NAMES).model_dump()
    entry = {"mode": "stateless", "topology": topology, "keys": {"loadbalancer": "k", "store": "k", "worker": "k"}}
    substrates = {name: {**entry, "workers": numbers} for name, numbers in workers.items()}
    folder = home / "state" / "vagrant-docker-lab" / "labs" / lab
    folder.mkdir(parents=True)
    (folder / "lab.json").write_text(json.dumps({"lab": lab, "slot": 0, "substrates": substrates}))


def test_a_short_name_that_fits_two_nodes_is_refused_with_both(home: Path) -> None:
    _record(home, {"docker": [1, 2], "vagrant": [1]})
    gave = typed(home, "kill", "worker-1", "--dry-run")
    assert gave.code == 2
    assert "say which: docker/worker-1 or vagrant/worker-1" in gave.err
    alone = typed(home, "kill", "worker-2", "--dry-run")
    assert (alone.code, alone.out) == (0, "would destroy docker/worker-2\n")
    for words in (["kill", "docker/worker-9"], ["exec", "docker/worker-9", "--", "true"]):
        none = typed(home, *words)
        assert none.code == 2
        assert "lab lab on docker has no worker-9" in none.err
        assert "its nodes are loadbalancer-1, store-1, worker-1, worker-2" in none.err
