"""Files: in one folder, which is the shared drive (stateless) or on this worker's own disk (stateful)."""

import errno
import hashlib
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import lru_cache
from pathlib import Path
from secrets import token_hex
from threading import Semaphore
from typing import Any

from flask import Response
from flask.typing import ResponseReturnValue

import inputs
from errors import Refused, StoreAway, StoreFull

SIZE_LIMIT = 1024 * 1024
NAME = re.compile(r"(?!\.)[A-Za-z0-9._-]{1,100}")


class Files:
    def __init__(self, folder: Path, worker: str, at_once: int) -> None:
        self._folder = folder
        self._worker = worker
        # A file is never changed, only replaced by another one: so what was computed for this very file stays true.
        self._sha256 = lru_cache(maxsize=4096)(_sha256)
        # A drive that is away holds who asks it for as long as it is away, and must not get hold of all our threads.
        self._room = Semaphore(at_once)

    def prepare(self) -> None:
        """Reach the folder, and clear away what an upload to this very worker left when it crashed."""
        with self._told():
            self._folder.mkdir(exist_ok=True)
            for left in self._folder.glob(f".{self._worker}.*.part"):
                left.unlink()

    def write(self, name: str, content: bytes) -> dict[str, Any]:
        """Name, size and hash of the file. It is on disk when this returns: wholly or, whatever fails, not at all."""
        path = self._path(name)
        if len(content) > SIZE_LIMIT:
            raise Refused(413, f"the file is larger than {SIZE_LIMIT} bytes", "send a smaller one")
        part = self._folder / f".{self._worker}.{token_hex(8)}.part"
        with self._told():
            try:
                with part.open("xb") as file:
                    file.write(content)
                    file.flush()
                    os.fsync(file.fileno())  # first the content is on disk,
                part.rename(path)  # then it gets its name, in one step,
                self._flush_folder()  # then the name is on disk, too
            finally:
                part.unlink(missing_ok=True)
        return {"name": name, "size": len(content), "sha256": hashlib.sha256(content).hexdigest()}

    def seen(self) -> list[dict[str, Any]]:
        """Name, size and hash of each file. A hidden one is an upload that has not ended."""
        with self._told():
            return [about for path in sorted(self._paths()) if (about := self._about(path))]

    def newest(self, limit: int) -> tuple[list[dict[str, Any]], int]:
        """Name and size of the files that were written last, at most `limit`, and how many there are. Reads none."""
        there = []
        with self._told():
            for path in self._paths():
                with suppress(FileNotFoundError):  # deleted since we looked
                    is_now = path.stat()
                    there.append((is_now.st_mtime_ns, path.name, is_now.st_size))
        return [{"name": name, "size": size} for _, name, size in sorted(there, reverse=True)[:limit]], len(there)

    def put(self, name: str) -> ResponseReturnValue:
        return self.write(name, inputs.body(SIZE_LIMIT)) | {"worker": self._worker}, 201

    def index(self) -> ResponseReturnValue:
        return {"files": self.seen()}

    def get(self, name: str) -> ResponseReturnValue:
        path = self._path(name)
        with self._told(missing=name):
            content = path.read_bytes()
        # A file of one visitor must not run as a page in the browser of another.
        headers = {"Content-Disposition": "attachment", "X-Content-Type-Options": "nosniff"}
        return Response(content, headers=headers, content_type="application/octet-stream")

    def delete(self, name: str) -> ResponseReturnValue:
        path = self._path(name)
        with self._told(missing=name):
            path.unlink()
            self._flush_folder()
        return "", 204

    def _path(self, name: str) -> Path:
        if not NAME.fullmatch(name):
            raise Refused(400, f"{name!r} is no file name", "use 1 to 100 of A-Z a-z 0-9 . _ - and no dot at the start")
        return self._folder / name

    def _paths(self) -> Iterator[Path]:
        return (path for path in self._folder.iterdir() if NAME.fullmatch(path.name))

    def _about(self, path: Path) -> dict[str, Any] | None:
        try:
            is_now = path.stat()
            digest = self._sha256(path, is_now.st_ino, is_now.st_mtime_ns, is_now.st_size)
        except FileNotFoundError:
            return None  # deleted since we looked
        return {"name": path.name, "size": is_now.st_size, "sha256": digest}

    def _flush_folder(self) -> None:
        folder = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    @contextmanager
    def _told(self, missing: str = "") -> Iterator[None]:
        """Turns what the drive reports into what the caller is told: at once, where as many wait for it as may."""
        if not self._room.acquire(blocking=False):
            raise StoreAway("others wait for its drive already")
        try:
            yield
        except OSError as failed:
            if missing and isinstance(failed, FileNotFoundError):
                raise Refused(404, f"there is no file {missing}", "GET /files lists them all") from failed
            if failed.errno in (errno.ENOSPC, errno.EDQUOT):
                raise StoreFull(str(failed.strerror)) from failed
            raise StoreAway(str(failed.strerror)) from failed
        finally:
            self._room.release()


def _sha256(path: Path, *_version: int) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
