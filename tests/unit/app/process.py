"""The app as it runs on a worker: a real process, started and stopped by its tests."""

import contextlib
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from lab.host.wait import await_until
from lab.model.deadline import Deadline

APP = Path(__file__).resolve().parents[3] / "app"
COMMIT = "0123456789abcdef0123456789abcdef01234567"
START_WITHIN_S = 20
_LISTENING = re.compile(r"Listening at: (http://127\.0\.0\.1:\d+)")


class App:
    """One running app. `url` is where it listens, `log` what it says on stderr."""

    def __init__(self, process: subprocess.Popen[bytes], log: Path) -> None:
        self.process = process
        self._log = log
        self.url = ""

    @property
    def log(self) -> str:
        return self._log.read_text()

    def get(self, path: str, **options: Any) -> httpx.Response:
        return httpx.get(f"{self.url}{path}", timeout=15, verify=False, **options)

    def await_listening(self) -> None:
        def probe() -> str | None:
            if self.process.poll() is not None:
                return f"ended with {self.process.returncode}: {self.log}"
            found = _LISTENING.search(self.log)
            self.url = found[1] if found else ""
            return None if found else "not listening"

        self.await_that(probe, "the app's port")

    def await_ready(self) -> None:
        def probe() -> str | None:
            answer = self.get("/readyz")
            return None if answer.status_code == 200 else answer.text

        self.await_that(probe, "the app's readiness")

    def terminate(self) -> None:
        self.process.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """Both of its processes end without a word. (SIGQUIT can leave gunicorn's worker waiting for itself: 30 s.)"""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)

    def ends(self) -> int:
        """Its exit status, once it has ended."""
        return self.process.wait(timeout=40)

    def await_that(self, probe: Callable[[], str | None], what: str) -> None:
        await_until(probe, Deadline.after(START_WITHIN_S, "start"), what=what, mend="read its log", every_s=0.02)


def settings(folder: Path, **changed: str) -> dict[str, str]:
    """The environment of a stateful worker whose disk is `folder`."""
    own = {
        "LAB_NODE": "worker-1",
        "LAB_SUBSTRATE": "docker",
        "LAB_MODE": "stateful",
        "LAB_LOCAL": str(folder),
        "LAB_COMMIT": COMMIT,
        "LAB_DRAIN_NOTICE_S": "60",
    }
    return own | changed


def launch(env: dict[str, str], log: Path, source: Path = APP) -> App:
    """The app just started; whoever calls this ends it. `source` is another version's folder."""
    command = [sys.executable, "-m", "gunicorn", "--bind", "127.0.0.1:0", "-c", "gunicorn.conf.py", "app:create_app()"]
    own = {"PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1"}
    with log.open("wb") as stderr:
        process = subprocess.Popen(
            command, cwd=source, env=own | env, stdout=stderr, stderr=stderr, start_new_session=True
        )
    return App(process, log)


@contextmanager
def running(folder: Path, source: Path = APP, **changed: str) -> Iterator[App]:
    """The app, listening, on the disk `folder`; gone afterwards. `source` is another version's folder."""
    folder.mkdir(exist_ok=True)
    app = launch(settings(folder, **changed), folder.with_suffix(".log"), source)
    try:
        app.await_listening()
        yield app
    finally:
        app.kill()
        app.ends()
