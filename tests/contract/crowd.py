"""A crowd at the door: as simple a load as can be, and every answer that was not the one that was asked for. Besides,
writes that go on for as long as a test wants a worker to be at a request."""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Event, Lock, Thread
from types import TracebackType

import httpx

# A write of which half is sent, and the rest after this: so its worker is busy with it, and nobody may repeat it.
HOLD_S = 0.6
_HALF = b"half of a file\n" * 10
_PATIENCE_S = 60
# A held upload is so many bytes, one a second: it outlasts a test, and nobody takes it for dead meanwhile.
_DRIPS = 900
_AS_IT_SHOULD_BE = ("POST 200", "GET 200", "PUT 201")


class Crowd:
    """Visitors who read and write through `url` from the beginning of the block to its end, each without a pause.

    Every other one begins with a write, so that at any moment about half of what is in flight may not be repeated.
    With `logs_in` each has a session, and so a worker of its own where users stay with theirs.
    """

    def __init__(self, url: str, visitors: int, *, logs_in: bool = False) -> None:
        self.answers: Counter[str] = Counter()
        self._url, self._logs_in = url, logs_in
        self._goes, self._lock = Event(), Lock()
        self._threads = [Thread(target=self._visit, args=(number,)) for number in range(visitors)]

    def __enter__(self) -> "Crowd":
        self._goes.set()
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _at: TracebackType | None
    ) -> None:
        self._goes.clear()
        for thread in self._threads:
            thread.join()

    @property
    def served(self) -> int:
        """How many requests were answered as they should be."""
        return self.answers["GET 200"] + self.answers["PUT 201"]

    @property
    def errors(self) -> dict[str, int]:
        """What else came, and how often."""
        return {answer: count for answer, count in self.answers.items() if answer not in _AS_IT_SHOULD_BE}

    def _visit(self, number: int) -> None:
        with httpx.Client(base_url=self._url, timeout=_PATIENCE_S, trust_env=False) as client:
            writes = number % 2 == 0
            if self._logs_in:
                self._ask(client, client.build_request("POST", "/login", json={"user": f"crowd {number}"}))
            while self._goes.is_set():
                self._ask(client, _slow_write(client, number) if writes else _slow_read(client))
                writes = not writes

    def _ask(self, client: httpx.Client, request: httpx.Request) -> None:
        try:
            answer = f"{request.method} {client.send(request).status_code}"
        except httpx.HTTPError as error:
            answer = f"{request.method} {type(error).__name__}"
        with self._lock:
            self.answers[answer] += 1


def _slow_read(client: httpx.Client) -> httpx.Request:
    return client.build_request("GET", f"/work?wait_ms={HOLD_S * 1000:.0f}")


def _slow_write(client: httpx.Client, number: int) -> httpx.Request:
    length = {"Content-Length": str(2 * len(_HALF))}
    return client.build_request("PUT", f"/files/crowd-{number}.txt", content=_halves(), headers=length)


def _halves() -> Iterator[bytes]:
    yield _HALF
    time.sleep(HOLD_S)
    yield _HALF


@contextmanager
def held_uploads(url: str, count: int) -> Iterator[Callable[[], list[int]]]:
    """So many writes that go on until what is given is called, which gives the status codes of their answers; at the
    end of the block they end in any case."""
    ends = Event()
    with ThreadPoolExecutor(count) as beside:
        begun = [beside.submit(_upload, f"{url}/files/held-{number}.txt", ends) for number in range(count)]

        def end() -> list[int]:
            ends.set()
            return [one.result() for one in begun]

        try:
            yield end
        finally:
            ends.set()


def _upload(url: str, ends: Event) -> int:
    headers = {"Content-Length": str(_DRIPS)}
    return httpx.put(url, content=_drips(ends), headers=headers, timeout=_PATIENCE_S, trust_env=False).status_code


def _drips(ends: Event) -> Iterator[bytes]:
    left = _DRIPS
    while left > 1 and not ends.wait(1):
        yield b"."
        left -= 1
    yield b"." * left
