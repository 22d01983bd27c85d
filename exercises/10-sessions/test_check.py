"""Sessions: a login that outlived the worker that took it, and what the database has of it."""

import json
from dataclasses import dataclass

import requests

from lab.exercise.scene import Look, Scene, listed
from lab.model.errors import UnknownError
from lab.model.node import STORE, State

_PSQL = "setpriv --reuid=postgres --regid=postgres --clear-groups psql -h /run/postgresql -d lab -v ON_ERROR_STOP=1 -At"
# One JSON array a line: a name may hold whatever breaks a line.
_SQL = (
    "SELECT json_build_array(token_hash, user_name, began_by, began_at, coalesce(seen_by, began_by), "
    "coalesce(seen_at, began_at)) FROM sessions WHERE began_at IS NOT NULL ORDER BY began_at"
)
_ASK_S = 30.0
COOKIE = "lab_session"


@dataclass(frozen=True)
class Session:
    """A row of the table of sessions: which worker let the user in, which one recognised them last, and when."""

    token_hash: str
    user: str
    began_by: str
    began_at: float
    seen_by: str
    seen_at: float


def test_the_database_has_your_session(scene: Scene, look: Look) -> None:
    """You are logged in: the store's database has a session under your name"""
    look.at("the table of sessions in the store's database")
    every, mine = _sessions(scene)
    look.note(sessions=len(mine))
    if mine:
        look.at("whether what the database has of your session lets anybody in")
        look.note(stolen=_let_in_with(scene, mine[-1].token_hash))
    look.expect(
        bool(mine),
        saw=f"{len(every)} sessions since you began, and none of {{word}}",
        expected="a session of {word}",
        says="Nobody is logged in as {word}. An entry with that name in it is no login: use the field for your name. "
        "(Did you log in, and log out again? Then the session is over.)",
    )


def test_the_session_outlived_the_worker_that_let_you_in(scene: Scene, look: Look) -> None:
    """The worker that let you in was destroyed, and with the same session you were recognised after that"""
    look.at("who let you in, who recognised you when, and which workers were destroyed")
    _, mine = _sessions(scene)
    survived = [one for one in mine if one.began_by in scene.destroyed(one.began_at, one.seen_at)]
    look.note(survived=len(survived))
    if survived:
        look.note(after="The page, and I am still logged in")
    since = mine[-1].began_at if mine else scene.started_at
    gone = sorted(set(scene.destroyed(since, float("inf"))))
    look.note(destroyed=len(gone), orphaned=len(_orphaned(scene, mine)))
    if mine:
        is_drained = scene.drained(mine[-1].began_by, mine[-1].began_at)
        look.note(drained=is_drained, kill=scene.typed(f"kill @/{mine[-1].began_by}"))
    look.expect(
        bool(survived),
        saw=_story(mine, gone),
        expected="one session: begun by a worker, then that worker destroyed, then recognised by any other",
        says="" if survived else _says(scene, mine, gone),
    )


def _sessions(scene: Scene) -> tuple[list[Session], list[Session]]:
    """All sessions since the exercise began, and among them the learner's, the oldest first."""
    told = scene.into(STORE).run(f"{_PSQL} -c %s", _SQL)
    if told.rc:
        raise UnknownError(
            f"the database does not tell: {told.stderr}",
            where=str(STORE),
            mend="`lab exercise reset sessions` brings back the site that this exercise begins with",
        )
    every = [Session(*json.loads(line)) for line in told.stdout.splitlines() if line]
    every = [one for one in every if one.began_at >= scene.started_at]
    return every, [one for one in every if scene.word in one.user.lower()]


def _let_in_with(scene: Scene, secret: str) -> str:
    try:
        answer = requests.get(f"{scene.url}/me", cookies={COOKIE: secret}, timeout=_ASK_S, proxies={"http": ""})
    except requests.RequestException as failed:
        raise UnknownError(f"the site does not answer: {failed}", where=scene.url, mend=scene.typed("up @")) from failed
    if answer.status_code not in (requests.codes.ok, requests.codes.unauthorized):
        raise UnknownError(f"GET /me said {answer.status_code}", where=scene.url, mend=scene.typed("up @"))
    return "They are logged in as me" if answer.ok else "They are not logged in"


def _orphaned(scene: Scene, mine: list[Session]) -> list[Session]:
    """Sessions whose worker was destroyed, and that nobody has shown since."""
    return [one for one in mine if one.began_by in scene.destroyed(one.seen_at, float("inf"))]


def _story(mine: list[Session], gone: list[str]) -> str:
    if not mine:
        return "no session of {word}"
    begun = "; ".join(f"a session begun by {one.began_by}, last recognised by {one.seen_by}" for one in mine)
    return f"{begun}; destroyed since the last of these: {listed(gone)}"


def _says(scene: Scene, mine: list[Session], gone: list[str]) -> str:
    if not mine:
        return "Log in first: only then is there something that could get lost."
    orphaned = _orphaned(scene, mine)
    if orphaned and mine[-1] not in orphaned:
        return (
            "You logged in anew after your worker was destroyed: that makes a new session, and any worker can do that. "
            "Does the one from before still hold? Show its secret, and do not log in again."
        )
    if orphaned:
        return (
            f"{orphaned[-1].began_by} let you in and is gone. But since then nobody has shown that session's secret: "
            "load the page in the same browser, or show the cookies that you kept."
        )
    return _of_who_lives(scene, mine[-1], gone)


def _of_who_lives(scene: Scene, last: Session, gone: list[str]) -> str:
    """What is said where nothing is known of a sudden end of the worker that began the newest session."""
    if scene.drained(last.began_by, last.began_at):
        return (
            f"{last.began_by} let you in, and was drained before it went: it had been told, and had the time to hand "
            "over whatever it had. Does a login outlive an end without warning, too? Log in once more, and see."
        )
    state = scene.state(last.began_by)
    if state is State.ABSENT:
        return f"{last.began_by} let you in and is gone. Load the page again: does the session still hold?"
    if state is State.STOPPED:
        return f"{last.began_by} let you in, and is only stopped: what it had on its disk is there. Destroy it."
    if not gone:
        return f"{last.began_by} let you in, and lives. Destroy it, without warning, then load the page again."
    return (
        f"{last.began_by} let you in, and it is alive since: {listed(gone)} had nothing to do with it. "
        "Destroy the one that let you in."
    )
