"""A store without room: a clean no, 507, for an entry, a login and a file, and nothing of it is there afterwards."""

import errno
import shutil
from pathlib import Path

import httpx
import pytest

from tests.unit.app.process import APP, App, running

# As much of the driver as the app uses; a full disk is one of the errors that an operation can end with (its manual,
# "errors": DiskFull, 53100). The real one needs a library of PostgreSQL's, which only workers have.
DRIVER = """
class OperationalError(Exception):
    pass


class errors:
    class DiskFull(OperationalError):
        pass


class Connection:
    closed, description = False, None

    def __class_getitem__(cls, _item):
        return cls

    @classmethod
    def connect(cls, *_where, **_how):
        return cls()

    def execute(self, sql, _values=None):
        if sql.startswith("INSERT"):
            raise errors.DiskFull('could not extend file "base/5/1259": No space left on device\\nHINT: Check it.')
        return self
"""


def changed(folder: Path, name: str, *changes: tuple[str, str]) -> Path:
    """A copy of the app in which this file is another one."""
    source = folder / "app"
    shutil.copytree(APP, source)
    text = (source / name).read_text()
    for was, now in changes:
        assert was in text
        text = text.replace(was, now)
    (source / name).write_text(text)
    return source


def entry(app: App, key: str, text: str = "hello") -> httpx.Response:
    return httpx.post(f"{app.url}/entries", headers={"Idempotency-Key": key}, json={"text": text}, verify=False)


def login(app: App, user: str) -> httpx.Response:
    return httpx.post(f"{app.url}/login", json={"user": user}, verify=False)


def assert_full(answer: httpx.Response, why: str) -> None:
    mend = "make room on the store, then send the same again"
    assert (answer.status_code, answer.json()) == (507, {"error": f"the store is full: {why}", "mend": mend})
    assert "Set-Cookie" not in answer.headers


def test_a_full_disk_below_postgresql_is_a_clean_no(tmp_path: Path) -> None:
    source = changed(tmp_path, "postgres.py")
    (source / "psycopg").mkdir()
    (source / "psycopg" / "__init__.py").write_text(DRIVER)
    (source / "psycopg" / "waiting.py").touch()
    outside = {"LAB_DATABASE_URL": "postgresql://store/lab", "LAB_DRIVE": str(tmp_path / "drive")}
    with running(tmp_path / "disk", source, LAB_MODE="stateless", **outside) as app:
        app.await_ready()
        why = 'could not extend file "base/5/1259": No space left on device'
        assert_full(entry(app, "k"), why)
        assert_full(login(app, "ada"), why)
        assert app.get("/entries").json() == {"entries": [], "next": None}


def test_a_full_disk_below_sqlite_is_a_clean_no_and_what_was_acknowledged_stays(tmp_path: Path) -> None:
    bound = ("PRAGMA synchronous = FULL;", "PRAGMA synchronous = FULL; PRAGMA max_page_count = 12;")
    with running(tmp_path / "disk", changed(tmp_path, "sqlite.py", bound)) as app:
        app.await_ready()
        answers = [entry(app, f"key-{number}", "x" * 4000) for number in range(12)]
        written = [answer.json()["key"] for answer in answers if answer.status_code == 201]
        assert 0 < len(written) < len(answers)
        assert_full(answers[-1], "database or disk is full")
        assert [one["key"] for one in app.get("/entries").json()["entries"]] == written
        assert app.get("/readyz").status_code == 200


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_drive_is_a_clean_no_and_nothing_is_left_of_the_file(tmp_path: Path, number: int) -> None:
    full = tmp_path / "full"
    fill = f"if Path({str(full)!r}).exists(): raise OSError({number}, os.strerror({number}))"
    flush = "os.fsync(file.fileno())  # first"
    source = changed(tmp_path, "files.py", (flush, f"{fill}\n{' ' * 20}{flush}"))
    with running(tmp_path / "disk", source) as app:
        app.await_ready()
        full.touch()
        put = httpx.put(f"{app.url}/files/a.txt", content=b"hello", verify=False)
        assert put.status_code == 507
        assert put.json()["error"].startswith("the store is full: ")
        assert app.get("/files/a.txt").status_code == 404
        assert [*(tmp_path / "disk" / "files").iterdir()] == []
        full.unlink()
        assert httpx.put(f"{app.url}/files/a.txt", content=b"hello", verify=False).status_code == 201
        assert app.get("/files/a.txt").content == b"hello"
