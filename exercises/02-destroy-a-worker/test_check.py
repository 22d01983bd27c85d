"""Destroy a worker, lose nothing: the entry, the proof, and a lab that is whole again."""

import time
from collections.abc import Sequence

from lab.exercise.evidence import Run, found_later, unkept
from lab.exercise.scene import Look, Scene


def test_your_entry_is_there(scene: Scene, look: Look) -> None:
    """The site still has the entry that you wrote"""
    look.at("the entries that users see, through the load balancer")
    texts = scene.entries()
    mine = [text for text in texts if scene.word in text.lower()]
    look.note(entry=bool(mine))
    if mine and scene.destroyed(scene.started_at, time.time()):
        look.note(entry_after="The page, with my entry")
    look.expect(
        bool(mine),
        saw=f"{len(texts)} entries, and none with your word in it",
        expected="an entry with {word} in it",
        says="Nobody wrote {word} into this site. Open its address, which `lab status {substrate} --name {lab}` shows, "
        "and write an entry with that word. Did you, and it is gone? Then you wrote it into the site of another lab.",
    )


def test_a_worker_was_destroyed_while_visitors_wrote_and_nothing_was_lost(scene: Scene, look: Look) -> None:
    """A run of the proof destroyed a worker, and every acknowledged write was kept, and your entry with them"""
    look.at("the journals of the proofs that were run on lab {lab} since you began")
    runs = scene.runs()
    look.note(runs=len(runs), elsewhere=", ".join(scene.runs_elsewhere()))
    expected = "a run to its end, in which at least one worker was destroyed, with the verdict kept"
    look.expect(bool(runs), saw="no run", expected=expected, says=_no_run(scene))
    run, gone = scene.telling(runs)
    look.note(kills=len(gone), verdict=run.verdict, faults=", ".join(run.faults), lost=run.lost)
    saw = (
        f"run {run.name}: {len(gone)} workers destroyed, {run.account.acknowledged} writes acknowledged, {run.verdict}"
    )
    is_kept = bool(gone) and run.verdict == "kept"
    says = "" if is_kept else _says(run, gone, scene.gone_after(run))
    look.expect(is_kept, saw=saw, expected=expected, says=says)
    look.at("whether your entry was written before those of that run, in the table of the database")
    older = _is_older(scene, run)
    look.note(older=older)
    look.expect(
        older,
        saw=f"{saw}; and no entry of yours that was there before it",
        expected="an entry of yours that is older than such a run",
        says="Nothing of yours was there when that run destroyed workers, so it could lose nothing of yours. Write "
        "first; then run the proof once more.",
    )


def _is_older(scene: Scene, run: Run) -> bool:
    """Whether an entry of the learner's was written before all entries of a run: the database numbers them in turn, and
    a run destroys nobody before the first of its own is confirmed."""
    first = "SELECT min(id) FROM entries WHERE"
    [[answer]] = scene.sql(
        f"SELECT coalesce(({first} text ILIKE '%{scene.word}%') < ({first} key LIKE '{run.name}-%'), false)"
    )
    return answer == "t"


def _no_run(scene: Scene) -> str:
    if elsewhere := scene.runs_elsewhere():
        return (
            f"You ran the proof on lab {elsewhere[0]}. This exercise is about lab {{lab}}: type --name {{lab}} with it."
        )
    return (
        "One entry that survived may be luck. Let visitors write hundreds while workers are destroyed: `lab prove run`."
    )


def _says(run: Run, gone: Sequence[str], later: Sequence[str] = ()) -> str:
    if run.account.is_whole and run.verdict == "lost" and run.account.header and run.account.header.mode == "stateful":
        return (
            "Writes were lost, since the workers of this lab keep what users give them (--stateful). "
            "`lab exercise reset destroy-a-worker` brings back the lab that the exercise begins with."
        )
    if says := unkept(run):
        return says
    if "pause" in run.faults and not gone:
        return "A paused worker is only frozen. It comes back with all that it had, so it cannot lose anything."
    return found_later(later) or (
        "Kept, but no worker was destroyed in this run: any site passes that. Let the run destroy some: --kills."
    )


def test_two_workers_serve_again(scene: Scene, look: Look) -> None:
    """The lab is whole again: two workers serve"""
    look.at("the load balancer's list of workers, and which of them get requests")
    serving = scene.serving()
    look.note(serving=len(serving))
    look.expect(
        len(serving) >= 2,
        saw=f"{', '.join(serving) or 'nobody'} serves",
        expected="two workers that get requests",
        says="The site is up, but nobody stands in for the worker that is left: the next loss takes the site away. "
        "Put a new worker in the place of the one that is gone.",
    )
