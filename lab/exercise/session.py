"""A learner at an exercise: start, check, hint, reset. Each step is written down before the next one is taken."""

import shlex
import shutil
import time
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from lab.exercise import checks, evidence, hints, predict, workspace
from lab.exercise.catalogue import Exercise
from lab.exercise.checks import Hear
from lab.exercise.hints import Rung
from lab.exercise.home import LAB, Home, typed
from lab.exercise.predict import Difference
from lab.exercise.progress import Done, Progress
from lab.exercise.scene import Given, Scene, fill, words
from lab.exercise.stage import Set, bring
from lab.exercise.telling import Outcome
from lab.flows import deployment
from lab.host import lock, paths, records
from lab.model.deadline import Deadline
from lab.model.errors import LabError, UnknownError, UsageError
from lab.substrates import registry
from lab.substrates.base import Report

_ASK_S = 20.0


@dataclass(frozen=True)
class Checked:
    """What a check came to, what it made of predictions, and whether it is the first one that was passed."""

    outcome: Outcome
    differences: tuple[Difference, ...]
    is_first_pass: bool


def substrates(exercise: Exercise, lab: str, on: str | None, done: Done, by: Deadline) -> tuple[str, ...]:
    """Where the exercise is done: where it was asked for or begun, or else on what answers on this computer.

    Raises UsageError where it cannot be done there, or nowhere here.
    """
    if on is not None:
        check_is_for(exercise, on)
    if missing := [program for program in exercise.needs if shutil.which(program) is None]:
        raise UsageError(
            f"{', '.join(missing)} is not installed", where="this computer", mend="install it, then start again"
        )
    if on is None and done.substrates:
        return done.substrates
    found = [name for name in ([on] if on else exercise.substrates) if _answers(name, lab, by)]
    if not found:
        raise UsageError(
            f"none of {', '.join([on] if on else exercise.substrates)} answers here",
            where="this computer",
            mend="`lab doctor` says why, `lab setup` installs and starts what is missing",
        )
    return tuple(found if exercise.on == "each" else found[:1])


def check_is_for(exercise: Exercise, on: str) -> None:
    """Raises UsageError for a substrate that the exercise does not name."""
    if on not in exercise.substrates:
        mend = f"choose {' or '.join(exercise.substrates)}"
        raise UsageError(f"exercise {exercise.name} is not for {on}", where="--on", mend=mend)


def _answers(substrate: str, lab: str, by: Deadline) -> bool:
    try:
        registry.get(substrate).nodes(lab, by.at_most(_ASK_S, "asking the engine"))
    except LabError:
        return False
    return True


def is_new(progress: Progress, exercise: Exercise, lab: str, on: Sequence[str]) -> bool:
    """Whether `start` is a new beginning: not where the learner is in the middle of just this, also of doing it once
    more. Pure."""
    done = progress.of(exercise.name)
    is_begun = progress.current == exercise.name and done.started_at is not None
    is_done = done.passed_at is not None and done.passed_at >= (done.started_at or 0.0)
    return not (is_begun and not is_done and done.lab == lab and done.substrates == tuple(on))


def renews(progress: Progress, exercise: Exercise, lab: str, on: Sequence[str], *, anew: bool) -> bool:
    """Whether `start` makes the learner's folder anew: also where what was passed is begun once more, for the text
    takes it for granted that nothing was done in it. Pure."""
    was_passed = progress.of(exercise.name).passed_at is not None
    return anew or (was_passed and is_new(progress, exercise, lab, on))


def start(
    home: Home, exercise: Exercise, lab: str, on: tuple[str, ...], report: Report, by: Deadline, *, anew: bool
) -> Path:
    """Brings the exercise to its starting state; gives the learner's folder, which is made anew with `anew`, or where
    what was passed is begun once more; the one before is kept then.

    In the middle of an exercise, and without `anew`, it mends the lab, and all that was done counts. It may be cut off
    at any point: the next `start` goes on. Raises UsageError for a lab that was made for something else.
    """
    with _alone(home, f"exercise start {exercise.name}"):
        check_own(home, lab)
        return _start(home, exercise, lab, on, report, by, anew=anew)


def _alone(home: Home, verb: str) -> AbstractContextManager[None]:
    """Holds what guards the learner's lab and folders; raises UsageError where another command has it."""
    return lock.held(home.folder / "start.lock", verb)


def check_own(home: Home, lab: str) -> None:
    """Raises UsageError for a lab that was made for something else: a start may remove what is in it."""
    is_known = any(done.lab == lab for done in home.store.read().exercises.values())
    if deployment.deployed(lab) and not (is_known or _mark(lab).exists()):
        usual = "" if lab == LAB else f"leave --name out: the exercises' lab is {LAB}; or "
        raise UsageError(
            f"lab {lab} was not made for exercises, and a start may remove what is in it",
            where=f"--name {lab}",
            mend=f"{usual}name one that is not there yet: --name NAME",
        )


