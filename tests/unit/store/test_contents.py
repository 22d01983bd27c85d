"""What is really there, read past the real app, whatever names its users chose."""

from pathlib import Path

import httpx

from lab.ledger.writes import digest
from lab.model.deadline import Deadline
from lab.store import contents
from lab.substrates.base import Reach
from tests.unit.app.process import running

HERE = Reach((), (), False, "this computer")
USERS = ["ada lovelace", "ada\nlogin bob", "\u2028", "\x0b\x1c\x85", '"]', ""]


def test_names_of_others_that_break_lines_are_read_as_they_are(tmp_path: Path) -> None:
    disk, taken = tmp_path / "disk", []
    with running(disk) as app:
        app.await_ready()
        for user in USERS:
            answer = httpx.post(f"{app.url}/login", json={"user": user})
            taken += [str(answer.json()["user"])] if answer.status_code == 200 else []
        httpx.post(f"{app.url}/entries", json={"text": "a\nb"}, headers={"Idempotency-Key": "k1"}).raise_for_status()
        httpx.put(f"{app.url}/files/a.txt", content=b"one\n").raise_for_status()
        found = contents.of_worker(HERE, Deadline.after(20, "reading"), str(disk))
    assert "ada\nlogin bob" in taken
    assert sorted(found.logins) == sorted((user, digest(user.encode())) for user in taken)
    assert found.entries == [("k1", digest(b"a\nb"))]
    assert found.files == [("a.txt", digest(b"one\n"))]
