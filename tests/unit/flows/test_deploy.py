"""A new version, from a folder to a commit, and back to an earlier one; what is no version changes nothing."""

import re
import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest

from lab.flows import deploy, readiness
from lab.flows.deployment import Deployed, Deployment
from lab.host import lock, paths
from lab.model.deadline import Deadline
from lab.model.errors import LabError, UsageError
from lab.model.node import Mode, NodeName, Role
from lab.store import source
from lab.store.source import Version
from lab.substrates.base import Reach
from tests.conftest import REPO
from tests.unit.faults.ground import KEYS, ground
from tests.unit.model.test_plan import TOPOLOGY

W1, W2 = NodeName(Role.WORKER, 1), NodeName(Role.WORKER, 2)
HISTORY = [
    Version("cccc0003", "t1", 3, "Back"),
    Version("bbbb0002", "t2", 2, "Second"),
    Version("bbbb0001", "t1", 1, "First"),
]


@pytest.fixture
def by() -> Deadline:
    return Deadline.after(60, "one test")


def lab_of(mode: Mode = Mode.STATELESS) -> Deployment:
    on = ground()
    return Deployment("blue", on.substrate, Deployed(0, mode, (1, 2), TOPOLOGY, KEYS), on.plan)


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Deployment:
    """A lab whose source service is the real program for it, on a repository of this computer. Nobody runs anything."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    home = tmp_path / "source"
    home.mkdir()
    text = (REPO / "playbooks/roles/store/files/source-push").read_text().replace("/srv/store/source", str(home))
    push = tmp_path / "source-push"
    # The program becomes the user lab where it is root; here it stays who we are.
    push.write_text(re.sub(r'if \[ "\$\(id -u\)" = 0 \]; then.*?\nfi\n', "", text, flags=re.DOTALL))
    push.chmod(0o755)
    monkeypatch.setattr(source, "_PUSH", str(push))
    monkeypatch.setattr(source, "url", lambda _address: f"file://{home}/app.git")
    monkeypatch.setattr(readiness, "seen", lambda *_, **__: None)
    monkeypatch.setattr(readiness, "commit", lambda *_, **__: None)
    monkeypatch.setattr(Deployment, "reach", lambda *_: Reach(("env",), (), False, "store"))
    lab = lab_of()
    lab.copy_of_source.parent.mkdir(parents=True)
    return lab


@pytest.fixture
def app(tmp_path: Path) -> Path:
    """The kit's app, to be changed."""
    return Path(shutil.copytree(REPO / "app", tmp_path / "my-app", ignore=shutil.ignore_patterns("__pycache__")))


def told(lab: Deployment, by: Deadline) -> list[str]:
    return [version.message for version in deploy.versions(lab, by)]


def silent(_step: str) -> None:
    """Hears of a step and says nothing."""


def first(lab: Deployment, by: Deadline) -> str:
    return source.seed(lab.reach(W1), REPO / "app", by)


def test_a_version_is_a_commit_with_a_message_and_history_only_grows(lab: Deployment, app: Path, by: Deadline) -> None:
    begun = first(lab, by)
    (app / "app.py").write_text("this does not even compile: a version that cannot start can be deployed")
    assert deploy.changed(lab, app, by) == ["app.py"]
    heard: list[str] = []
    made = deploy.deploy(lab, app, "  A friendlier\n page ", heard.append, by)
    assert heard == [f"the newest version is {made.short}: A friendlier page", "no worker runs another version"]
    deploy.roll_back(lab, None, None, silent, by)
    deploy.roll_back(lab, made.commit[:8], "Forward again", silent, by)
    history = deploy.versions(lab, by)
    back = f"Back to {begun[:10]}: The app as it came with the kit"
    assert told(lab, by) == ["Forward again", back, "A friendlier page", "The app as it came with the kit"]
    assert [one.tree for one in history[:2]] == [history[2].tree, history[3].tree]
    events = lab.timeline().read().events
    assert [(event.kind, event.what, event.fields["why"]) for event in events] == [
        ("change", "deploy", message) for message in reversed(told(lab, by)[:3])
    ]


