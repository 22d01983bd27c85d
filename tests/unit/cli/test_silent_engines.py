"""Engines that are away, hang or refuse: what they have cannot be told, and is not taken for nothing."""

import json
import socket
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import UnixStreamServer
from threading import Thread

import pytest

from lab.cli import common
from lab.substrates.docker import client
from lab.substrates.registry import NAMES
from lab.substrates.vagrant import virsh
from tests.unit.cli.labs import AWAY, record, typed


@pytest.fixture(autouse=True)
def _asked_anew() -> Iterator[None]:
    """No connection of an earlier test is used, and none is left for a later one."""
    client.api.cache_clear()
    yield
    client.api.cache_clear()


def test_an_engine_that_does_not_answer_is_not_taken_for_one_that_has_nothing(tmp_path: Path) -> None:
    gave = typed(tmp_path, "list", **AWAY)
    assert gave.code == 3
    assert "there are no labs" not in gave.out
    assert "docker does not answer as it should, so what it has of labs cannot be told" in gave.out
    assert "vagrant does not answer as it should, so what it has of labs cannot be told" in gave.out


@pytest.fixture
def hung(tmp_path: Path) -> Iterator[dict[str, str]]:
    """Engines whose sockets take every connection, and never answer."""
    with socket.socket(socket.AF_UNIX) as door:
        door.bind(str(tmp_path / "hung.sock"))
        door.listen()
        yield {
            "DOCKER_HOST": f"unix://{tmp_path}/hung.sock",
            "LIBVIRT_DEFAULT_URI": f"qemu+unix:///system?socket={tmp_path}/hung.sock",
        }


def test_an_engine_that_hangs_is_told_as_one_that_does_not_answer(
    tmp_path: Path, hung: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for engine in (client, virsh):
        assert engine._ANSWER_S < common.LOOK_S
        monkeypatch.setattr(engine, "_ANSWER_S", 0.5)
    gave = typed(tmp_path, "list", "--json", **hung)
    assert gave.code == 3, gave.err
    assert json.loads(gave.out) == {"labs": {}, "silent": list(NAMES)}


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
        yield {**AWAY, "DOCKER_HOST": f"unix://{tmp_path}/docker.sock"}
        server.shutdown()


def test_an_engine_that_refuses_holds_back_nothing_of_what_the_others_have(
    tmp_path: Path, refusing: dict[str, str]
) -> None:
    record(tmp_path, {"vagrant": [1]})
    gave = typed(tmp_path, "list", "--json", **refusing)
    assert (gave.code, gave.err) == (3, "")
    assert json.loads(gave.out) == {"labs": {"lab": {}}, "silent": ["docker", "vagrant"]}


def test_status_tells_of_no_nodes_where_engines_are_silent_or_refuse(tmp_path: Path, refusing: dict[str, str]) -> None:
    record(tmp_path, {"docker": [1], "vagrant": [1]})
    for away in (AWAY, refusing):
        client.api.cache_clear()
        gave = typed(tmp_path, "status", "--json", **away)
        assert gave.code == 3, gave.err
        told = json.loads(gave.out)["substrates"]
        assert {name: one["nodes"] for name, one in told.items()} == {"docker": None, "vagrant": None}
        assert all(one["problem"] for one in told.values())


def test_a_lab_of_engines_that_are_silent_or_refuse_is_not_told_to_be_wrong(
    tmp_path: Path, refusing: dict[str, str]
) -> None:
    record(tmp_path, {"docker": [1], "vagrant": [1]})
    for away, said in ((AWAY, "error: Docker does not answer"), (refusing, "error: Docker refused")):
        client.api.cache_clear()
        gave = typed(tmp_path, "verify", "--json", **away)
        assert (gave.code, gave.out, gave.err[: len(said)]) == (3, "", said)
    gave = typed(tmp_path, "verify", "vagrant", **AWAY)
    assert (gave.code, gave.err.startswith("error: libvirt does not answer")) == (3, True), gave.err
