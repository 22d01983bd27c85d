"""Requests that end too early. No HTTP client sends these, so they are written by hand."""

import socket
from urllib.parse import urlsplit

import pytest

from tests.unit.app.process import App


def half(app: App, head: str, body: bytes) -> str:
    """The status line that the app gives to a request of which only this was sent."""
    address = urlsplit(app.url)
    with socket.create_connection((address.hostname, address.port), timeout=10) as connection:
        connection.sendall(f"{head}\r\nHost: app\r\nIdempotency-Key: torn\r\n".encode() + body)
        connection.shutdown(socket.SHUT_WR)
        return connection.makefile().readline().strip()


@pytest.mark.parametrize(
    "body",
    [b"Content-Length: 100\r\n\r\nonly this", b"Transfer-Encoding: chunked\r\n\r\n40\r\nonly this"],
    ids=["by length", "in chunks"],
)
@pytest.mark.parametrize("head", ["PUT /files/torn HTTP/1.1", "POST /entries HTTP/1.1", "POST / HTTP/1.1"])
def test_a_torn_body_is_refused_and_nothing_is_written(app: App, head: str, body: bytes) -> None:
    assert half(app, head, body) == "HTTP/1.1 400 BAD REQUEST"
    assert app.get("/files/torn").status_code == 404
    assert "torn" not in app.get("/entries?limit=1000").text
    assert app.get("/healthz").status_code == 200


def test_torn_json_that_would_be_whole_is_refused(app: App) -> None:
    assert half(app, "POST /entries HTTP/1.1", b'Content-Length: 20\r\n\r\n{"text": "x"}') == "HTTP/1.1 400 BAD REQUEST"
