"""Sessions: who is logged in. The database keeps them, so a session survives the worker that made it."""

import hashlib
from secrets import token_urlsafe

from flask import Response, jsonify, request
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response as AnyResponse

import inputs
from errors import Refused
from storage import Database

COOKIE = "lab_session"
USER_LIMIT = 64


class Sessions:
    def __init__(self, database: Database) -> None:
        self._database = database

    def begin(self, user: object, answer: AnyResponse) -> AnyResponse:
        """`answer` with the cookie of a new session of `user`."""
        user = inputs.text(user, "user")
        if not 1 <= len(user) <= USER_LIMIT:
            raise Refused(400, f"user has {len(user)} characters", f"send 1 to {USER_LIMIT}")
        token = token_urlsafe(32)  # 256 random bits
        self._database.run(
            "INSERT INTO sessions (token_hash, user_name) VALUES (?, ?) ON CONFLICT DO NOTHING", _hash(token), user
        )
        answer.set_cookie(COOKIE, token, httponly=True, samesite="Lax")
        return answer

    def end(self, answer: AnyResponse) -> AnyResponse:
        """`answer` after which the caller's session is over."""
        self._database.run("DELETE FROM sessions WHERE token_hash = ?", _hash(request.cookies.get(COOKIE, "")))
        answer.delete_cookie(COOKIE, httponly=True, samesite="Lax")
        return answer

    def user(self) -> str | None:
        """Who is logged in, if anybody."""
        token = request.cookies.get(COOKIE)
        if not token:
            return None
        rows = self._database.run("SELECT user_name FROM sessions WHERE token_hash = ?", _hash(token))
        return str(rows[0][0]) if rows else None

    def login(self) -> ResponseReturnValue:
        user = inputs.field("user")
        return self.begin(user, jsonify(user=user))

    def me(self) -> ResponseReturnValue:
        user = self.user()
        if user is None:
            raise Refused(401, "you are not logged in", 'POST /login {"user": "your name"} and keep the cookie')
        return {"user": user}

    def logout(self) -> ResponseReturnValue:
        self.me()  # refuses who is not logged in
        return self.end(Response(status=204))


def _hash(token: str) -> str:
    # Who can read the database still cannot use its sessions. A plain hash will do: nobody guesses 256 random bits.
    return hashlib.sha256(token.encode(errors="replace")).hexdigest()
