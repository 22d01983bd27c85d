"""Files that are either whole or not there: written aside, flushed, then renamed."""

import json
import os
import secrets
import stat
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
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    aside.replace(path)


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
