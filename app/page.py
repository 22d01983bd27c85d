"""The page for people: the same as the calls of the interface, as forms that need no script."""

import re
from secrets import token_urlsafe
from typing import Any

from flask import redirect, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response

import inputs
from entries import Entries
from errors import Refused
from files import SIZE_LIMIT, Files
from sessions import Sessions
from settings import Settings

NEWEST = 20
FORM_LIMIT = SIZE_LIMIT + 64 * 1024
POLICY = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"


class Page:
    def __init__(self, settings: Settings, entries: Entries, files: Files, sessions: Sessions) -> None:
        self._settings = settings
        self._entries = entries
        self._files = files
        self._sessions = sessions

    def get(self) -> ResponseReturnValue:
        return self._show(None)

    def post(self) -> ResponseReturnValue:
        """Does what the form says, then sends the browser back to the page, so that reloading repeats nothing."""
        try:
            inputs.body(FORM_LIMIT)
            return self._do(request.form, redirect("/", 303))
        except Refused as refused:
            return self._show(refused)

    def _do(self, form: Any, back: Response) -> Response:
        what = form.get("do")
        if what == "login":
            return self._sessions.begin(form.get("user"), back)
        if what == "logout":
            return self._sessions.end(back)
        if what == "entry":  # its key came with the form, so a double click writes once
            self._entries.add(form.get("key", ""), form.get("text", "").replace("\r\n", "\n"))
            return back
        sent = request.files.get("file")
        if not sent or not sent.filename:
            raise Refused(400, "no file was chosen", "choose one, then press the button")
        name = re.sub(r"[^A-Za-z0-9._-]", "_", sent.filename).lstrip(".")
        self._files.write(name[-100:], sent.read())
        return back

    def _show(self, refused: Refused | None) -> ResponseReturnValue:
        # What was not written stays in the form, with its key: it may have been written after all.
        retry = request.form if refused and refused.status >= 500 else {}
        told: dict[str, Any] = {"key": retry.get("key") or token_urlsafe(16), "draft": retry.get("text", "")}
        try:
            told |= {"user": self._sessions.user(), "entries": self._entries.newest(NEWEST)}
            told["files"], told["file_count"] = self._files.newest(NEWEST)
        except Refused as away:
            refused = refused or away
        page = render_template("page.html", me=self._settings, refused=refused, **told)
        headers = {"Content-Security-Policy": POLICY, "Cache-Control": "no-store"}
        return page, refused.status if refused else 200, headers
