"""The newest source at first boot: a version that a refresh brought, and one that a refresh turned back."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path

from lab.exercise.scene import Look, Scene
from lab.flows import deploy, leases
from lab.host.run import run
from lab.model.errors import UnknownError
from lab.model.node import State
from lab.store.source import Version
from lab.timeline.events import Event, Kind

_HAS_IT = {0: "it is there", 1: "it is not there"}
_ON_A_WORKER = "/run/app/source"
_TURNED_AWAY = "A refresh turned your version back, so it does not work. Its last lines say what it saw: mend that."


@dataclass(frozen=True)
class Refresh:
    """A refresh that ended: the commit that it was to bring, the one that all workers ran in the end, how many workers
    gave way, and how many requests failed on the new ones."""

    wanted: str
    left: str
    went_back: bool
    replaced: int
    failed: int


def refreshes(changes: Iterable[Event]) -> list[Refresh]:
    """Those that began and ended among these events, in order of time. Pure."""
    found, wanted = [], ""
    for event in changes:
        told = event.fields
        if event.what == "refresh began":
            wanted = str(told["commit"])
        elif event.what == "refresh ended" and wanted:
            failed = int(told["new"]["errors"])
            found.append(Refresh(wanted, str(told["commit"]), told["rolled_back"], int(told["replaced"]), failed))
            wanted = ""
    return found


@dataclass(frozen=True)
class Facts:
    """What is known of versions: all, the newest first; the trees of those with the learner's word; the refreshes since
    they began; who runs which commit; and the commit that the exercise began with."""

    history: Sequence[Version]
    with_word: frozenset[str]
    ended: Sequence[Refresh]
    runs: Mapping[str, str]
    first: str

    def tree(self, commit: str) -> str:
        """The content of a commit."""
        return next((version.tree for version in self.history if version.commit == commit), "")

    @property
    def good(self) -> set[str]:
        """The contents that a refresh left on all workers, and the one that the exercise began with."""
        return {self.tree(self.first), *(self.tree(one.left) for one in self.ended)}

    @property
    def turned_back(self) -> list[Refresh]:
        """The refreshes that went back."""
        return [one for one in self.ended if one.went_back]

    @property
    def bad(self) -> set[str]:
        """The contents that a refresh turned back."""
        return {self.tree(one.wanted) for one in self.turned_back} - self.good

    @property
    def mine(self) -> list[Version]:
        """The learner's versions, the newest first; those that were turned back are none."""
        new = _since(self.history, self.first)
        return [version for version in new if version.tree in self.with_word - self.bad]

    @property
    def turned_away(self) -> bool:
        """Whether the learner made versions, and each that was tried was turned back."""
        return not self.mine and bool(self.bad & self.with_word)

    @property
    def brought(self) -> bool:
        """Whether a refresh replaced workers by ones of the learner's version."""
        trees = {version.tree for version in self.mine}
        return any(one.replaced and not one.went_back and self.tree(one.left) in trees for one in self.ended)

    @property
    def behind(self) -> list[str]:
        """The workers that run another content than the newest."""
        return [name for name, commit in self.runs.items() if self.tree(commit) != self.history[0].tree]

    @property
    def unchecked(self) -> list[str]:
        """The workers that run what no refresh has tried."""
        return [name for name, commit in self.runs.items() if self.tree(commit) not in self.good]


def _since(history: Sequence[Version], first: str) -> Iterator[Version]:
    return takewhile(lambda version: version.commit != first, history)


def _facts(scene: Scene) -> Facts:
    if leases.is_held(scene.name, leases.REFRESH):
        raise UnknownError("a refresh is at work", where=f"lab {scene.name}", mend="check again when it has ended")
    history = scene.versions()
    runs = {str(name): commit for name, commit in deploy.running(scene.lab, scene.by).items() if commit}
    if silent := [str(name) for name in scene.workers if str(name) not in runs]:
        raise UnknownError(f"{silent[0]} does not answer", where=f"lab {scene.name}", mend=scene.typed("up @"))
    first = str(scene.noted["commit"])
    with_word = frozenset(one.tree for one in _since(history, first) if _has_word(scene, one.commit))
    return Facts(history, with_word, refreshes(scene.events(Kind.CHANGE)), runs, first)


def _has_word(scene: Scene, commit: str) -> bool:
    git = ["git", f"--git-dir={scene.lab.copy_of_source}", "grep", "--quiet", "-iF", scene.word, commit]
    return run(git, by=scene.by, ok=_HAS_IT).status == 0


def test_there_is_a_version_with_your_word(scene: Scene, look: Look) -> None:
    """The source service has a version of yours"""
    look.at("the versions in the source service of lab {lab}")
    facts = _facts(scene)
    look.note(version=bool(facts.mine), turned_away=facts.turned_away)
    if facts.mine:
        look.note(page=_page(scene, facts.mine[-1]))
    look.expect(
        bool(facts.mine),
        saw=f"{len(facts.history)} versions, and none that you made with your word in it"
        + (" but what was turned back" if facts.turned_away else ""),
        expected="a version with {word} in it",
        says="" if facts.mine else _no_version(scene, facts),
    )


