"""A new worker is asked for each real call before it gets traffic: the app as it is passes, a broken one does not."""

from pathlib import Path

import httpx
import pytest

from lab.flows import acceptance
from lab.model.deadline import Deadline
from lab.model.node import NodeName, Role
from tests.contract.proof import patched
from tests.unit.app.process import COMMIT, App, running

W1 = NodeName(Role.WORKER, 1)


def refusal(url: str, name: NodeName = W1, commit: str = COMMIT) -> str | None:
    return acceptance.refusal(url, name, {commit}, Deadline.after(30, "a check"))


def test_the_app_is_accepted_and_nothing_of_the_check_is_left_but_its_entry(tmp_path: Path) -> None:
    with running(tmp_path / "disk") as app:
        app.await_ready()
        assert refusal(app.url) is None
        assert refusal(app.url) is None, "a check can be made again"
        assert httpx.get(f"{app.url}/files").json() == {"files": []}
        texts = {entry["text"] for entry in httpx.get(f"{app.url}/entries").json()["entries"]}
        assert texts == {"worker-1, before its first visitor: can it write and read?"}
        assert refusal(app.url, name=NodeName(Role.WORKER, 2)) == "GET /whoami was answered in the name of worker-1"
        told = refusal(app.url, commit="f" * 40)
        assert told == f"GET /whoami was answered by commit {COMMIT}, not by the newest one"


def await_prepared(app: App) -> None:
    """Returns once an app that never gets ready has what it writes to."""

    def probe() -> str | None:
        return None if app.get("/readyz").json()["store"] == "reached" else "not prepared"

    app.await_that(probe, "its disk")


def test_a_worker_that_does_not_answer_is_refused() -> None:
    assert refusal("http://127.0.0.1:1") == "GET /whoami got no answer: no connection"


def test_a_version_that_answers_500_is_refused_by_the_call_that_did(tmp_path: Path) -> None:
    with running(tmp_path / "disk", patched("deploy/answers-500", tmp_path)) as app:
        app.await_ready()
        told = refusal(app.url)
    assert told is not None
    assert told.startswith("POST /entries said 500: ")


def test_how_much_is_on_the_drive_is_not_held_against_a_version(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(acceptance, "_ANSWER_S", 4.0)
    app = patched("deploy/never-ready", tmp_path)  # readiness is not what is asked here
    page = app / "page.py"
    slow = page.read_text().replace("told: dict", "import time; time.sleep(8)\n        told: dict")
    page.write_text(slow)
    with running(tmp_path / "slow", app) as started:
        await_prepared(started)
        assert refusal(started.url) is None
    page.write_text(slow.replace("time.sleep(8)", "raise OSError"))
    with running(tmp_path / "broken", app) as started:
        await_prepared(started)
        said = refusal(started.url)
    assert said is not None
    assert said.startswith("GET / said 500: "), "a page that is broken is refused all the same"


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("file.write(content)", "file.write(content[:-1])", "gave another content than was written"),
        ('"text": text}', '"text": text.upper()}', "was acknowledged with another content than was sent"),
    ],
)
def test_an_answer_that_is_not_what_was_written_is_refused(before: str, after: str, told: str, tmp_path: Path) -> None:
    app = patched("deploy/never-ready", tmp_path)  # readiness is not what is asked here
    for module in (app / "files.py", app / "entries.py"):
        module.write_text(module.read_text().replace(before, after))
    with running(tmp_path / "disk", app) as started:
        await_prepared(started)
        said = refusal(started.url)
    assert said is not None
    assert said.endswith(told)


def test_a_version_that_fails_only_after_a_while_passes_the_check(tmp_path: Path) -> None:
    with running(tmp_path / "disk", patched("deploy/fails-under-traffic", tmp_path)) as app:
        app.await_ready()
        assert refusal(app.url) is None
        answers = [
            httpx.post(f"{app.url}/entries", json={"text": "x"}, headers={"Idempotency-Key": str(n)}).status_code
            for n in range(10)
        ]
    assert answers.count(500) >= 5
