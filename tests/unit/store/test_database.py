"""The store's database is told its password once it lets its superuser in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pytest

from lab.host.run import Result
from lab.model.deadline import Deadline
from lab.model.errors import LabError
from lab.store import database
from lab.substrates.base import Reach


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
