"""HTTP/1.1 for visitors: it never waits for one request before it sends another, and never repeats one by itself.

Whether a request left this computer, and whether its answer had begun when the connection was cut, decides what a
proof may conclude. General clients hide both and repeat on their own; h11 parses, and everything else is seen here.
"""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

import h11

# Shorter than what the load balancer and the app allow, so that no request meets a connection just being closed.
_IDLE_S = 1.0
_READ_BYTES = 64 * 1024


@dataclass(frozen=True)
class Answer:
    """A whole answer. Names of headers are in lower case; `cookies` has each Set-Cookie."""

    status: int
    headers: Mapping[str, str]
    cookies: tuple[str, ...]
    body: bytes


class NoAnswer(Exception):
    """No whole answer came. `sent`: a byte of the request may have left. `begun`: a part of the answer was there."""

    def __init__(self, failure: str, *, sent: bool, begun: bool) -> None:
        super().__init__(failure)
        self.failure, self.sent, self.begun = failure, sent, begun


class Connections:
    """Connections to one site, each used again once its answer is whole, as many as are needed at a time."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._host, self._port = parts.hostname or "", parts.port or 80
        self._authority = parts.netloc.encode()
        self._idle: list[_Connection] = []

    async def ask(self, method: str, path: str, headers: Mapping[str, str], body: bytes, within_s: float) -> Answer:
        """The answer to one request, sent once. Raises NoAnswer."""
        exchange = _Exchange()
        try:
            async with asyncio.timeout(within_s):
                connection = self._take() or await _Connection.open(self._host, self._port)
                try:
                    answer = await connection.exchange(self._request(method, path, headers, body), body, exchange)
                except BaseException:
                    connection.close()
                    raise
        except (OSError, TimeoutError, h11.ProtocolError, EOFError) as failed:
            raise NoAnswer(_words(failed, exchange), sent=exchange.sent, begun=exchange.begun) from failed
        self._give_back(connection)
        return answer

    def close(self) -> None:
        """Closes what is idle."""
        while self._idle:
            self._idle.pop().close()

    def _request(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> h11.Request:
        own = [(b"Host", self._authority), (b"Content-Length", b"%d" % len(body))]
        more = [(name.encode(), value.encode()) for name, value in headers.items()]
        return h11.Request(method=method, target=path, headers=own + more)

    def _take(self) -> "_Connection | None":
        """The connection that was used last, if it is still good."""
        while self._idle:
            connection = self._idle.pop()
            if connection.is_good():
                return connection
            connection.close()
        return None

    def _give_back(self, connection: "_Connection") -> None:
        if connection.is_reusable():
            self._idle.append(connection)
        else:
            connection.close()


@dataclass
class _Exchange:
    sent: bool = False
    begun: bool = False


class _Connection:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._http = h11.Connection(h11.CLIENT)
        self._used = time.monotonic()

    @classmethod
    async def open(cls, host: str, port: int) -> "_Connection":
        return cls(*await asyncio.open_connection(host, port))

    async def exchange(self, request: h11.Request, body: bytes, exchange: _Exchange) -> Answer:
        sent = [self._http.send(request), self._http.send(h11.Data(data=body)), self._http.send(h11.EndOfMessage())]
        exchange.sent = True
        self._writer.write(b"".join(part for part in sent if part))
        head: h11.Response | None = None
        content: list[bytes] = []
        while True:
            event = self._http.next_event()
            if event is h11.NEED_DATA:
                received = await self._reader.read(_READ_BYTES)
                exchange.begun |= bool(received)
                self._http.receive_data(received)
            elif isinstance(event, h11.Response):
                head = event
            elif isinstance(event, h11.Data):
                content.append(event.data)
            elif isinstance(event, h11.EndOfMessage) and head is not None:
                return _answer(head, b"".join(content))
            elif not isinstance(event, h11.InformationalResponse):
                raise EOFError("the connection was cut")

    def is_good(self) -> bool:
        return time.monotonic() - self._used < _IDLE_S and not self._reader.at_eof()

    def is_reusable(self) -> bool:
        if self._http.our_state is not h11.DONE or self._http.their_state is not h11.DONE:
            return False
        self._http.start_next_cycle()
        self._used = time.monotonic()
        return True

    def close(self) -> None:
        self._writer.transport.abort()


def _answer(head: h11.Response, body: bytes) -> Answer:
    headers = {name.decode(): value.decode("latin-1") for name, value in head.headers}
    cookies = tuple(value.decode("latin-1") for name, value in head.headers if name == b"set-cookie")
    return Answer(head.status_code, headers, cookies, body)


def _words(failed: BaseException, exchange: _Exchange) -> str:
    if not exchange.sent:
        return "no connection"
    what = "timed out" if isinstance(failed, TimeoutError) else "cut"
    return f"{what} {'in' if exchange.begun else 'before'} the answer"
