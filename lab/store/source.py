"""The source service: a git repository on the store, from which each worker pulls the newest commit."""

import hashlib
import io
import tarfile
import tempfile
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from lab.host.run import run
from lab.model.deadline import Deadline
from lab.substrates.base import Reach

_PUSH = "/usr/local/lib/lab/source-push"
# Nobody's own settings: a rule there may send git:// elsewhere.
_NO_SETTINGS = {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1"}
_IS_THERE = {0: "there", 1: "not there", 128: "not there"}
# As deep as it goes, also where a copy was begun with its newest commit only (git's manual, "fetch", --depth).
_WHOLE = "--depth=2147483647"
_LOG = "--format=%H%x09%T%x09%ct%x09%s"


@dataclass(frozen=True)
class Version:
    """A commit of the source service, made at a Unix time of the store's clock; `tree` is the same where the content is
    the same."""

    commit: str
    tree: str
    at: float
    message: str

    @property
    def short(self) -> str:
        """The commit as people are told it."""
        return self.commit[:10]


def seed(store: Reach, app: Path, by: Deadline) -> str:
    """Puts the app into an empty source service as one commit; gives the newest commit, new or not."""
    return store.run([_PUSH, "--if-empty", "The app as it came with the kit"], by, stdin=archive(app)).out.strip()


def push(store: Reach, app: Path, message: str, by: Deadline) -> str:
    """Makes the app's folder the newest commit, which each worker pulls at its next start; gives that commit."""
    return _push(store, archive(app), message, by)


def push_again(store: Reach, copy: Path, commit: str, message: str, by: Deadline) -> str:
    """Makes the content of a commit that the repository `copy` has the newest again, as a new commit, and gives it."""
    with tempfile.TemporaryDirectory() as folder:
        tar = Path(folder) / "app.tar"
        git = ["git", f"--git-dir={copy}", "archive", "--format=tar", f"--output={tar}", commit]
        run(git, by=by, env=_NO_SETTINGS)
        return _push(store, tar.read_bytes(), message, by)


def _push(store: Reach, tar: bytes, message: str, by: Deadline) -> str:
    return store.run([_PUSH, message], by, stdin=tar).out.strip()


def url(address: str) -> str:
    """Where the source service of a store at this address is asked."""
    return f"git://{address}/app.git"


def newest(source: str, by: Deadline) -> str:
    """The newest commit at `source`, empty where it has none; raises LabError where it does not answer."""
    return run(["git", "ls-remote", source, "refs/heads/main"], by=by, env=_NO_SETTINGS).out.partition("\t")[0]


def fetch(source: str, copy: Path, by: Deadline) -> str:
    """Brings the newest commit at `source` into the repository `copy`, and gives it; raises LabError where it cannot.

    What is there already is only asked for: that takes a moment, also of an emulated machine. (A login takes seconds.)
    """
    commit = newest(source, by)
    bring(commit, source, copy, by)
    return commit


def bring(commit: str, source: str, copy: Path, by: Deadline) -> None:
    """Sees to it that the repository `copy` has this commit, which is the newest at `source`, and what came before."""
    git = ["git", f"--git-dir={copy}"]
    has_it = run([*git, "cat-file", "-e", f"{commit}^{{tree}}"], by=by, env=_NO_SETTINGS, ok=_IS_THERE).status == 0
    if not has_it:
        run(["git", "init", "--quiet", "--bare", str(copy)], by=by, env=_NO_SETTINGS)
        run([*git, "fetch", "--quiet", _WHOLE, source, "main"], by=by, env=_NO_SETTINGS)


def versions(source: str, copy: Path, by: Deadline) -> list[Version]:
    """Every version at `source`, the newest first; raises as `fetch` does."""
    commit = fetch(source, copy, by)
    return history(copy, commit, by)


def history(copy: Path, commit: str, by: Deadline) -> list[Version]:
    """A commit that the repository `copy` has, and all that came before it, the newest first."""
    log = run(["git", f"--git-dir={copy}", "log", _LOG, commit], by=by, env=_NO_SETTINGS).out
    rows = (line.split("\t", 3) for line in log.splitlines())
    return [Version(commit, tree, float(at), message) for commit, tree, at, message in rows]


def is_behind(history: Sequence[Version], commit: str | None) -> bool | None:
    """Whether a worker that runs this commit has another content than the newest; None where it does not say. Pure.

    A version that was made the newest again has a commit of its own, and workers that ran it all along are not behind.
    """
    if commit is None:
        return None
    return commit not in {version.commit for version in history if version.tree == history[0].tree}


def newest_before(history: Sequence[Version], commits: Collection[str]) -> Version | None:
    """The newest version of these commits with another content than the newest of all; None where none has. Pure."""
    return next((one for one in history if one.commit in commits and is_behind(history, one.commit)), None)


def difference(copy: Path, commit: str, app: Path, by: Deadline) -> list[str]:
    """The files of the app's folder that are not the same in a commit that the repository `copy` has."""
    there = {}
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
    # A link may lead out of the folder, and a worker has only what is in it.
    with tarfile.open(fileobj=buffer, mode="w", dereference=True) as tar:
        for path in files(app):
            tar.add(path, str(path.relative_to(app)))
    return buffer.getvalue()