def _page(scene: Scene, version: Version) -> str:
    """What users saw after a version came, from the timeline."""
    came = next((one.at for one in scene.events(Kind.CHANGE) if one.fields.get("commit") == version.commit), version.at)
    starts = (one.at for one in scene.events(Kind.NODE) if one.fields.get("state") == State.CREATING)
    after_s = next((at - came for at in starts if at > came), None)
    return "The old page" + ("" if after_s is None else f", until a worker started {after_s:.0f} s later")


def _no_version(scene: Scene, facts: Facts) -> str:
    if facts.turned_away:
        return _TURNED_AWAY
    for worker in scene.workers:
        if scene.into(worker).run(f"grep -rqiF {scene.word} {_ON_A_WORKER}").rc == 0:
            return (
                f"You changed the copy that {worker} had fetched. It is gone when {worker} is, and the next worker "
                "fetches what the source service has, which knows nothing of it. Change your own copy, and deploy that."
            )
    if any(scene.word in path.read_text(errors="replace").lower() for path in _files(scene.workspace)):
        return "Your copy of the app has {word} in it, and nobody but you has that copy yet. Deploy it."
    return "The site is still as it was. Put {word} into the page in {workspace}/app, then deploy that folder."


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_a_refresh_brought_it(scene: Scene, look: Look) -> None:
    """A refresh brought it to the workers"""
    look.at("the timeline of lab {lab}, and which version each worker runs")
    facts = _facts(scene)
    look.note(brought=facts.brought, behind=len(facts.behind))
    look.expect(
        facts.brought,
        saw="; ".join(f"{name} runs {commit[:10]}" for name, commit in facts.runs.items()),
        expected="a refresh that has replaced workers by ones with your version",
        says=not_brought(facts),
    )


def not_brought(facts: Facts) -> str:
    """What it means that no refresh brought the learner's version. Pure."""
    if not facts.mine:
        if facts.turned_away:
            return _TURNED_AWAY
        return "There is no version of yours yet that it could have brought."
    has = [name for name, commit in facts.runs.items() if facts.tree(commit) in facts.with_word]
    if not has:
        return (
            "Your version is there, and no worker has fetched it. Each fetched the newest one when it started, and "
            "these started before yours came."
        )
    if others := sorted(facts.runs.keys() - set(has)):
        return (
            f"{_who_run(has)} your version, and {' and '.join(others)} another one: users see now this, now that. "
            "Let a refresh replace the rest."
        )
    return (
        "All workers run it, but you replaced them by hand: each was gone before its successor came, and nobody tried "
        "whether that does its work. Change the page once more, deploy that, and let a refresh bring it."
    )


def test_a_bad_version_was_turned_back(scene: Scene, look: Look) -> None:
    """A version that does not work was tried by a refresh, and turned back"""
    look.at("the timeline of lab {lab}")
    facts = _facts(scene)
    good = next((one.commit[:10] for one in facts.mine if one.tree in facts.good), facts.first[:10])
    look.note(turned_back=len(facts.turned_back), unchecked=len(facts.unchecked), good=good)
    if facts.turned_back:
        look.note(failed=facts.turned_back[-1].failed)
    look.expect(
        bool(facts.turned_back),
        saw=f"{len(facts.ended)} refreshes ended, and none of them went back",
        expected="a refresh that went back",
        says=none_turned_back(facts),
    )


def none_turned_back(facts: Facts) -> str:
    """What it means that no refresh went back. Pure."""
    if facts.unchecked and (facts.brought or len(facts.mine) > 1):
        return (
            f"{_who_run(facts.unchecked)} a version that no refresh has tried. A worker says that it is ready when it "
            "has started and reaches the store; whether it does its work, users are the first to find out."
        )
    if facts.brought and facts.history[0].tree not in facts.good:
        return "The newest version was not tried by anybody yet. Let a refresh have a look at it."
    return "All versions were good so far. Break one, as step 5 does, and see whether your users notice."


def test_all_is_well_in_the_end(scene: Scene, look: Look) -> None:
    """The newest version is one that works, and two workers run it"""
    look.at("the newest version, which each worker runs, and who serves")
    facts, serving = _facts(scene), scene.serving()
    is_mine = facts.history[0].tree in {version.tree for version in facts.mine}
    newest = "turned back" if facts.history[0].tree in facts.bad else "yours" if is_mine else "another"
    look.note(newest=newest, serving=len(serving))
    behind = f", {', '.join(facts.behind)} behind" if facts.behind else ""
    look.expect(
        is_mine and not facts.behind and len(serving) >= 2,
        saw=f"the newest version is {newest}; {', '.join(serving) or 'nobody'} serves{behind}",
        expected="a version of yours that works, and two workers that serve it",
        says=not_well(facts, newest),
    )


def not_well(facts: Facts, newest: str) -> str:
    """What it means that the lab is not as it should be in the end. Pure."""
    if newest == "turned back":
        return (
            "The newest version is the one that the refresh had turned back. Nobody runs it, but the next worker that "
            "starts will. The refresh itself had gone back already; who goes back once more is where the bad one is. "
            "Name the version that you want."
        )
    if newest == "another":
        return "The newest version is none of yours: whoever starts now runs that."
    if facts.behind:
        return f"{_who_run(facts.behind)} another version than the newest. A refresh brings it."
    return "Too few workers serve. Bring the lab back to what it should be."


def _who_run(names: Sequence[str]) -> str:
    return f"{' and '.join(names)} {'runs' if len(names) == 1 else 'run'}"
