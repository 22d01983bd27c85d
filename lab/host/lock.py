"""One change of a lab at a time: a lock that names its holder."""

import fcntl
import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from lab.host import children, records
from lab.host.wait import await_until
from lab.model.deadline import Deadline
from lab.model.errors import UsageError


@dataclass(frozen=True)
class Holder:
    """Who holds a lock: what they were asked to do, in words, and their process."""

    verb: str
    pid: int


@contextmanager
def held(
    path: Path,
    verb: str,
    *,
    patience_s: float = 0.0,
    moment_s: float = 0.0,
    is_brief: bool = False,
    tell: Callable[[str], None] | None = None,
) -> Iterator[None]:
    """Holds the lock at `path` for the block; the kernel lets go of it if we die. `is_brief` says that to others.

    Raises UsageError that names the holder's verb and pid when somebody else has it, still after `patience_s` or, where
    they said that they have it for a moment only, `moment_s`. `tell` hears who is waited for.
    """
    anybody = Deadline.after(patience_s, f"{patience_s:.0f} s")
    brief = Deadline.after(max(patience_s, moment_s), f"{moment_s:.0f} s")
    taken = list[IO[str]]()

    def probe() -> str | None:
        file = _taken(path)
        if file is not None:
            taken.append(file)
            return None
        entry = _entry(path)
        who = _in_words(entry)
        # Who took it this very moment has not said yet who they are.
        if (brief if entry is None or entry.get("brief") else anybody).is_over():
            raise UsageError(f"{who} is at work on this", where=str(path), mend="wait for it, then run this again")
        return f"waiting for {who}"

    await_until(probe, brief, what="the lock", mend="run this again", every_s=0.02, tell=tell)
    with taken[0] as file:
        _sign(path, file, verb, is_brief=is_brief)
        try:
            yield
        finally:
            # Who takes the lock next has not said at once who they are, and is not to be taken for us.
            file.truncate(0)


def _sign(path: Path, file: IO[str], verb: str, *, is_brief: bool) -> None:
    us = os.getpid()
    entry = {"verb": verb, "pid": us, "started": children.start_time(us), "brief": is_brief}
    with records.naming(path):
        file.truncate(0)
        # Past the buffer, which a full disk would refuse once more when the file is closed, without its name.
        os.write(file.fileno(), json.dumps(entry).encode())


def is_held(path: Path) -> bool:
    """Whether somebody holds the lock at `path` right now. To find out takes it for a moment where nobody does."""
    file = _taken(path) if path.exists() else None
    if file is None:
        return path.exists()
    file.close()
    return False


def holder(path: Path) -> Holder | None:
    """Who holds the lock at `path` right now; None where nobody does, or has not yet said who it is."""
    entry = _entry(path) if is_held(path) else None
    return Holder(str(entry["verb"]), int(entry["pid"])) if entry else None


def _taken(path: Path) -> IO[str] | None:
    """The locked file; None where somebody else has the lock."""
    # Each further round means that somebody removed the file in the very moment before.
    while True:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("a+")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            return None
        # Its holder may have removed the file with its folder: then others lock the one that is at the path now.
        if _is_at(path, file):
            return file
        file.close()


def _is_at(path: Path, file: IO[str]) -> bool:
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except FileNotFoundError:
        return False


def _in_words(entry: Mapping[str, Any] | None) -> str:
    return f"`lab {_verb(entry)}` (pid {entry['pid']})" if entry else "another command"


def _verb(entry: Mapping[str, Any]) -> str:
    """What the holder does, in the word that was typed where it is another: a `lab demo` brings labs up, too."""
    said = str(entry["verb"])
    try:
        words = Path(f"/proc/{entry['pid']}/cmdline").read_text(errors="replace").split("\0")
    except OSError:
        return said
    triples = zip(words, words[1:], words[2:], strict=False)
    typed = next((verb for option, module, verb in triples if (option, module) == ("-m", "lab")), said)
    return said if said.split()[0] == typed else typed


def _entry(path: Path) -> dict[str, Any] | None:
    """What the holder wrote down of itself; None for what somebody left who is dead: their pid may be another's now."""
    try:
        entry = dict(json.loads(path.read_text()))
    except (json.JSONDecodeError, FileNotFoundError):
        return None
    return entry if children.lives(entry["pid"], entry.get("started")) else None
