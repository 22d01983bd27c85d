"""Entries: short texts, each written once however often its key is sent."""

import re
from typing import Any

from flask import request
from flask.typing import ResponseReturnValue

import inputs
from errors import Refused
from storage import Database

TEXT_LIMIT_BYTES = 4096
PAGE_LIMIT = 1000
KEY = re.compile(r"[\x21-\x7e]{1,200}")

Entry = dict[str, Any]


class Entries:
    def __init__(self, database: Database, worker: str) -> None:
        self._database = database
        self._worker = worker

    def add(self, key: str, text: object) -> Entry:
        """The entry with this key: a new one, or the one that an earlier try already wrote."""
        if not KEY.fullmatch(key):
            wanted = "send the header Idempotency-Key: 1 to 200 visible ASCII characters, new for each new entry"
            raise Refused(400, "there is no usable key", wanted)
        text = inputs.text(text, "text")
        if len(text.encode()) > TEXT_LIMIT_BYTES:
            raise Refused(413, f"text is larger than {TEXT_LIMIT_BYTES} bytes", "send a shorter one")
        # One statement decides, in the database: of two workers with the same key, only one inserts.
        [(entry_id, written)] = self._database.run(
            "INSERT INTO entries (key, text) VALUES (?, ?) ON CONFLICT (key) DO NOTHING RETURNING id, text", key, text
        ) or self._database.run("SELECT id, text FROM entries WHERE key = ?", key)
        if written != text:
            raise Refused(422, "this key was used for another text", "send a new Idempotency-Key with a new text")
        return {"id": entry_id, "key": key, "text": text}

    def newest(self, limit: int) -> list[Entry]:
        return self._find("ORDER BY id DESC LIMIT ?", limit)

    def post(self) -> ResponseReturnValue:
        entry = self.add(request.headers.get("Idempotency-Key", ""), inputs.field("text"))
        return entry | {"worker": self._worker}, 201

    def index(self) -> ResponseReturnValue:
        after = inputs.number("after", 0, 0, inputs.BIGGEST_ID)
        limit = inputs.number("limit", 100, 1, PAGE_LIMIT)
        found = self._find("WHERE id > ? ORDER BY id LIMIT ?", after, limit + 1)  # one more: is there a next page?
        page = found[:limit]
        return {"entries": page, "next": page[-1]["id"] if len(found) > limit else None}

    def get(self, entry_id: int) -> ResponseReturnValue:
        found = self._find("WHERE id = ?", min(entry_id, inputs.BIGGEST_ID))
        if not found:
            raise Refused(404, f"there is no entry {entry_id}", "GET /entries lists them all")
        return found[0]

    def _find(self, which: str, *values: int) -> list[Entry]:
        rows = self._database.run(f"SELECT id, key, text FROM entries {which}", *values)
        return [{"id": entry_id, "key": key, "text": text} for entry_id, key, text in rows]
