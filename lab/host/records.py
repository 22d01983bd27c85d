"""Files that are either whole or not there: written aside, flushed, then renamed."""

import json
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


def write(path: Path, text: str, *, mode: int = 0o644) -> None:
    """Puts `text` at `path` atomically, readable as `mode` says from the first moment on. What is there already is left
    alone: each flush to the disk takes milliseconds."""
    if _holds(path, text, mode):
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        with naming(path), os.fdopen(descriptor, "w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)
    except OSError:
        aside.unlink(missing_ok=True)
        raise


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """For the block, an error of the system tells this file where it tells none, as one of a full disk does."""
    try:
        yield
    except OSError as error:
        if error.filename is None:
            error.filename = str(path)
        raise


def _holds(path: Path, text: str, mode: int) -> bool:
    try:
        return stat.S_IMODE(path.stat().st_mode) == mode and path.read_text() == text
    except (OSError, UnicodeDecodeError):
        return False


def write_json(path: Path, value: Any) -> None:
    """Puts `value` at `path` as JSON, atomically."""
    write(path, json.dumps(value, indent=2) + "\n")


def read_json(path: Path) -> Any | None:
    """What is at `path`, or None where there is nothing."""
    try:
        return json.loads(path.read_text())
    except FileNotFoundError:
        return None
