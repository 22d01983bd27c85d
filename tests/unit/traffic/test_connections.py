"""What is known of a request without a whole answer: whether it left, and whether its answer had begun."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Thread

import pytest

from lab.ledger import report
from lab.ledger.audit import audit
from lab.ledger.plan import Does, Step
from lab.ledger.records import Seen
from lab.ledger.writer import Unkept
from lab.ledger.writes import What
from lab.traffic.connections import Answer, Connections, NoAnswer
from lab.traffic.notes import Notes
from lab.traffic.session import Session, Written
from lab.traffic.visits import Patience, Visits
from tests.unit.ledger import histories

HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n"
# What a site sends before it closes the connection, or says nothing more; whether the answer had begun, and the words.
CUT: dict[str, tuple[bytes, bool, str]] = {
    "before any byte": (b"", False, "cut before the answer"),
    "in the first line": (b"HTTP/1.1 2", True, "cut in the answer"),
    "before the body": (HEAD, True, "cut in the answer"),
    "in the body": (HEAD + b"12345", True, "cut in the answer"),
    "before the end of a chunk": (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n12345\r\n",
        True,
        "cut in the answer",
    ),
}


@contextmanager
def sending(answer: bytes, *, closes: bool = True) -> Iterator[str]:
    """The address of a site that hears one request, sends this, and closes the connection, or leaves it open."""

    def serve() -> None:
        connection, _ = server.accept()
        with connection:
            while not connection.recv(4096).endswith(b"\r\n\r\n"):
                pass
            connection.sendall(answer)
            if not closes:
                with suppress(ConnectionError):
                    connection.recv(1)  # until the other side closes it

    with socket.create_server(("127.0.0.1", 0)) as server:
        serving = Thread(target=serve, daemon=True)
        serving.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        serving.join(timeout=10)
    assert not serving.is_alive()


def ask(url: str, within_s: float = 10.0) -> Answer:
    return asyncio.run(Connections(url).ask("GET", "/entries/1", {}, b"", within_s))


@pytest.mark.parametrize("where", CUT)
def test_a_connection_that_is_cut_tells_whether_its_answer_had_begun(where: str) -> None:
    answer, begun, words = CUT[where]
    with sending(answer) as url, pytest.raises(NoAnswer) as none:
        ask(url)
    assert (none.value.sent, none.value.begun, none.value.failure) == (True, begun, words)


@pytest.mark.parametrize(("answer", "begun"), [(b"", False), (HEAD + b"12345", True)])
def test_a_time_out_tells_whether_the_answer_had_begun(answer: bytes, begun: bool) -> None:
    with sending(answer, closes=False) as url, pytest.raises(NoAnswer) as none:
        ask(url, within_s=1.5)
    where = "in" if begun else "before"
    assert (none.value.sent, none.value.begun, none.value.failure) == (True, begun, f"timed out {where} the answer")


def test_a_whole_answer_is_one_also_where_the_connection_is_closed_after_it() -> None:
    with sending(HEAD + b"1234567890") as url:
        assert ask(url).body == b"1234567890"


def test_a_request_that_found_nobody_was_not_sent() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
    with pytest.raises(NoAnswer) as none:
        ask(url)
    assert (none.value.sent, none.value.begun, none.value.failure) == (False, False, "no connection")


@pytest.mark.parametrize("where", CUT)
def test_a_read_that_is_cut_in_its_answer_is_counted_apart_from_one_without(where: str) -> None:
    answer, begun, words = CUT[where]
    past = histories.ONE_OF_EACH[0]
    session, notes = Session(past.key.rpartition("-")[0]), Notes(lambda _: None)
    session.written.append(Written(What.ENTRY, past.key, "/entries/1"))
    with sending(answer) as url:
        visits = Visits(url, [session], notes, Patience(), Unkept().now_s, lambda: False, sticky=False)
        asyncio.run(visits.take(Step(9.0, 0, Does.READ_BACK, "r1-0-99", b"", 0.0), due_s=0.0))
    told = histories.told(histories.ONE_OF_EACH)
    (record,) = notes.drain()
    told.insert(3, dict(record))
    (look,) = record["rows"]
    assert (look.seen, look.failure) == (Seen.CUT if begun else Seen.FAILED, words)
    account = audit(told)
    assert (account.users.reads_failed, account.users.reads_cut) == (not begun, begun)
    assert report.verdict(account).word == "kept"