def test_a_version_that_was_brought_back_more_than_once_is_told_in_the_words_of_the_first(
    lab: Deployment, app: Path, by: Deadline
) -> None:
    first(lab, by)
    (app / "new.py").write_text("new")
    deploy.deploy(lab, app, "Another page", silent, by)
    for _ in range(4):
        brought_back = deploy.versions(lab, by)[1]
        deploy.roll_back(lab, None, None, silent, by)
    assert told(lab, by)[0] == f"Back to {brought_back.short}: Another page"


def test_without_a_message_the_folder_is_named(lab: Deployment, app: Path, by: Deadline) -> None:
    first(lab, by)
    (app / "new.py").write_text("new")
    assert deploy.deploy(lab, app, None, silent, by).message == "The app in my-app/"


def test_what_git_refuses_is_one_error_and_no_version(lab: Deployment, app: Path, by: Deadline) -> None:
    first(lab, by)
    (app / "git~1").write_text("a name that git takes for its own folder on some systems")
    with pytest.raises(UsageError) as raised:
        deploy.deploy(lab, app, "Refused", silent, by)
    assert str(raised.value) == (
        "the source service refused this version: error: invalid path 'git~1'; "
        "error: unable to add 'git~1' to index; fatal: adding files failed\n"
        "  where: store-1 of lab blue on docker\n"
        "  mend:  mend what git names, then deploy again; no version was made"
    )
    assert told(lab, by) == ["The app as it came with the kit"]
    assert lab.timeline().read().events == []


@pytest.mark.parametrize("is_remote_shell", [False, True])
def test_a_store_that_was_away_is_not_told_as_a_refusal(
    is_remote_shell: bool, lab: Deployment, app: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, by: Deadline
) -> None:
    first(lab, by)
    (app / "new.py").write_text("new")
    away = tmp_path / "away"
    # A shell far away tells that the connection was lost, and has a new one right after; a node that ended has nothing.
    script = 'case $1 in true) exit 0 ;; *) echo "connection closed" >&2; exit 255 ;; esac'
    away.write_text(f"#!/bin/sh\n{script if is_remote_shell else 'echo connection closed >&2; exit 1'}\n")
    away.chmod(0o755)
    reach = Reach((str(away),), (), is_remote_shell, "store")
    monkeypatch.setattr(Deployment, "reach", lambda *_: reach)
    with pytest.raises(LabError) as raised:
        deploy.deploy(lab, app, "New", silent, by)
    assert not isinstance(raised.value, UsageError)
    assert raised.value.message.startswith(f"the source service could not be reached: `{away} ")
    assert raised.value.message.endswith("connection closed")
    assert (raised.value.where, raised.value.mend) == (
        "store-1 of lab blue on docker",
        "`lab deploy docker --list --name blue` shows whether the version was made; "
        "`lab up docker --name blue` brings the lab back to what it should be",
    )


def test_an_app_without_a_change_is_no_version(lab: Deployment, app: Path, by: Deadline) -> None:
    begun = first(lab, by)
    with pytest.raises(UsageError) as raised:
        deploy.deploy(lab, app, "Again", silent, by)
    assert str(raised.value) == (
        f"{app} is the same as the newest version, {begun[:10]}\n"
        "  where: the source service of lab blue on docker\n"
        "  mend:  change the app first; `lab deploy docker --list --name blue` shows the versions"
    )
    assert told(lab, by) == ["The app as it came with the kit"]


def test_a_deploy_while_a_refresh_is_at_work_is_refused(lab: Deployment, app: Path, by: Deadline) -> None:
    first(lab, by)
    (app / "new.py").write_text("new")
    with lock.held(paths.lab(lab.lab) / "refresh.lease", "refresh"):
        with pytest.raises(UsageError, match=r"`lab refresh` \(pid "):
            deploy.deploy(lab, app, "New", silent, by)
        with pytest.raises(UsageError, match=r"`lab refresh` \(pid "):
            deploy.roll_back(lab, None, None, silent, by)
    assert told(lab, by) == ["The app as it came with the kit"]


