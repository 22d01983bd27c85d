"""Capstone: the guest book still is one, its workers run a mended version, and the ledger lost nothing."""

from collections.abc import Sequence

from lab.exercise.evidence import Run, found_later, unkept
from lab.exercise.mended import expect_a_run, expect_kept
from lab.exercise.scene import Look, Scene, listed
from lab.host import http

UNPROVED = "The ledger is the judge, and has not seen the newest version yet: `lab prove run`, with workers destroyed."


def test_it_is_still_the_guest_book(scene: Scene, look: Look) -> None:
    """It is still the site that you were given: it counts its entries, and rightly"""
    look.at("what the site says at /count, and all entries that it shows")
    answer = scene.get("/count")
    is_given = answer.status_code == http.OK
    look.note(is_given=is_given)
    look.expect(
        is_given,
        saw=f"/count is answered with {answer.status_code}",
        expected="a number of entries",
        says="This is another site than the one that you were given: its users miss the count of entries. "
        "Did you put in the kit's own app, or a file of it whole? Mend the guest book instead.",
    )
    counted, there = answer.json().get("entries"), len(scene.entries())
    look.expect(
        counted == there,
        saw=f"/count says {counted}, and the site shows {there} entries",
        expected="the same number",
        says="The count and the entries do not come from the same place, or not from one that all workers share.",
    )


def test_the_workers_run_a_version_that_was_mended(scene: Scene, look: Look) -> None:
    """All workers run a version of the site that was changed since you began"""
    look.at("which version of the site is the newest, and which one each worker runs")
    is_changed, behind, only_here = scene.is_changed(), scene.behind(), scene.undeployed()
    look.note(changed=is_changed, behind=len(behind), only_here=len(only_here))
    look.note(went_back=scene.went_back() is not None)
    look.expect(
        is_changed,
        saw="the newest version is the one that you began with",
        expected="a newer version",
        says=_unchanged(scene, only_here),
    )
    look.expect(
        not behind,
        saw=f"not the newest version: {listed(behind)}",
        expected="all workers run the newest version",
        says="The store has your version. Workers that started before run what they fetched then: `lab refresh`.",
    )


def _unchanged(scene: Scene, only_here: list[str]) -> str:
    if why := scene.went_back():
        return (
            f"Your version was tried, and `lab refresh` went back to the one before: {why}. "
            "Mend that in your folder, then deploy and refresh again."
        )
    if only_here:
        return f"You changed {only_here[0]} in your folder. No worker looks there: `lab deploy` hands it to the store."
    return "Nothing in the site's code was changed yet. What it keeps on its workers is in there."


def test_the_ledger_lost_nothing(scene: Scene, look: Look) -> None:
    """The ledger: with the newest version workers were destroyed, and every confirmed write was kept"""
    look.at("the journals of the proofs that were run on lab {lab} since you began")
    every, runs = scene.runs(), scene.runs_of_newest()
    _note_first_loss(scene, look, every)
    look.note(runs=len(every), runs_of_newest=len(runs))
    expect_a_run(scene, look, every, runs, UNPROVED)
    run, gone = scene.telling(runs)
    look.note(kills=len(gone), verdict=run.verdict, lost=listed(run.lost_kinds))
    expect_kept(look, run, gone, _says(run, scene.gone_after(run)))


def _note_first_loss(scene: Scene, look: Look, runs: list[Run]) -> None:
    """The first runs that lost something are held against the predictions."""
    for run in reversed(runs):
        if run.lost and run.account.is_whole and scene.gone(run):
            look.note(kinds_lost=len(run.lost_kinds))
        elif run.lost and run.account.is_whole:
            look.note(calm="Lost")


def _says(run: Run, later: Sequence[str] = ()) -> str:
    if run.account.is_whole and run.verdict == "lost":
        return f"{listed(run.lost_kinds).capitalize()} were lost: {_where_to_look(run.lost_kinds)}"
    return (unkept(run) or found_later(later)) or (
        "Kept, but every worker lived. Only its end shows what a worker had: let the run destroy some, with --kills."
    )


def _where_to_look(kinds: list[str]) -> str:
    if kinds == ["logins"]:
        return (
            "the database has a row for each, and users are logged out all the same. Whom does a worker ask who is "
            "logged in? Not everything that a worker keeps is a file."
        )
    return (
        "for each of these, follow one from the request to the place where it is put, and to the place where it is "
        "looked for. Both have to be places that every worker shares."
    )
