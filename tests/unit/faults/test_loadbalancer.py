"""Answers that were cut off are counted by the load balancer: where it does not tell, there is no evidence."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from lab.faults import loadbalancer
from lab.faults.loadbalancer import AnswerCut
from lab.loadbalancer.runtime import LoadBalancer
from lab.model.deadline import Deadline
from lab.model.errors import LabError
from lab.model.node import NodeName
from lab.model.plan import LOADBALANCER_OWN_PORT
from tests.unit.faults.ground import ground

_PID = os.getpid()
# The port is the same for all: where nothing else listens, nor the same test in another process (pids have 22 bits).
ADDRESS = f"127.{64 + (_PID >> 16)}.{_PID >> 8 & 255}.{_PID & 255}"
COLUMNS = "# pxname,svname,scur,stot,hrsp_2xx,status,qcur\n"


@contextmanager
def telling(*rows: str) -> Iterator[None]:
    """A load balancer whose figures are these, each for one look, and the last from then on."""
    left = list(rows)

    class Figures(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write((COLUMNS + (left.pop(0) if len(left) > 1 else left[0])).encode())

        def log_message(self, format: str, *args: object) -> None:
            """Says nothing."""

    with ThreadingHTTPServer((ADDRESS, LOADBALANCER_OWN_PORT), Figures) as server:
        thread = threading.Thread(target=server.serve_forever, args=[0.01])
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            thread.join()


def soon() -> Deadline:
    return Deadline.after(0.3, "one figure")


def fault() -> AnswerCut:
    return AnswerCut(ground(ADDRESS), NodeName.parse("worker-1"))


@pytest.fixture
def cuts(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The workers whose sessions were cut, once for each time; three are enough."""
    made: list[str] = []
    monkeypatch.setattr(LoadBalancer, "cut_sessions", lambda _, name, _by: made.append(name))
    monkeypatch.setattr(loadbalancer, "_CUTS", 3)
    return made


def test_cutting_goes_on_until_a_request_was_cut(cuts: list[str]) -> None:
    idle, cut = "workers,worker-1,0,10,10,UP,0\n", "workers,worker-1,0,11,10,UP,0\n"
    with telling(idle, idle, idle, cut):
        fault().inject(Deadline.after(30, "one test"))
    assert cuts == ["worker-1"] * 5, "three, and two more, after each of which it looks"


def test_cutting_ends_where_nothing_is_ever_in_flight(cuts: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loadbalancer, "_CUTS_FOR_AT_MOST_S", 0.3)
    with telling("workers,worker-1,0,10,10,UP,0\n"):
        fault().inject(Deadline.after(30, "one test"))
    assert len(cuts) >= 3


def test_what_ended_without_an_answer_is_counted_and_nothing_more_is_claimed() -> None:
    with telling("workers,worker-1,2,10,5,UP,0\n"):
        assert fault().before(soon()) == {"unanswered": "3"}
        assert fault().verify({"unanswered": "1"}, soon()) == (
            "2 requests in flight on worker-1 ended without an answer; some may have been after the COMMIT"
        )
        with pytest.raises(LabError, match="did not happen"):
            fault().verify({"unanswered": "3"}, soon())


def test_a_load_balancer_that_does_not_know_the_worker_is_an_error_and_no_count() -> None:
    with telling("workers,worker-2,2,10,5,UP,0\n"), pytest.raises(LabError) as raised:
        fault().before(soon())
    assert "the load balancer does not know worker-1" in raised.value.where


def test_a_load_balancer_that_does_not_answer_is_an_error_and_no_count() -> None:
    with pytest.raises(LabError) as raised:
        fault().verify({"unanswered": "0"}, soon())
    assert "no answer from the load balancer" in raised.value.where