def test_a_store_that_does_not_answer_is_named(lab: Deployment, monkeypatch: pytest.MonkeyPatch, by: Deadline) -> None:
    monkeypatch.setattr(readiness, "seen", lambda *_, **__: "no answer from its source service")
    with pytest.raises(UsageError) as raised:
        deploy.versions(lab, by)
    assert str(raised.value) == (
        "store-1 is not ready: no answer from its source service\n"
        "  where: lab blue on docker\n"
        "  mend:  `lab up docker --name blue` brings the lab back to what it should be"
    )


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("missing", "there is no folder {path}"),
        ("file", "{path} is a file, and an app is a folder"),
        ("empty", "{path} is no app: there is no app.py in it"),
        ("odd", "{path} is no app: there is no app.py in it"),
    ],
)
def test_what_is_no_app_is_refused(name: str, what: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("text")
    (tmp_path / "empty").mkdir()
    (tmp_path / "odd" / "app.py").mkdir(parents=True)
    with pytest.raises(UsageError) as raised:
        deploy.checked_app(tmp_path / name)
    assert str(raised.value) == (
        f"{what.format(path=tmp_path / name)}\n  where: PATH\n"
        "  mend:  name a folder with an app.py, such as a copy of the kit's app/ that you changed"
    )


@pytest.mark.parametrize("text", ["", " \n", "-m", "--if-empty", "x" * 201])
def test_a_message_says_something(text: str) -> None:
    with pytest.raises(UsageError) as raised:
        deploy.checked_message(text)
    assert str(raised.value) == (
        f"{text!r} is no message\n  where: --message\n"
        "  mend:  say in 1 to 200 letters what is new, without - at the start"
    )


@pytest.mark.parametrize(("commit", "message"), [(None, "Second"), ("bbbb0002", "Second"), ("bbbb0002"[:8], "Second")])
def test_an_earlier_version_is_found_by_its_commit(commit: str | None, message: str) -> None:
    assert deploy.earlier(lab_of(), HISTORY, commit).message == message


@pytest.mark.parametrize(
    ("history", "commit", "what"),
    [
        (HISTORY[2:], None, "there is no earlier version than the newest"),
        (HISTORY, "dddd", "there is no version 'dddd'"),
        (HISTORY, "", "there is no version ''"),
        (HISTORY, "bbbb", "2 versions begin with 'bbbb'"),
        (HISTORY, "cccc", "cccc0003 is what the newest version has already"),
        (HISTORY, "bbbb0001", "bbbb0001 is what the newest version has already"),
    ],
)
def test_what_is_no_earlier_version_is_refused(history: list[Version], commit: str | None, what: str) -> None:
    with pytest.raises(UsageError) as raised:
        deploy.earlier(lab_of(), history, commit)
    assert str(raised.value) == (
        f"{what}\n  where: lab blue on docker\n  mend:  `lab deploy docker --list --name blue` shows the versions"
    )


@pytest.mark.parametrize(
    ("mode", "commits", "said"),
    [
        (Mode.STATELESS, {W1: "bbbb0001", W2: None}, "no worker runs another version"),
        (
            Mode.STATELESS,
            {W1: "bbbb0001", W2: "bbbb0002"},
            "1 worker runs another version; `lab refresh docker --name blue` replaces it",
        ),
        (
            Mode.STATELESS,
            {W1: "unheard-of", W2: "bbbb0002"},
            "2 workers run another version; `lab refresh docker --name blue` replaces them",
        ),
        (
            Mode.STATEFUL,
            {W1: "unheard-of", W2: "bbbb0002"},
            "2 workers run another version, and keep their users' data; "
            "`lab replace docker/worker-N --name blue` replaces one",
        ),
    ],
)
def test_who_runs_another_version_is_told_with_the_mend(
    mode: Mode, commits: Mapping[NodeName, str | None], said: str
) -> None:
    assert deploy.remark(lab_of(mode), HISTORY, commits) == said


def test_the_list_tells_who_runs_which_commit(lab: Deployment, monkeypatch: pytest.MonkeyPatch, by: Deadline) -> None:
    begun = first(lab, by)
    address = lab.plan.node(W2).address
    monkeypatch.setattr(readiness, "commit", lambda at, *_, **__: begun if at == address else None)
    (listed,) = deploy.listed(lab, by)
    assert listed.as_json() == {
        "commit": begun,
        "at": listed.as_json()["at"],
        "message": "The app as it came with the kit",
        "newest": True,
        "workers": ["worker-2"],
    }
