"""The stateful mistake: a version that was mended runs, workers hold nothing of users, and the proof says so."""

from collections.abc import Sequence
from itertools import takewhile

from lab.exercise.evidence import Run, found_later, unkept
from lab.exercise.mended import expect_a_run, expect_kept
from lab.exercise.scene import Look, Scene, listed
from lab.model.errors import UnknownError
from lab.model.node import NodeName
from lab.store.source import Version

HOME = "/run/app"
OF_USERS = ("lab.sqlite", "files")
UNPROVED = (
    "Whether the site that runs now keeps what it confirms, only a proof shows: `lab prove run`, "
    "with workers destroyed while visitors write."
)


def test_the_workers_run_a_version_that_was_mended(scene: Scene, look: Look) -> None:
    """All workers run a version of the site that was changed since you began"""
    look.at("which version of the site is the newest, and which one each worker runs")
    is_changed, behind, only_here = scene.is_changed(), scene.behind(), scene.undeployed()
    look.note(changed=is_changed, behind=len(behind), only_here=len(only_here), sticky=scene.lab.is_sticky)
    look.note(went_back=scene.went_back() is not None)
    if is_changed and not behind:
        look.note(noticed="When the workers are replaced by new ones")
    look.expect(
        is_changed,
        saw="the newest version is the one that you began with",
        expected="a newer version, which keeps in the store what users give it",
        says=_unchanged(scene, only_here),
    )
    look.expect(
        not behind,
        saw=f"not the newest version: {listed(behind)}",
        expected="all workers run the newest version",
        says="The store has your version, but a worker fetches the site's code only when it starts: those that ran "
        "before go on with what they fetched then. Have new ones take their places: `lab refresh`.",
    )


def _unchanged(scene: Scene, only_here: list[str]) -> str:
    if why := scene.went_back():
        return (
            f"Your version was tried, and `lab refresh` went back to the one before: {why}. "
            "Mend that in your folder, then deploy and refresh again."
        )
    if only_here:
        return (
            f"What you changed in {only_here[0]} is in your folder only, and no worker looks there. "
            "Workers fetch their code from the store of lab {lab}: hand it your copy with `lab deploy`."
        )
    if scene.lab.is_sticky:
        return (
            "Each user is now led to the same worker every time, so nothing seems to vanish. But it is still on that "
            "worker alone, and goes with it: this hides the mistake, and does not mend it."
        )
    return "The site still keeps what users give it on the worker that they happened to meet. That is in its code."


def test_no_worker_holds_anything_of_its_users(scene: Scene, look: Look) -> None:
    """No worker has anything of its users in its own folder"""
    look.at(f"the folder {HOME} of each worker")
    serving = scene.serving()
    found = {worker: _of_users(scene, worker) for worker in scene.workers if str(worker) in serving}
    kept = {worker: things for worker, things in found.items() if things}
    look.note(on_workers=len(kept), one_of_them=str(next(iter(kept), "")))
    look.expect(
        not kept,
        saw="; ".join(f"{worker} has {listed(things)} in {HOME}" for worker, things in kept.items()),
        expected="nothing but the site's code",
        says=_kept({thing for things in kept.values() for thing in things}),
    )


def _of_users(scene: Scene, worker: NodeName) -> list[str]:
    listed = scene.into(worker).run(f"ls {HOME}")
    if listed.rc:
        raise UnknownError(f"{worker} does not tell: {listed.stderr}", where=HOME, mend=scene.typed("up @"))
    return [thing for thing in OF_USERS if thing in listed.stdout.split()]


def _kept(things: set[str]) -> str:
    if things == {"files"}:
        return (
            "Entries and logins have moved to the store, the files that users upload have not: they go with the worker."
        )
    if things == {"lab.sqlite"}:
        return "Files have moved to the store, entries and logins have not: both are in lab.sqlite, and go with it."
    return "In lab.sqlite are entries and logins, in files what users uploaded: all of that goes with the worker."


def test_a_worker_was_destroyed_and_nothing_was_lost(scene: Scene, look: Look) -> None:
    """In a run of the proof with the newest version a worker was destroyed, and every confirmed write was kept"""
    look.at("the journals of the proofs that were run on lab {lab} since you began")
    every, runs = scene.runs(), scene.runs_of_newest()
    _note_loss(look, [run for run in as_given(every, scene.versions(), scene.noted["commit"]) if scene.gone(run)])
    look.note(runs=len(every), runs_of_newest=len(runs))
    expect_a_run(scene, look, every, runs, UNPROVED)
    run, gone = scene.telling(runs)
    look.note(kills=len(gone), verdict=run.verdict)
    expect_kept(look, run, gone, _says(run, scene.gone_after(run)))


def as_given(runs: Sequence[Run], versions: Sequence[Version], commit: str) -> list[Run]:
    """The runs that began before anybody deployed anything after this commit, from all versions, the newest first: a
    version that is half mended loses less. Pure."""
    later = list(takewhile(lambda version: version.commit != commit, versions))
    return [run for run in runs if not later or run.began_at < later[-1].at]


def _note_loss(look: Look, runs: Sequence[Run]) -> None:
    """The first run that lost something is held against the prediction."""
    if lossy := [run for run in runs if run.lost and run.account.is_whole]:
        look.note(lost_share=round(100 * lossy[0].lost / lossy[0].account.acknowledged))


def _says(run: Run, later: Sequence[str] = ()) -> str:
    if run.account.is_whole and run.verdict == "lost":
        return (
            f"Lost were {listed(run.lost_kinds)}. While this run went on, at least one worker still kept those. "
            "Mend what is left to mend, then run the proof again."
        )
    return (unkept(run) or found_later(later)) or (
        "Kept, but everybody lived: no worker was destroyed in this run. Does it hold when one is? Use --kills."
    )
