"""Whether a daemon shares our network, told without any right on it."""

import socket
import subprocess
import sys
from pathlib import Path

from lab.host import netns

_LISTEN_ELSEWHERE = """
import socket, sys
server = socket.socket(socket.AF_UNIX)
server.bind(sys.argv[1])
server.listen()
print("listening", flush=True)
sys.stdin.read()
"""


def test_a_socket_of_ours_is_here(tmp_path: Path) -> None:
    path = tmp_path / "engine.sock"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        server.listen()
        assert netns.listens_here(path)
        assert netns.check("engine", path).ok is True


def test_a_socket_that_was_made_in_another_namespace_is_not_here(tmp_path: Path) -> None:
    path = tmp_path / "engine.sock"
    unshare = ["unshare", "--user", "--map-root-user", "--net", sys.executable, "-c", _LISTEN_ELSEWHERE, str(path)]
    with subprocess.Popen(unshare, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as elsewhere:
        assert elsewhere.stdout is not None
        assert elsewhere.stdout.readline() == "listening\n"
        found = netns.check("engine", path)
        elsewhere.communicate("")
    assert found.ok is False
    assert found.found == (
        "engine runs in another network namespace: its ports and addresses cannot be reached from here"
    )


def test_no_socket_could_not_be_told(tmp_path: Path) -> None:
    assert netns.check("engine", tmp_path / "none.sock").ok is None
