"""The app that each worker runs: start reading here.

A worker keeps nothing. Entries and sessions are in the store's database, files on the shared drive; so a worker may
die at any moment, and any other one goes on where it stopped. (Stateful mode is the counter-example: see storage.py.)
"""

import os

from flask import Flask, Response
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

import storage
from drain import Drain
from entries import Entries
from errors import Refused
from files import Files
from health import Health
from meters import Meters
from page import FORM_LIMIT, Page
from sessions import Sessions
from settings import Settings, read
from work import work


def create_app(settings: Settings | None = None) -> Flask:
    """The app, ready to serve. Everything it knows hangs on it, nothing on a module."""
    settings = settings or read(os.environ)
    app = Flask(__name__, static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = FORM_LIMIT
    app.url_map.merge_slashes = False
    database = storage.open_database(settings.mode, settings.database)
    entries = Entries(database, settings.node)
    # Half of the threads may wait for files; health checks and all else have the others.
    files = Files(settings.files, settings.node, at_once=max(1, settings.threads // 2 - 1))
    sessions = Sessions(database)
    drain = Drain(settings.drain_notice_s)
    meters = Meters()
    health = Health(settings, database, files, drain, meters)
    page = Page(settings, entries, files, sessions)
    app.extensions["lab_drain"], app.extensions["lab_health"] = drain, health
    for method, path, call in (
        ("GET", "/", page.get),
        ("POST", "/", page.post),
        ("POST", "/entries", entries.post),
        ("GET", "/entries", entries.index),
        ("GET", "/entries/<int:entry_id>", entries.get),
        ("PUT", "/files/<path:name>", files.put),
        ("GET", "/files", files.index),
        ("GET", "/files/<path:name>", files.get),
        ("DELETE", "/files/<path:name>", files.delete),
        ("POST", "/login", sessions.login),
        ("GET", "/me", sessions.me),
        ("POST", "/logout", sessions.logout),
        ("GET", "/work", work),
        ("GET", "/whoami", health.whoami),
        ("GET", "/healthz", health.healthz),
        ("GET", "/readyz", health.readyz),
        ("GET", "/metrics", meters.metrics),
    ):
        app.add_url_rule(path, f"{method} {path}", call, methods=[method])
    meters.attach(app)
    _attach_answers(app, settings)
    return app


def _attach_answers(app: Flask, settings: Settings) -> None:
    """What all answers have in common: who gave them, and errors as `{"error", "mend"}`."""

    def sign(response: Response) -> Response:
        response.headers["X-Worker"], response.headers["X-Commit"] = settings.node, settings.commit
        return response

    def refuse(refused: Refused) -> ResponseReturnValue:
        return {"error": refused.error, "mend": refused.mend}, refused.status

    def explain(wrong: HTTPException) -> ResponseReturnValue:
        """Flask's own: no such path, a method that the path has not, or a bug of ours."""
        answer = wrong.get_response()  # keeps its headers, such as Allow
        answer.set_data(app.json.dumps({"error": wrong.name.lower(), "mend": wrong.description}))
        answer.content_type = "application/json"
        return answer

    app.after_request(sign)
    app.register_error_handler(Refused, refuse)
    app.register_error_handler(HTTPException, explain)
