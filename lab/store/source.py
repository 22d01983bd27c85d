"""The source service: a git repository on the store, from which each worker pulls the newest commit."""

import hashlib
import io
import tarfile
from pathlib import Path

from lab.host.run import run
from lab.model.deadline import Deadline
from lab.substrates.base import Reach

_PUSH = "/usr/local/lib/lab/source-push"
# Nobody's own settings: a rule there may send git:// elsewhere.
_NO_SETTINGS = {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1"}
_IS_THERE = {0: "there", 1: "not there", 128: "not there"}


def seed(store: Reach, app: Path, by: Deadline) -> str:
    """Puts the app into an empty source service as one commit; gives the newest commit, new or not."""
    return store.run([_PUSH, "--if-empty", "The app as it came with the kit"], by, stdin=archive(app)).out.strip()


def push(store: Reach, app: Path, message: str, by: Deadline) -> str:
    """Makes the app's folder the newest commit, which each worker pulls at its next start; gives that commit."""
    return store.run([_PUSH, message], by, stdin=archive(app)).out.strip()


def url(address: str) -> str:
    """Where the source service of a store at this address is asked."""
    return f"git://{address}/app.git"


def newest(source: str, by: Deadline) -> str:
    """The newest commit at `source`; raises LabError where it does not answer."""
    return run(["git", "ls-remote", source, "refs/heads/main"], by=by, env=_NO_SETTINGS).out.partition("\t")[0]


def fetch(source: str, copy: Path, by: Deadline) -> str:
    """Brings the newest commit at `source` into the repository `copy`, and gives it; raises LabError where it cannot.

    What is there already is only asked for: that takes a moment, also of an emulated machine. (A login takes seconds.)
    """
    git = ["git", f"--git-dir={copy}"]
    commit = newest(source, by)
    run(["git", "init", "--quiet", "--bare", str(copy)], by=by, env=_NO_SETTINGS)
    has_it = run([*git, "cat-file", "-e", f"{commit}^{{tree}}"], by=by, env=_NO_SETTINGS, ok=_IS_THERE).status == 0
    if not has_it:
        run([*git, "fetch", "--quiet", "--depth=1", source, "main"], by=by, env=_NO_SETTINGS)
    return commit


def difference(source: str, copy: Path, app: Path, by: Deadline) -> list[str]:
    """The files of the app's folder that are not the same in the newest commit at `source`; raises as `fetch` does."""
    there = {}
    commit = fetch(source, copy, by)
    tree = run(["git", f"--git-dir={copy}", "ls-tree", "-r", commit], by=by, env=_NO_SETTINGS).out
    for line in tree.splitlines():
        entry, path = line.split("\t", 1)
        there[path] = entry.split()[2]
    here = {str(path.relative_to(app)): blob_id(path.read_bytes()) for path in files(app)}
    return sorted(path for path in there.keys() | here.keys() if there.get(path) != here.get(path))


def files(app: Path) -> list[Path]:
    """The files that make up the app: neither hidden ones nor what Python leaves behind."""
    parts = (path for path in sorted(app.rglob("*")) if path.is_file())
    return [path for path in parts if not any(_is_left_out(part) for part in path.relative_to(app).parts)]


def _is_left_out(part: str) -> bool:
    return part.startswith(".") or part == "__pycache__"


def blob_id(content: bytes) -> str:
    """The id that git gives a file with this content (gitglossary: blob object)."""
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


def archive(app: Path) -> bytes:
    """The app as a tar archive."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for path in files(app):
            tar.add(path, str(path.relative_to(app)))
    return buffer.getvalue()
