"""A visitor of a site that does not answer, or answers no: one clear error, and nothing taken for lost."""

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from lab.model.errors import LabError
from lab.traffic.visitor import Visitor


class _Away(BaseHTTPRequestHandler):
    """A load balancer that has no worker."""

    def do_GET(self) -> None:
        self.send_response(200 if self.path.startswith("/entries") else 503)
        self.end_headers()
        self.wfile.write(b'{"entries": [], "next": null}')

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""


@contextmanager
def served(site: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), site) as server:
        thread = threading.Thread(target=server.serve_forever, args=[0.01])
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture
def away() -> Iterator[str]:
    with served(_Away) as url:
        yield url


def test_a_site_that_does_not_answer_is_one_error_that_names_it() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}"
        with pytest.raises(LabError) as raised:
            Visitor(url).log_in()
    assert raised.value.message.startswith("POST /login got no answer: ")
    assert raised.value.where == url


def test_what_could_not_be_read_back_is_not_called_lost(away: str) -> None:
    visitor = Visitor(away)
    visitor.notes.files["a.txt"] = "0" * 64
    with pytest.raises(LabError, match=r"GET /files/a\.txt said 503, not 200"):
        visitor.missing()
    visitor.notes.files.clear()
    visitor.notes.user = "ada"
    with pytest.raises(LabError, match="GET /me said 503, not 200"):
        visitor.missing()


class _Once(BaseHTTPRequestHandler):
    """A site that answers one request on each connection, keeps it open, and resets it at the second."""

    protocol_version = "HTTP/1.1"
    answered = False

    def do_GET(self) -> None:
        if self.answered:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.close_connection = True
            return
        self.answered = True
        body = b'{"entries": [], "next": null}'
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""


def test_a_read_whose_kept_connection_was_reset_is_sent_once_more() -> None:
    with served(_Once) as url:
        visitor = Visitor(url)
        assert visitor.missing() == []
        assert visitor.missing() == []
