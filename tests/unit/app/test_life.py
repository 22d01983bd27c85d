"""A worker's life: becoming ready, draining, ending, starting again."""

import os
import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx

from tests.unit.app.process import APP, App, running


def test_a_worker_without_source_is_alive_and_never_ready(tmp_path: Path) -> None:
    with running(tmp_path / "disk", LAB_COMMIT="") as app:
        assert app.get("/healthz").status_code == 200
        answer = app.get("/readyz")
        assert (answer.status_code, answer.json()["source"]) == (503, "missing")


def test_a_worker_whose_store_is_not_there_yet_is_alive_and_ready_later(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    (disk / "files").write_text("in the way of the folder")
    with running(disk) as app:
        assert app.get("/healthz").status_code == 200
        answer = app.get("/readyz")
        assert (answer.status_code, answer.json()["store"]) == (503, "not reached yet")
        (disk / "files").unlink()
        app.await_ready()


def impatient(folder: Path, away: Path) -> Path:
    """The app with a store that does not answer while the file `away` is there, and with less patience for that."""
    source = folder / "app"
    shutil.copytree(APP, source)
    for name, was, now in (
        ("sqlite.py", "if self._connection is None:", f"if Path({str(away)!r}).exists():"),
        ("health.py", "LOOK_EVERY_S = 1.0", "LOOK_EVERY_S = 0.05"),
        ("health.py", "AWAY_AFTER_S = 5.0", "AWAY_AFTER_S = 0.5"),
    ):
        text = (source / name).read_text()
        assert was in text
        (source / name).write_text(text.replace(was, now))
    return source


def test_a_later_outage_of_the_store_is_shown_and_makes_no_worker_unready(tmp_path: Path) -> None:
    away = tmp_path / "away"
    with running(tmp_path / "disk", impatient(tmp_path, away)) as app:
        app.await_ready()

        def await_store(wanted: str) -> None:
            def probe() -> str | None:
                answer = app.get("/readyz")
                assert (answer.status_code, answer.json()["ready"]) == (200, True)
                return None if answer.json()["store"] == wanted else answer.text

            app.await_that(probe, f"a store that is told as {wanted}")

        away.touch()
        await_store("away")
        refused = app.get("/entries")
        assert (refused.status_code, set(refused.json())) == (503, {"error", "mend"})
        away.unlink()
        await_store("reached")
        assert app.get("/entries").status_code == 200


def test_a_drive_that_hangs_holds_no_more_than_its_threads_and_makes_no_worker_unready(tmp_path: Path) -> None:
    hanging = tmp_path / "disk" / "files" / "hanging"
    hanging.parent.mkdir(parents=True)
    os.mkfifo(hanging)  # who opens it waits until somebody writes into it
    with running(tmp_path / "disk", LAB_THREADS="6") as app, ThreadPoolExecutor(8) as visitors:
        app.await_ready()
        asked = [visitors.submit(app.get, "/files/hanging") for _ in range(8)]
        app.await_that(lambda: None if sum(one.done() for one in asked) == 6 else "others wait", "six refusals")
        refused = [one.result() for one in asked if one.done()]
        assert [(one.status_code, set(one.json())) for one in refused] == [(503, {"error", "mend"})] * 6
        assert app.get("/readyz").status_code == 200
        assert app.get("/entries").status_code == 200
        hanging.open("wb").close()
        assert sorted(one.result().status_code for one in asked) == [200] * 2 + [503] * 6
        assert app.get("/files/another").status_code == 404


def test_draining_is_told_first_and_ends_when_the_balancer_has_seen_it(tmp_path: Path) -> None:
    with running(tmp_path / "disk") as app, httpx.Client(base_url=app.url) as kept, ThreadPoolExecutor() as visitor:
        app.await_ready()
        kept.get("/whoami")
        slow = visitor.submit(app.get, "/work?wait_ms=1000")
        _await_in_flight(app)
        began = time.monotonic()
        app.terminate()
        _await_draining(app)
        last = kept.get("/whoami")  # still served, and its connection ends, so that none is left open
        second = app.get("/readyz")
        assert second.status_code == 503
        assert (last.status_code, last.headers["Connection"]) == (200, "close")
        assert slow.result().status_code == 200
        assert app.ends() == 0
        assert time.monotonic() - began < 30  # not the whole notice


def test_draining_stays_alive_and_serves_for_the_whole_notice(tmp_path: Path) -> None:
    with running(tmp_path / "disk", LAB_DRAIN_NOTICE_S="1") as app:
        app.await_ready()
        began = time.monotonic()
        app.terminate()
        app.terminate()  # said twice is not said louder
        assert _await_draining(app).json()["draining"] is True
        assert app.get("/healthz").status_code == 200
        assert app.get("/entries").status_code == 200
        assert app.ends() == 0
        assert time.monotonic() - began >= 1


def test_what_was_given_to_a_stateful_worker_survives_its_restart(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    with running(disk) as app, httpx.Client(base_url=app.url) as visitor:
        app.await_ready()
        entry = visitor.post("/entries", json={"text": "kept"}, headers={"Idempotency-Key": "k"}).json()
        visitor.put("/files/kept", content=b"kept")
        visitor.post("/login", json={"user": "kept"})
        cookies = dict(visitor.cookies)
        app.kill()
    with running(disk) as app, httpx.Client(base_url=app.url, cookies=cookies) as visitor:
        app.await_ready()
        assert visitor.get(f"/entries/{entry['id']}").json()["text"] == "kept"
        assert visitor.get("/files/kept").content == b"kept"
        assert visitor.get("/me").json() == {"user": "kept"}


def test_what_a_crashed_upload_left_is_never_shown_and_is_cleared_away(tmp_path: Path) -> None:
    left = tmp_path / "disk" / "files" / ".worker-1.0123.part"
    others = left.with_name(".worker-12.0123.part")  # may still be under way
    left.parent.mkdir(parents=True)
    left.write_bytes(b"half")
    others.write_bytes(b"half")
    with running(tmp_path / "disk") as app:
        app.await_ready()
        assert app.get("/files").json() == {"files": []}
    assert not left.exists()
    assert others.exists()


def _await_draining(app: App) -> httpx.Response:
    """Its first answer that it is not ready: the signal is at work as soon as the other process has had a turn."""
    answers = []

    def probe() -> str | None:
        answers.append(app.get("/readyz"))
        return None if answers[-1].status_code == 503 else "it says that it is ready"

    app.await_that(probe, "the drain")
    return answers[-1]


def _await_in_flight(app: App) -> None:
    def probe() -> str | None:
        figures = app.get("/metrics").text
        return None if "lab_requests_in_flight 2.0" in figures else "the slow request has not arrived"

    app.await_that(probe, "a request in flight")