def _mark(lab: str) -> Path:
    """The file that says of a lab that exercises made it."""
    return paths.lab(lab) / "exercise.json"


def _start(
    home: Home, exercise: Exercise, lab: str, on: tuple[str, ...], report: Report, by: Deadline, *, anew: bool
) -> Path:
    progress = home.store.read()
    begins = anew or is_new(progress, exercise, lab, on)
    has_new_folder = renews(progress, exercise, lab, on, anew=anew)
    # A lab that is gone with its data begins anew; and nothing is noted of it until it has, should we be cut off.
    before = {} if begins else progress.of(exercise.name).noted
    kept = {name: noted for name, noted in before.items() if evidence.is_kept(lab, name)}
    home.store.change(partial(_starting, name=exercise.name, lab=lab, on=on, kept=kept, begins=begins))
    _ready_workspace(home, exercise, report, by, anew=has_new_folder)
    app = workspace.original(home.workspaces, exercise, by)
    try:
        noted = {
            name: bring(_set(home, exercise, lab, name, app, is_new=name not in kept), _prefixed(report, name, on), by)
            for name in on
        }
    finally:
        workspace.discard(app)
    records.write_json(_mark(lab), {"made for": "exercises"})
    home.store.change(partial(_started, name=exercise.name, noted={**noted, **kept}, begins=begins))
    return workspace.folder(home.workspaces, exercise)


def _set(home: Home, exercise: Exercise, lab: str, substrate: str, app: Path, *, is_new: bool) -> Set:
    topology = home.topology(exercise.name) if exercise.start.topology else paths.REPO / "topology.toml"
    return Set(exercise, lab, substrate, app / workspace.APP, topology, is_new)


def _prefixed(report: Report, name: str, on: tuple[str, ...]) -> Report:
    return report if len(on) == 1 else lambda step: report(f"{name}: {step}")


def _ready_workspace(home: Home, exercise: Exercise, report: Report, by: Deadline, *, anew: bool) -> None:
    folder = workspace.folder(home.workspaces, exercise)
    if anew:
        kept = workspace.renew(home.workspaces, exercise, by)
        report(f"made {folder} anew" + (f"; the one before is kept as {kept}" if kept else ""))
    elif workspace.ensure(home.workspaces, exercise, by):
        report(f"made {folder}, with a copy of the app that is yours to change")


def _starting(
    progress: Progress, name: str, lab: str, on: tuple[str, ...], kept: Mapping[str, Any], begins: bool
) -> Progress:
    fresh: dict[str, Any] = {"started_at": None, "hints": {}, "predicted": {}, "shown": frozenset()}
    changed = progress.with_done(
        name, lab=lab, substrates=on, is_starting=True, noted=kept, **(fresh if begins else {})
    )
    return changed.model_copy(update={"current": name})


def _started(progress: Progress, name: str, noted: Mapping[str, Any], begins: bool) -> Progress:
    fresh = {"started_at": time.time()} if begins else {}
    return progress.with_done(name, is_starting=False, noted=noted, **fresh)


def forget_beginnings(home: Home, exercises: Sequence[Exercise], report: Report, by: Deadline) -> None:
    """Makes every learner's folder that there is anew, keeps those before, and forgets what was begun; what was passed
    stays passed."""
    with _alone(home, "exercise reset --all"):
        for exercise in exercises:
            if workspace.folder(home.workspaces, exercise).exists():
                _ready_workspace(home, exercise, report, by, anew=True)
            if exercise.name in home.store.read().exercises:
                home.store.change(partial(_forgotten, name=exercise.name))


def _forgotten(progress: Progress, name: str) -> Progress:
    # The lab's name is kept: it stays one of the exercises' labs.
    fields = {"lab", "passed_at", "checks", "solution_at", "answered", "right"}
    kept = Done.model_validate(progress.of(name).model_dump(include=fields))
    return progress.model_copy(update={"exercises": {**progress.exercises, name: kept}, "current": ""})


