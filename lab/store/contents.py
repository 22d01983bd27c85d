"""What is really there, read past the app: straight from the database and the drive, or from a worker's own disk."""

import json
from collections.abc import Iterator
from dataclasses import dataclass

from lab.model.deadline import Deadline
from lab.store.database import ask
from lab.substrates.base import Reach

Rows = list[tuple[str, str]]

# One JSON array a line: what users chose as a name may hold blanks and whatever else breaks a line.
_SQL = (
    "SELECT json_build_array('entry', key, encode(sha256(convert_to(text, 'UTF8')), 'hex')) FROM entries UNION ALL "
    "SELECT json_build_array('login', user_name, encode(sha256(convert_to(user_name, 'UTF8')), 'hex')) FROM sessions"
)
# Hidden files are uploads that have not ended.
_FILES = """
import hashlib, json, pathlib, sys
folder = pathlib.Path(sys.argv[1])
for path in sorted(folder.iterdir()) if folder.is_dir() else ():
    if path.is_file() and not path.name.startswith("."):
        print(json.dumps(["file", path.name, hashlib.sha256(path.read_bytes()).hexdigest()]))
"""
_OWN = """
import hashlib, json, sqlite3, sys
def tell(what, key, content):
    print(json.dumps([what, key, hashlib.sha256(content.encode()).hexdigest()]))
with sqlite3.connect(f"file:{sys.argv[1]}/lab.sqlite?mode=ro", uri=True) as database:
    for key, text in database.execute("SELECT key, text FROM entries"):
        tell("entry", key, text)
    for (user,) in database.execute("SELECT user_name FROM sessions"):
        tell("login", user, user)
"""


@dataclass(frozen=True)
class Contents:
    """Key and sha256 of everything that is there, as often as it is there."""

    entries: Rows
    files: Rows
    logins: Rows


def of_store(store: Reach, by: Deadline) -> Contents:
    """What the store has; `store` is root there."""
    database = ask(store, _SQL, by)
    drive = store.run(["python3", "-c", _FILES, "/srv/drive"], by).out
    return _sorted(database + drive)


def of_worker(worker: Reach, by: Deadline, disk: str = "/var/lib/lab") -> Contents:
    """What a worker in stateful mode has on its own disk; `worker` is root there, or the app's user."""
    database = worker.run(["python3", "-c", _OWN, disk], by).out
    files = worker.run(["python3", "-c", _FILES, f"{disk}/files"], by).out
    return _sorted(database + files)


def together(parts: Iterator[Contents]) -> Contents:
    """The contents of several nodes as one."""
    whole = Contents([], [], [])
    for part in parts:
        whole.entries.extend(part.entries)
        whole.files.extend(part.files)
        whole.logins.extend(part.logins)
    return whole


def _sorted(text: str) -> Contents:
    rows: dict[str, Rows] = {"entry": [], "file": [], "login": []}
    for line in text.split("\n"):
        if line:
            what, key, sha256 = json.loads(line)
            rows[what].append((key, sha256))
    return Contents(rows["entry"], rows["file"], rows["login"])
