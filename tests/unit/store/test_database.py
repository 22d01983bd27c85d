"""The store's database: whom it lets in, and its password, which it is told once it lets its superuser in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pytest

from lab.host.run import Result
from lab.model.deadline import Deadline
from lab.model.errors import LabError
from lab.store import database
from lab.substrates.base import Reach
from tests.unit.store.postgres import LETS_IN, STARTING, answering


@dataclass
class Store:
    """A store whose psql gives these exit statuses, one after the other; notes what it was told through stdin."""

    statuses: list[int]
    told: list[bytes | None] = field(default_factory=list)

    def run(
        self, reach: Reach, _command: Sequence[str], _by: Deadline, *, stdin: bytes | None, ok: Mapping[int, str]
    ) -> Result:
        self.told.append(stdin)
        status = self.statuses.pop(0)
        if status not in ok:
            raise LabError(f"status {status}", where=reach.testinfra, mend="")
        return Result(status, ok[status], "", "the database system is starting up")


@pytest.fixture
def reach() -> Reach:
    return Reach(prefix=(), terminal=(), is_remote_shell=False, testinfra="local://", ansible={})


def test_a_database_that_still_recovers_is_asked_again(monkeypatch: pytest.MonkeyPatch, reach: Reach) -> None:
    store = Store([2, 2, 0])
    monkeypatch.setattr(Reach, "run", lambda *words, **more: store.run(*words, **more))
    database.set_password(reach, "new", Deadline.after(60, "a test"))
    assert len(store.told) == 3
    assert {b"PASSWORD 'new'" in (told or b"") for told in store.told} == {True}


def test_one_that_refuses_the_statement_is_not(monkeypatch: pytest.MonkeyPatch, reach: Reach) -> None:
    store = Store([3, 0])
    monkeypatch.setattr(Reach, "run", lambda *words, **more: store.run(*words, **more))
    with pytest.raises(LabError, match="status 3"):
        database.set_password(reach, "new", Deadline.after(60, "a test"))
    assert store.statuses == [0]


def test_a_database_is_asked_for_a_session_and_not_whether_it_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    by = Deadline.after(20, "a test")
    with answering(STARTING, LETS_IN) as (port, said):
        monkeypatch.setattr(database, "PORT", port)
        assert database.refusal("127.0.0.1", by) == "its database says: the database system is starting up"
        assert database.refusal("127.0.0.1", by) is None
    # A length, the protocol's number, and who wants into which database.
    assert {said[0]} == set(said) == {b"\0\0\0\x1f\0\x03\0\0user\0lab\0database\0lab\0\0"}


@pytest.mark.parametrize("answer", [b"", b"S", b"HTTP/1.1 400 Bad Request\r\n\r\n", b"E", STARTING[:20]])
def test_who_answers_otherwise_than_a_database_is_none(answer: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    with answering(answer) as (port, _):
        monkeypatch.setattr(database, "PORT", port)
        assert database.refusal("127.0.0.1", Deadline.after(20, "a test")) == "no answer from its database"
