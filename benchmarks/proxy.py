"""A small HTTP proxy for guests whose network has no way out: it fetches packages for them, and nothing else."""

import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

_TIMEOUT_S = 120
_ASKED = ("If-Modified-Since", "Range")
_TOLD = ("Content-Length", "Last-Modified", "Content-Type", "Content-Range")


@contextmanager
def serving(address: str) -> Iterator[str]:
    """The proxy's URL, while it serves at `address`."""
    server = ThreadingHTTPServer((address, 0), _Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://{address}:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        if not self.path.startswith("http://"):
            self.send_error(400, "this is a proxy")
            return
        headers = {name: self.headers[name] for name in _ASKED if name in self.headers}
        try:
            with urllib.request.urlopen(urllib.request.Request(self.path, headers=headers), timeout=_TIMEOUT_S) as got:
                self._pass_on(got.status, got.headers.items(), got.read())
        except urllib.error.HTTPError as error:
            self._pass_on(error.code, [], b"")
        except OSError as error:
            self.send_error(502, str(error))

    def _pass_on(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        self.send_response(status)
        for name, value in headers:
            if name in _TOLD and name != "Content-Length":
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing: what is measured goes to the screen alone."""
