"""A trivial site: it acknowledges whatever the visitors of a run write, and keeps nothing. To measure the generator.

PYTHONPATH=. .venv/bin/python benchmarks/responder.py      # prints its address, answers until it is killed
"""

import asyncio
import hashlib
import json

BACKLOG = 8192


class Responder(asyncio.Protocol):
    """One connection. It knows just enough of HTTP/1.1 for the requests of our own visitors."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._received = b""

    def data_received(self, data: bytes) -> None:
        self._received += data
        while (end := self._received.find(b"\r\n\r\n")) >= 0:
            method, path, headers = _head(self._received[:end])
            size = int(headers.get("content-length", "0"))
            rest = self._received[end + 4 :]
            if len(rest) < size:
                return
            self._received = rest[size:]
            self._transport.write(answer(method, path, headers, rest[:size]))


def answer(method: str, path: str, headers: dict[str, str], body: bytes) -> bytes:
    """The whole answer to one request, as the app's contract has it."""
    if method == "PUT":
        told = {"name": path.rpartition("/")[2], "size": len(body), "sha256": hashlib.sha256(body).hexdigest()}
        return _whole("201 Created", told)
    if path == "/entries":
        return _whole("201 Created", {"id": 1, "key": headers["idempotency-key"], **json.loads(body)})
    if path == "/login":
        return _whole("200 OK", json.loads(body), "Set-Cookie: lab_session=1\r\n")
    return _whole("200 OK", {})


def _head(head: bytes) -> tuple[str, str, dict[str, str]]:
    first, *lines = head.decode("latin-1").split("\r\n")
    method, path, _ = first.split(" ")
    return method, path, {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}


def _whole(status: str, told: dict[str, object], more: str = "") -> bytes:
    body = json.dumps(told).encode()
    head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n{more}\r\n"
    return head.encode() + body


async def main() -> None:
    server = await asyncio.get_running_loop().create_server(Responder, "127.0.0.1", 0, backlog=BACKLOG)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
