"""What the eighth exercise plants, and what it says to a repair that is only half of one."""

import re
import subprocess
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest
from requests import Response

from lab.exercise.catalogue import Seen
from lab.exercise.scene import Given, Look, Refused, Scene, words
from lab.flows.provision import Drift
from lab.model.node import NodeName
from lab.store.source import Version
from lab.timeline.events import Event, Kind
from tests.conftest import REPO
from tests.unit.exercise import loaded

FOLDER = REPO / "exercises" / "08-one-set-of-roles"
GIVEN = Given("one-set-of-roles", "somebody", "ex", ("docker",), 0.0, "workspace", 60.0, {})


@pytest.fixture(scope="module")
def check() -> ModuleType:
    return loaded.check_of("08-one-set-of-roles")


def planted(node: str, places: dict[str, Path]) -> None:
    """Runs what [start] types into a node on files that lie here."""
    told = tomllib.loads((FOLDER / "exercise.toml").read_text())["start"]["run"]
    [script] = [words[-1] for words in told if words[1].endswith(node)]
    for place, here in places.items():
        assert place in script
        script = script.replace(place, str(here))
    subprocess.run(["sh", "-ec", re.sub(r"pkill.*", "", script)], check=True)


def test_what_is_planted_changes_the_files_that_the_kit_has_and_twice_is_as_once(
    check: ModuleType, tmp_path: Path
) -> None:
    source, site = tmp_path / "source", tmp_path / "site"
    source.write_text((REPO / "playbooks/roles/store/files/source").read_text())
    (site / "templates").mkdir(parents=True)
    names = ("page.py", "templates/page.html")
    for name in names:
        (site / name).write_text((REPO / "app" / name).read_text())
    seen = []
    for _ in range(2):
        store = {"/usr/local/lib/lab/source": source, check.PROGRAM: tmp_path / "p", check.SETTINGS: tmp_path / "s"}
        planted("store-1", store)
        planted("worker-1", {check.SITE: site})
        seen.append([source.read_text(), *((site / name).read_text() for name in names)])
    assert seen[0] == seen[1]
    assert source.read_text() != (REPO / "playbooks/roles/store/files/source").read_text()
    assert all((site / name).read_text() != (REPO / "app" / name).read_text() for name in names)
    assert check.NOTICE in (site / "templates/page.html").read_text()
    assert (tmp_path / "p").is_file()
    assert (tmp_path / "s").is_file()


@pytest.mark.parametrize(
    ("left", "says"),
    [
        (["/usr/local/bin/night-copy", "/etc/night-copy.conf"], "No role speaks of /usr/local/bin/night-copy"),
        (["/etc/night-copy.conf"], "/etc/night-copy.conf came with it, and nobody told you"),
    ],
)
def test_who_removes_what_they_knew_of_is_told_that_there_is_more(
    check: ModuleType, left: Sequence[str], says: str
) -> None:
    assert says in check._left_over(left)


def test_a_page_put_right_by_hand_is_told_apart_from_one_that_is_still_wrong(check: ModuleType) -> None:
    scene, files = Scene(GIVEN, "docker"), ["page.py"]
    assert "Whoever gets worker-1" in check._by_hand(scene, "worker-1", files, is_closed=True)
    assert "`lab replace docker/worker-1 --name ex`" in check._by_hand(scene, "worker-1", files, is_closed=False)


def test_an_entry_that_was_never_written_is_told_apart_from_one_that_was_thrown_away(check: ModuleType) -> None:
    scene = Scene(GIVEN, "docker")
    assert "Nobody wrote" in check._no_entry(scene, has_data=True)
    assert "--volumes" in check._no_entry(scene, has_data=False)


def scene_now(
    first: str, *texts: str, wrote_at: float = 0.0, made: Sequence[str] = (), there: Sequence[str] = ("worker-1",)
) -> Scene:
    """A lab whose oldest version is this one, and whose site shows these, of which the first of the learner's was
    written then; these nodes were made anew at 100, and these workers are wanted now."""

    class Now(Scene):
        def get(self, path: str) -> Response:
            del path
            answer = Response()
            answer.status_code = 200
            return answer

        def versions(self) -> list[Version]:
            return [Version("newest", "tree", 2.0, ""), Version(first, "tree", 1.0, "")]

        def entries(self) -> list[str]:
            return [text.replace("WORD", self.word) for text in texts]

        def sql(self, question: str) -> list[list[str]]:
            assert "pg_xact_commit_timestamp" in question
            return [[f"{wrote_at:.6f}"]]

        def events(self, kind: Kind) -> list[Event]:
            return [Event(100.0, kind, name, {"state": "creating"}) for name in made]

        @property
        def workers(self) -> list[NodeName]:
            return [NodeName.parse(name) for name in there]

    return Now(replace(GIVEN, noted={"docker": {"commit": "first"}}), "docker")


