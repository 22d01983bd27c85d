"""`lab deploy`: the versions of the app in the lab's source service, the one place where a version changes."""

import re
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from lab.flows import leases, readiness
from lab.flows.deployment import Deployment
from lab.flows.leases import leased
from lab.model.deadline import Deadline
from lab.model.errors import LabError, LateError, UsageError
from lab.model.node import STORE, Mode, NodeName
from lab.store import source
from lab.store.source import Version
from lab.substrates.base import Report, UnreachedError
from lab.timeline.events import Event, Kind

_MESSAGE_LETTERS = 200
_WAY_BACK = re.compile(r"^(?:Back to [0-9a-f]{10}: )+")


@dataclass(frozen=True)
class Listed:
    """A version as `deploy --list` shows it, with the workers that run just this commit."""

    version: Version
    is_newest: bool
    workers: tuple[str, ...]

    def as_json(self) -> dict[str, object]:
        """The shape that `deploy --list --json` promises."""
        return {
            "commit": self.version.commit,
            "at": datetime.fromtimestamp(self.version.at, UTC).isoformat(),
            "message": self.version.message,
            "newest": self.is_newest,
            "workers": list(self.workers),
        }


def checked_app(path: Path) -> Path:
    """The folder, if it can be an app; raises UsageError otherwise. Whether it starts is for a refresh to find out."""
    mend = "name a folder with an app.py, such as a copy of the kit's app/ that you changed"
    if not path.exists():
        raise UsageError(f"there is no folder {path}", where="PATH", mend=mend)
    if not path.is_dir():
        raise UsageError(f"{path} is a file, and an app is a folder", where="PATH", mend=mend)
    if not (path / "app.py").is_file():
        raise UsageError(f"{path} is no app: there is no app.py in it", where="PATH", mend=mend)
    try:
        source.archive(path)
    except OSError as failed:
        what = f"the app cannot be read: {failed.strerror}"
        raise UsageError(what, where=str(failed.filename), mend=mend) from failed
    return path


def checked_message(text: str) -> str:
    """The message of a version, on one line; raises UsageError for one that would tell nothing."""
    message = " ".join(text.split())
    if not message or message.startswith("-") or len(message) > _MESSAGE_LETTERS:
        raise UsageError(
            f"{text!r} is no message",
            where="--message",
            mend=f"say in 1 to {_MESSAGE_LETTERS} letters what is new, without - at the start",
        )
    return message


def deploy(lab: Deployment, app: Path, message: str | None, report: Report, by: Deadline) -> Version:
    """Makes the app's folder the newest version, which workers pull when they start next. Replaces no worker.

    Raises UsageError, with nothing changed, for a folder that is no app, that has nothing new, or that git refuses.
    """
    words = checked_message(message or f"The app in {app.resolve().name}/")
    checked_app(app)
    with leased(lab.lab, leases.REFRESH, leases.deploying(lab.plan.substrate)):
        changed(lab, app, by)
        with _told(lab, by):
            source.push(lab.reach(STORE), app, words, by)
        return _tell(lab, _noted(lab, by), report, by)


def changed(lab: Deployment, app: Path, by: Deadline) -> list[str]:
    """The files in which the app's folder and the newest version differ; raises UsageError where none does."""
    newest = versions(lab, by)[0]
    files = source.difference(lab.copy_of_source, newest.commit, checked_app(app), by)
    if not files:
        raise UsageError(
            f"{app} is the same as the newest version, {newest.short}",
            where=f"the source service of lab {lab.lab} on {lab.plan.substrate}",
            mend=f"change the app first; {lab.typed('deploy @ --list')} shows the versions",
        )
    return files


def roll_back(lab: Deployment, commit: str | None, message: str | None, report: Report, by: Deadline) -> Version:
    """Makes the version that `commit` names, as `earlier` does, the newest again; raises UsageError as that does."""
    words = None if message is None else checked_message(message)
    with leased(lab.lab, leases.REFRESH, leases.deploying(lab.plan.substrate)):
        version = earlier(lab, versions(lab, by), commit)
        return _tell(lab, bring_back(lab, version, words, by), report, by)


def bring_back(lab: Deployment, version: Version, message: str | None, by: Deadline) -> list[Version]:
    """Makes this version the newest again, as a new commit: the history only grows. Gives all versions then.

    Whoever calls holds the lease of refreshes.
    """
    # Of one that was itself brought back, what it was at first: else a message grew with each way back.
    words = message or f"Back to {version.short}: {_WAY_BACK.sub('', version.message)}"
    with _told(lab, by):
        source.push_again(lab.reach(STORE), lab.copy_of_source, version.commit, words, by)
    return _noted(lab, by)


