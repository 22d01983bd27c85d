"""The proxy for guests without a way out, between a real client and a real server."""

import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from benchmarks import proxy


@pytest.fixture
def origin(tmp_path: Path) -> Iterator[str]:
    (tmp_path / "Release").write_text("Suite: stable\n")
    handler = partial(SimpleHTTPRequestHandler, directory=str(tmp_path))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, args=[0.01], daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def _get(url: str, through: str) -> bytes:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({"http": through}))
    with opener.open(url, timeout=20) as answer:
        content: bytes = answer.read()
        return content


def test_a_file_comes_through(origin: str) -> None:
    with proxy.serving("127.0.0.1") as url:
        assert _get(f"{origin}/Release", url) == b"Suite: stable\n"


def test_what_is_missing_there_is_missing_here(origin: str) -> None:
    with proxy.serving("127.0.0.1") as url, pytest.raises(urllib.error.HTTPError, match="404"):
        _get(f"{origin}/InRelease", url)