def tried(part: Callable[..., None], scene: Scene) -> tuple[str, dict[str, Seen]]:
    """What a part of the check says, nothing where it passes, and what it noted."""
    noted: dict[str, Seen] = {}
    try:
        part({"docker": scene}, Look(lambda one: noted.update(one.noted or {}), words(scene.given)))
    except Refused as refused:
        return refused.says, noted
    return "", noted


@pytest.mark.parametrize(
    ("first", "texts", "says"),
    [
        ("first", ["WORD was here"], ""),
        ("first", ["hello"], "Nobody wrote"),
        ("another", ["hello"], "--volumes threw the store's data away"),
        # Written once more, into a store that is new.
        ("another", ["WORD was here"], "--volumes threw the store's data away"),
    ],
)
def test_an_entry_counts_in_the_store_that_was_there_in_the_beginning(
    check: ModuleType, first: str, texts: Sequence[str], says: str
) -> None:
    told, _ = tried(check.test_your_entry_is_there, scene_now(first, *texts))
    assert says in told
    assert bool(says) == bool(told)


@pytest.mark.parametrize(
    ("wrote_at", "made", "is_late"),
    [(90.0, ["store-1"], False), (110.0, ["store-1"], True), (110.0, ["worker-1"], None), (110.0, [], None)],
)
def test_an_entry_that_is_younger_than_the_store_did_not_outlive_it(
    check: ModuleType, wrote_at: float, made: Sequence[str], is_late: bool | None
) -> None:
    scene = scene_now("first", "WORD was here", wrote_at=wrote_at, made=made)
    told, noted = tried(check.test_your_entry_is_there, scene)
    assert told.startswith("What you wrote on docker came only after") if is_late else told == ""
    assert noted.get("late") == is_late


@pytest.mark.parametrize(
    ("scene", "after"),
    [
        (scene_now("first", "WORD was here", wrote_at=90.0, made=["store-1"]), "My entry"),
        (scene_now("first", "WORD was here", wrote_at=110.0, made=["store-1"]), None),
        (scene_now("first", "WORD was here", wrote_at=90.0), None),
        (scene_now("first", "hello", made=["store-1"]), None),
        (scene_now("another", "WORD was here", wrote_at=90.0, made=["store-1"]), None),
    ],
)
def test_what_is_there_after_the_end_of_all_servers_is_told_of_an_entry_that_was_there_before(
    check: ModuleType, monkeypatch: pytest.MonkeyPatch, scene: Scene, after: str | None
) -> None:
    monkeypatch.setattr(check, "_left", lambda _: [])
    _, noted = tried(check._note_after_anew, scene)
    assert noted.get("after_anew") == after


@pytest.mark.parametrize(("made", "is_old"), [([], True), (["worker-1"], True), (["store-1", "worker-1"], False)])
def test_a_store_from_which_each_thing_that_was_named_was_removed_by_hand_is_not_one_made_anew(
    check: ModuleType, monkeypatch: pytest.MonkeyPatch, made: Sequence[str], is_old: bool
) -> None:
    monkeypatch.setattr(check, "_left", lambda _: [])
    told, noted = tried(check.test_the_store_has_nothing_that_a_hand_put_there, scene_now("first", made=made))
    assert told.startswith("All that anybody named is gone from the store.") if is_old else told == ""
    assert (noted["left_on_store"], noted["store_is_old"]) == (0, is_old)


@pytest.mark.parametrize(
    ("made", "there", "is_old"),
    [
        ([], ["worker-1", "worker-2"], True),
        (["store-1", "worker-2"], ["worker-1", "worker-2"], True),
        (["worker-1"], ["worker-1", "worker-2"], False),
        # As a refresh leaves it, which gives successors other numbers.
        (["worker-3", "worker-4"], ["worker-3", "worker-4"], False),
    ],
)
def test_a_worker_whose_site_was_put_right_by_hand_is_not_one_made_anew(
    check: ModuleType, monkeypatch: pytest.MonkeyPatch, made: Sequence[str], there: Sequence[str], is_old: bool
) -> None:
    for name in ("_left", "_changed"):
        monkeypatch.setattr(check, name, lambda *_: [])
    monkeypatch.setattr(check, "_is_closed", lambda *_: False)
    told, noted = tried(
        check.test_every_worker_runs_the_site_as_it_was_deployed, scene_now("first", made=made, there=there)
    )
    assert told.startswith("You undid what you found on worker-1.") if is_old else told == ""
    assert (noted["worker_is_old"], noted["replace"]) == (is_old, "`lab replace docker/worker-1 --name ex`")


def test_a_repair_is_told_of_each_server_that_differs(check: ModuleType) -> None:
    apply, replace = "`lab provision vagrant --apply --name ex`", "`lab replace vagrant/worker-2 --name ex`"
    told = [Drift("store-1", ("a task",), False, apply), Drift("loadbalancer-1", ("another",), False, apply)]
    assert check.repair(told) == apply
    assert check.repair([*told, Drift("worker-2", ("a task",), False, replace)]) == f"{apply}, then {replace}"