def earlier(lab: Deployment, history: Sequence[Version], commit: str | None) -> Version:
    """The version that this commit, which may be shortened, names; for None the one before the newest.

    Raises UsageError where there is none, where it names several, and for one with the newest's own content.
    """
    where, mend = f"lab {lab.lab} on {lab.plan.substrate}", f"{lab.typed('deploy @ --list')} shows the versions"
    if commit is None and len(history) == 1:
        raise UsageError("there is no earlier version than the newest", where=where, mend=mend)
    found = history[1:2] if commit is None else [one for one in history if commit and one.commit.startswith(commit)]
    if len(found) != 1:
        what = f"{len(found)} versions begin with {commit!r}" if found else f"there is no version {commit!r}"
        raise UsageError(what, where=where, mend=mend)
    if found[0].tree == history[0].tree:
        raise UsageError(f"{found[0].short} is what the newest version has already", where=where, mend=mend)
    return found[0]


def versions(lab: Deployment, by: Deadline) -> list[Version]:
    """Every version in the lab's source service, the newest first; raises UsageError where that does not answer."""
    address = lab.plan.node(STORE).address
    if (seen := readiness.seen(lab.substrate, STORE.role, address, by, patient=True)) is not None:
        raise UsageError(
            f"{STORE} is not ready: {seen}",
            where=f"lab {lab.lab} on {lab.plan.substrate}",
            mend=f"{lab.typed('up @')} brings the lab back to what it should be",
        )
    return source.versions(source.url(address), lab.copy_of_source, by)


def listed(lab: Deployment, by: Deadline) -> list[Listed]:
    """Every version, the newest first, with who runs it."""
    history, commits = versions(lab, by), running(lab, by)
    return [
        Listed(one, one is history[0], tuple(str(name) for name, ran in commits.items() if ran == one.commit))
        for one in history
    ]


def running(lab: Deployment, by: Deadline) -> dict[NodeName, str | None]:
    """The commit that each worker of the plan runs, None for one that does not say. All are asked at once."""
    workers = lab.plan.workers()
    with ThreadPoolExecutor(max(len(workers), 1)) as pool:
        commits = pool.map(lambda spec: readiness.commit(spec.address, by, patient=True), workers)
        return dict(zip((spec.name for spec in workers), commits, strict=True))


def note(lab: Deployment, what: str, why: str, **fields: object) -> None:
    """Notes in the lab's timeline what somebody did to the lab, and why or how it went."""
    lab.timeline().note(Event(time.time(), Kind.CHANGE, what, {"why": why, **fields}))


def _noted(lab: Deployment, by: Deadline) -> list[Version]:
    history = versions(lab, by)
    note(lab, "deploy", history[0].message, commit=history[0].commit)
    return history


def _tell(lab: Deployment, history: Sequence[Version], report: Report, by: Deadline) -> Version:
    report(f"the newest version is {history[0].short}: {history[0].message}")
    report(remark(lab, history, running(lab, by)))
    return history[0]


def remark(lab: Deployment, history: Sequence[Version], commits: Mapping[NodeName, str | None]) -> str:
    """Who does not run the newest version yet, and what to do about it."""
    behind = sum(source.is_behind(history, commit) is True for commit in commits.values())
    if not behind:
        return "no worker runs another version"
    who = "1 worker runs" if behind == 1 else f"{behind} workers run"
    again = "replaces it" if behind == 1 else "replaces them"
    if lab.deployed.mode is Mode.STATEFUL:
        return f"{who} another version, and keep their users' data; {lab.typed('replace @/worker-N')} replaces one"
    return f"{who} another version; {lab.typed('refresh @')} {again}"


def _is_reached(lab: Deployment, by: Deadline) -> bool:
    try:
        lab.reach(STORE).run(["true"], by)
    except LabError:
        return False
    return True


@contextmanager
def _told(lab: Deployment, by: Deadline) -> Iterator[None]:
    """A version that the source service refuses is told as that: git then changed nothing. What may have been made
    before the store was away is told otherwise."""
    try:
        yield
    except LateError:
        raise
    except LabError as refused:
        if isinstance(refused, UnreachedError) or not _is_reached(lab, by):
            raise LabError(
                f"the source service could not be reached: {refused.message}",
                where=f"{STORE} of lab {lab.lab} on {lab.plan.substrate}",
                mend=f"{lab.typed('deploy @ --list')} shows whether the version was made; "
                f"{lab.typed('up @')} brings the lab back to what it should be",
            ) from refused
        said = [line.strip() for line in refused.message.splitlines()[1:]] or [refused.message]
        raise UsageError(
            f"the source service refused this version: {'; '.join(said[-3:])}",
            where=f"{STORE} of lab {lab.lab} on {lab.plan.substrate}",
            mend="mend what git names, then deploy again; no version was made",
        ) from refused
