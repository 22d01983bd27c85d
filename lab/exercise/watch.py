"""Watching a learner's work: keys as they are pressed, and changes once they have settled."""

import os
import select
import sys
import termios
import time
import tty
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path

_POLL_S = 0.4
QUIET_S, AT_MOST_S = 1.0, 15.0
"""A change is settled when nothing changed for so long, or when it has gone on for so long: somebody may write a file
again and again."""

Signature = tuple[tuple[str, int, int], ...]


class Act(StrEnum):
    """What is to be done: on a key, or (CHANGED) since something has changed."""

    NEXT = "n"
    HINT = "h"
    LIST = "l"
    CHECK = "c"
    RESET = "x"
    QUIT = "q"
    CHANGED = "changed"


KEYS = {
    Act.NEXT: "next",
    Act.HINT: "hint",
    Act.LIST: "list",
    Act.CHECK: "check",
    Act.RESET: "reset",
    Act.QUIT: "quit",
}


class Keys:
    """What is typed: a key at once where somebody sits at a terminal, else the first letter of each line."""

    def __init__(self, file: int, *, is_terminal: bool) -> None:
        self._file, self.is_terminal = file, is_terminal
        self._before = termios.tcgetattr(file) if is_terminal else None
        self._is_over, self._rest = False, ""

    def read(self, wait_s: float) -> str | None:
        """The next key, lower case; None if none comes in this time, also when none will come any more."""
        if not self._rest and self._is_typed(wait_s):
            typed = os.read(self._file, 1024).decode(errors="ignore")
            self._is_over = not typed
            self._rest = typed if self.is_terminal else "".join(line.strip()[:1] for line in typed.splitlines())
        key, self._rest = self._rest[:1], self._rest[1:]
        return key.lower() or None

    @contextmanager
    def one_by_one(self) -> Iterator[None]:
        """A terminal gives its keys one by one inside, unseen, and is as it was afterwards."""
        if self._before is None:
            yield
            return
        try:
            tty.setcbreak(self._file)
            yield
        finally:
            self._give_back()

    @contextmanager
    def in_lines(self) -> Iterator[None]:
        """The terminal as it was, for somebody to be asked something, inside `one_by_one`. What was typed before, they
        did not say to that."""
        self._give_back(termios.TCSAFLUSH)
        try:
            yield
        finally:
            if self._before is not None:
                tty.setcbreak(self._file, termios.TCSADRAIN)

    def _give_back(self, when: int = termios.TCSADRAIN) -> None:
        if self._before is not None:
            termios.tcsetattr(self._file, when, self._before)

    def _is_typed(self, wait_s: float) -> bool:
        files = [] if self._is_over else [self._file]
        return bool(select.select(files, [], [], wait_s)[0])


@contextmanager
def keys() -> Iterator[Keys]:
    """The keys of whoever sits there."""
    found = Keys(sys.stdin.fileno(), is_terminal=sys.stdin.isatty() and sys.stdout.isatty())
    with found.one_by_one():
        yield found


def signature(folders: Iterable[Path], files: Iterable[Path]) -> Signature:
    """What changes when anything in these folders, or one of these files, does."""
    found = [*files, *(path for folder in folders for path in folder.rglob("*"))]
    return tuple(sorted(one for path in found if (one := _of(path)) is not None))


def _of(path: Path) -> tuple[str, int, int] | None:
    try:
        about = path.stat()
    except FileNotFoundError:
        return None
    return str(path), about.st_mtime_ns, about.st_size


class Settling:
    """Tells when a change has settled. Pure but for what it remembers: it is told what is seen, and when."""

    def __init__(self, seen: object) -> None:
        self._seen = seen
        self._first_s: float | None = None
        self._last_s = 0.0

    def is_settled(self, seen: object, now_s: float, *, is_busy: bool) -> bool:
        """Whether a change has settled now. While somebody is at work it has not."""
        if seen != self._seen:
            self._seen, self._last_s = seen, now_s
            self._first_s = now_s if self._first_s is None else self._first_s
        if self._first_s is None or is_busy:
            return False
        if now_s - self._last_s < QUIET_S and now_s - self._first_s < AT_MOST_S:
            return False
        self._first_s = None
        return True


def acts(
    typed: Keys, seen: Callable[[], object], is_busy: Callable[[], bool], now_s: Callable[[], float] = time.monotonic
) -> Iterator[Act]:
    """What is to be done, as it comes; ends after QUIT. Other keys mean nothing."""
    settling = Settling(seen())
    while True:
        key = typed.read(_POLL_S)
        if key in set(KEYS):
            yield Act(key)
            if key == Act.QUIT:
                return
        if settling.is_settled(seen(), now_s(), is_busy=is_busy()):
            yield Act.CHANGED