def given(home: Home, exercise: Exercise) -> Given:
    """What a check of this learner is about.

    Raises UsageError where the exercise was never started, or its lab is another one's by now, UnknownError where its
    start was cut off.
    """
    progress = home.store.read()
    done = progress.of(exercise.name)
    begin = typed(f"exercise start {exercise.name}", done.lab)
    if done.is_starting:
        raise UnknownError(
            "its start did not end, so its lab may be half-way",
            where=f"exercise {exercise.name}",
            mend=f"{begin} goes on",
        )
    if done.started_at is None:
        raise UsageError("it was not started yet", where=f"exercise {exercise.name}", mend=begin)
    if is_displaced(progress, exercise.name):
        raise UsageError(
            f"its lab was brought to another exercise since, {progress.current}",
            where=f"exercise {exercise.name}",
            mend=f"{begin} begins it again",
        )
    return Given(
        exercise=exercise.name,
        learner=progress.learner,
        lab=done.lab,
        substrates=done.substrates,
        started_at=done.started_at,
        workspace=str(workspace.folder(home.workspaces, exercise)),
        check_s=exercise.limits.check_s,
        noted=done.noted,
    )


def is_displaced(progress: Progress, name: str) -> bool:
    """Whether what stands in an exercise's lab is another one's by now, so that it proves nothing of this one; what is
    passed may be looked at as it is now all the same. Pure."""
    done, current = progress.of(name), progress.of(progress.current)
    shares = done.lab == current.lab and {*done.substrates} & {*current.substrates}
    return progress.current not in ("", name) and done.passed_at is None and bool(shares)


def check(home: Home, exercise: Exercise, hear: Hear) -> Checked:
    """What the exercise's checks say now. Passed once is passed for good."""
    outcome = checks.check(exercise, given(home, exercise), hear)
    before = home.store.read().of(exercise.name)
    told = predict.differences(exercise, before.predicted, outcome.observed, before.shown)
    now = time.time() if outcome.ok else None
    home.store.change(
        lambda progress: progress.with_done(
            exercise.name,
            checks=progress.of(exercise.name).checks + 1,
            shown=progress.of(exercise.name).shown | {one.id for one in told},
            **({} if now is None else {"passed_at": now}),
        )
    )
    return Checked(outcome, tuple(told), outcome.ok is True and before.passed_at is None)


def hint(home: Home, exercise: Exercise, hear: Hear) -> Rung | None:
    """The next hint for what a check sees now; None where there is nothing to hint at, for all is right.

    Raises UnknownError where it could not be checked.
    """
    about = given(home, exercise)
    outcome = checks.check(exercise, about, hear)
    if outcome.ok:
        return None
    if outcome.ok is None:
        hidden = next(part for part in outcome.parts if part.ok is None)
        raise UnknownError(
            hidden.saw, where=f"checking that {hidden.claim[0].lower()}{hidden.claim[1:]}", mend=hidden.says
        )
    rung = hints.next_rung(exercise.hints, outcome.observed, home.store.read().of(exercise.name).hints)
    home.store.change(
        lambda progress: progress.with_done(
            exercise.name, hints={**progress.of(exercise.name).hints, rung.rule: rung.rung}
        )
    )
    text = fill(rung.text, {**words(about), **outcome.observed})
    return Rung(rung.rule, rung.rung, rung.rungs, text)


def solution(home: Home, exercise: Exercise) -> str:
    """The solution, with the learner's own words in it; that it was shown is written down."""
    about = given(home, exercise)
    home.store.change(lambda progress: progress.with_done(exercise.name, solution_at=time.time()))
    text = exercise.solution.read_text()
    for name, value in shell_words(about, _url(about)).items():
        text = text.replace(f'"${name}"', shlex.quote(value)).replace(f"${name}", value)
    return text


def _url(about: Given) -> str:
    """The address of the site; in words where the lab is not up."""
    try:
        return Scene(about, about.substrates[0]).url
    except LabError:
        return "ADDRESS"


def shell_words(about: Given, url: str) -> dict[str, str]:
    """The variables of solutions and attempts; the longest first: none is taken for the beginning of another."""
    told = words(about)
    named = {name.upper(): told[name] for name in ("workspace", "substrates", "substrate", "word", "lab")}
    return {**named, "URL": url}


def next_after(exercises: Sequence[Exercise], passed: Sequence[str], name: str) -> Exercise | None:
    """The exercise to go on with: the first after this one that is not passed, or else the first of all. Pure."""
    place = next((number for number, one in enumerate(exercises) if one.name == name), -1)
    return next((one for one in [*exercises[place + 1 :], *exercises[: place + 1]] if one.name not in passed), None)


def predicted(home: Home, exercise: Exercise, id: str, value: float) -> None:
    """Keeps a prediction."""
    home.store.change(
        lambda progress: progress.with_done(
            exercise.name, predicted={**progress.of(exercise.name).predicted, id: value}
        )
    )


def answered(home: Home, name: str, id: str, *, is_right: bool) -> None:
    """Keeps that a question was answered, and how."""
    home.store.change(
        lambda progress: progress.with_done(
            name, answered=(*progress.of(name).answered, id), right=progress.of(name).right + is_right
        )
    )
