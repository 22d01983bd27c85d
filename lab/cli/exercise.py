"""The verb `exercise`: list, start, check, watch, hint, solution, reset, status; for authors those of authors.py."""

import json
from collections.abc import Callable
from pathlib import Path

import click
from rich.console import Console

from lab.cli import authors, common, learner
from lab.cli.called import as_called, script_as_called
from lab.exercise import catalogue, scene, session, stage, watch
from lab.exercise.catalogue import Exercise
from lab.exercise.happenings import Happenings
from lab.exercise.home import LAB, Home
from lab.exercise.session import Checked
from lab.exercise.watch import Act
from lab.flows import leases
from lab.flows import status as statuses
from lab.host import paths
from lab.model.deadline import Deadline
from lab.model.errors import ExitCode, LabError, UsageError
from lab.substrates import registry

_CODES = {True: ExitCode.DONE, False: ExitCode.CHECK_SAID_NO, None: ExitCode.UNKNOWN}

_substrate = click.Choice(registry.NAMES)
_on = click.option("--on", type=_substrate, help="Where: the first that this computer has, unless you say it.")
_name = common.optional_name(f"The exercise's lab.  [default: {LAB}, or the one that it was started in]")
_exercise = click.argument("exercise", required=False, metavar="[NAME]")


@click.group(epilog="Example: lab exercise start destroy-a-worker")
def command() -> None:
    """Learn it by doing: exercises on a lab of their own, checked for real."""


command.add_command(authors.new)
command.add_command(authors.linting)


def _chosen(home: Home, text: str | None, lab: str | None = None) -> Exercise:
    """The exercise that was named, or the one that the learner is at; `lab` must be the one that it was started in."""
    progress = home.store.read()
    if text is None and not progress.current:
        mend = "`lab exercise list` shows them, `lab exercise start` begins one"
        raise UsageError("no exercise was started yet", where="NAME", mend=mend)
    found = catalogue.named(catalogue.every(), text or progress.current)
    begun = progress.of(found.name).lab
    if lab is not None and begun and lab != begun:
        raise UsageError(
            f"{found.name} was started in lab {begun}", where=f"--name {lab}", mend=f"leave --name out, or name {begun}"
        )
    return found


@command.command("list", epilog="Example: lab exercise list")
@common.ignored_name
def list_all() -> None:
    """List the exercises, and which of them you have passed."""
    learner.console().print(learner.listed(catalogue.every(), Home.usual().store.read()))


@command.command("start", epilog="Example: lab exercise start destroy-a-worker")
@_exercise
@_on
@click.option("--predict", "predictions", multiple=True, metavar="ID=N", help="A prediction, without being asked.")
@common.dry_run_option
@_name
def start(exercise: str | None, on: str | None, predictions: tuple[str, ...], dry_run: bool, lab: str | None) -> None:
    """Begin an exercise, the next one if none is named: its lab is brought to the state in which it begins.

    In the middle of an exercise this mends its lab, and all that you did counts. One that you have passed begins anew:
    your folder is kept beside the new one.
    """
    home, exercises = Home.usual(), catalogue.every()
    progress = home.store.read()
    following = session.next_after(exercises, progress.passed, "") or exercises[0]
    is_open = bool(progress.current) and progress.of(progress.current).passed_at is None
    found = catalogue.named(exercises, exercise or (progress.current if is_open else following.name))
    told = [learner.prediction(found, text) for text in predictions]
    _start(home, found, on, lab, anew=False, dry_run=dry_run)
    if dry_run:
        return
    for asked, value in told:
        session.predicted(home, found, asked.id, value)
    learner.ask_predictions(home, found)


def _start(home: Home, exercise: Exercise, on: str | None, lab: str | None, *, anew: bool, dry_run: bool) -> None:
    by = Deadline.after(exercise.limits.start_s, f"start: {exercise.limits.start_s:g} s")
    done = home.store.read().of(exercise.name)
    name = lab or done.lab or LAB
    session.check_own(home, name)
    where = session.substrates(exercise, name, on, done, by)
    if dry_run:
        for one in where:
            click.echo(stage.forecast(exercise, name, one))
        is_new = session.renews(home.store.read(), exercise, name, where, anew=anew)
        click.echo(f"would {'make' if is_new else 'leave or make'} the folder {home.workspaces / exercise.name}")
        return
    session.start(home, exercise, name, where, common.reporter(), by, anew=anew)
    learner.begun(exercise, scene.words(session.given(home, exercise)))


@command.command("check", epilog="Example: lab exercise check")
@_exercise
@_name
def check(exercise: str | None, lab: str | None) -> int:
    """Look at the real machines, and say whether you are done. Exits 1 if not, 3 if that could not be told."""
    home = Home.usual()
    found = _chosen(home, exercise, lab)
    _tell(home, found)
    checked = _check(home, found)
    if checked.outcome.ok:
        learner.ask_questions(home, catalogue.every())
    return _CODES[checked.outcome.ok]


def _check(home: Home, exercise: Exercise) -> Checked:
    checked = session.check(home, exercise, learner.hearer(learner.console()))
    learner.concluded(exercise, checked, session.next_after(catalogue.every(), home.store.read().passed, exercise.name))
    return checked


@command.command("hint", epilog="Example: lab exercise hint")
@_exercise
@_name
def hint(exercise: str | None, lab: str | None) -> None:
    """One hint, which follows from what your lab looks like now; asked again, the next one."""
    home = Home.usual()
    found = _chosen(home, exercise, lab)
    _tell(home, found)
    _hint(home, found, learner.console(stderr=True))


def _tell(home: Home, exercise: Exercise) -> None:
    """Says what is checked before the check itself is there to say it, which takes a second or more."""
    session.given(home, exercise)
    click.echo(f"checking {exercise.number:02} {exercise.title}", err=True)


def _hint(home: Home, exercise: Exercise, screen: Console) -> None:
    learner.hinted(session.hint(home, exercise, learner.looker(screen)))


@command.command("solution", epilog="Example: lab exercise solution --yes")
@_exercise
@click.option("--yes", is_flag=True, help="Do not ask.")
@_name
def solution(exercise: str | None, yes: bool, lab: str | None) -> None:
    """Show the commands that solve it: the last resort. That you saw them is noted."""
    home = Home.usual()
    found = _chosen(home, exercise, lab)
    session.given(home, found)
    common.confirm("Show the solution? A hint may be enough.", yes=yes)
    click.echo(script_as_called(session.solution(home, found)))


@command.command("reset", epilog="Example: lab exercise reset destroy-a-worker")
@_exercise
@click.option("--all", "everything", is_flag=True, help="All exercises: new folders, nothing is begun. Touches no lab.")
@_on
@common.dry_run_option
@_name
def reset(exercise: str | None, everything: bool, on: str | None, dry_run: bool, lab: str | None) -> None:
    """Begin an exercise anew: its lab and your folder, which is kept beside the new one. What is passed stays so."""
    home = Home.usual()
    if not everything:
        found = _chosen(home, exercise)
        _start(home, found, on, lab, anew=True, dry_run=dry_run)
        if not dry_run:
            learner.ask_predictions(home, found)
        return
    if beside := [words for words, value in (("NAME", exercise), ("--on", on), ("--name", lab)) if value is not None]:
        problem = f"{', '.join(beside)} and --all do not go together"
        raise UsageError(problem, where="lab exercise reset", mend="give --all alone, or leave it out")
    if dry_run:
        click.echo("would make the folder of each exercise anew, keep those of before, and forget what was begun")
        return
    by = common.change_deadline("exercise reset")
    session.forget_beginnings(home, catalogue.every(), common.reporter(), by)


@command.command("status", epilog="Example: lab exercise status")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@_name
def status(as_json: bool, lab: str | None) -> None:
    """Show how far you are, and, apart from that, how the exercises' lab is now."""
    home, exercises = Home.usual(), catalogue.every()
    progress = home.store.read()
    name = lab or progress.of(progress.current).lab or LAB
    health = _health(name)
    if as_json:
        told = {one.name: learner.state(progress.of(one.name)) for one in exercises}
        click.echo(json.dumps({"current": progress.current, "exercises": told, "lab": name, "now": health}, indent=2))
        return
    click.echo(f"passed: {len(progress.passed)} of {len(exercises)}")
    if progress.current:
        click.echo(f"you are at: {progress.current}, {learner.state(progress.of(progress.current))}")
    for line in health or ["it is not up"]:
        click.echo(f"lab {name}, now: {line}")


def _health(lab: str) -> list[str]:
    """How the lab is now, a line for each substrate; none where it is not up."""
    try:
        found = statuses.gather(lab, list(registry.NAMES), common.look_deadline("exercise status"))
    except LabError as error:
        return [error.message]
    lines = []
    for name, one in found.items():
        ready = [node.name for node in one.nodes or [] if node.ready]
        lines.append(f"{name}: {one.problem or f'{len(ready)} of {len(one.nodes or [])} nodes are ready, {one.mode}'}")
    return lines


@command.command("watch", epilog="Example: lab exercise watch")
@_exercise
@_name
def watching(exercise: str | None, lab: str | None) -> int:
    """Check again whenever your folder or your lab has changed, and on keys: n next, h hint, l list, c check, x reset,
    q quit.

    What you do in a browser or inside a node it does not notice: press c. Without a terminal it prints each check below
    the one before, takes the first letter of each line for a key, and ends when the exercise is passed.
    """
    home = Home.usual()
    at = _chosen(home, exercise, lab)
    session.given(home, at)
    with watch.keys() as keys:
        while True:
            ended = _watch(home, at, keys)
            if not isinstance(ended, Exercise):
                return ended
            at = ended


def _watch(home: Home, at: Exercise, keys: watch.Keys) -> Exercise | ExitCode:
    """Watches one exercise; gives the next one to watch, or what to exit with."""
    lab, seen = session.given(home, at).lab, _eyes(home, at)
    code = _look(home, at, keys, asks=True)
    if _is_over(code, keys):
        return code
    for act in watch.acts(keys, seen, lambda: leases.is_anybody_at_work(lab)):
        if act is Act.QUIT:
            break
        if act is Act.NEXT:
            following = _next(home, at, keys)
            if following is not None:
                return following
        elif act is Act.LIST:
            learner.console().print(learner.listed(catalogue.every(), home.store.read()))
        elif act is Act.HINT:
            _guarded(lambda: _hint(home, at, learner.console()))
        elif act is not Act.RESET or (_is_meant(f"Begin {at.name} anew?", keys) and _begun(home, at, keys, anew=True)):
            code = _look(home, at, keys, asks=act is Act.CHECK)
        if _is_over(code, keys):
            break
    return code


def _is_over(code: ExitCode, keys: watch.Keys) -> bool:
    return code is ExitCode.DONE and not keys.is_terminal


def _eyes(home: Home, at: Exercise) -> Callable[[], object]:
    """What changes with what the learner does to their folder and lab."""
    given = session.given(home, at)
    folder = paths.lab(given.lab)
    happenings = Happenings(folder)

    def seen() -> object:
        files = watch.signature([Path(given.workspace)], [*folder.glob("*.json"), at.check])
        # What a run writes down all the time is looked at when it has ended.
        return files, sorted(folder.glob("runs/*.jsonl")), happenings.count()

    return seen


def _look(home: Home, at: Exercise, keys: watch.Keys, *, asks: bool) -> ExitCode:
    """One check in the loop: what cannot be checked is told, and does not end it. Questions that were left out are
    asked again if `asks`."""
    if keys.is_terminal:
        click.clear()
    click.echo(f"{at.number:02} {at.title}")
    codes = [ExitCode.UNKNOWN]

    def look() -> None:
        checked = _check(home, at)
        codes.append(_CODES[checked.outcome.ok])
        if checked.outcome.ok and (asks or checked.is_first_pass):
            with keys.in_lines():
                learner.ask_questions(home, catalogue.every())

    _guarded(look)
    click.echo("\n" + "  ".join(f"{key}:{word}" for key, word in watch.KEYS.items()))
    return codes[-1]


def _guarded(act: Callable[[], object]) -> bool:
    """Whether it went well; an error is told."""
    try:
        act()
    except LabError as error:
        click.echo(as_called(f"error: {error}"), err=True)
        return False
    return True


def _next(home: Home, at: Exercise, keys: watch.Keys) -> Exercise | None:
    """The exercise to go on with, started; None where there is none, or it could not be, or was not meant to be."""
    progress = home.store.read()
    following = session.next_after(catalogue.every(), progress.passed, at.name)
    if following is None or following.name == at.name:
        click.echo("There is no other exercise left.")
        return None
    is_passed = progress.of(at.name).passed_at is not None
    question = f"{at.name} is not passed yet, and its lab becomes that of {following.name}. Go on?"
    is_begun = (is_passed or _is_meant(question, keys)) and _begun(home, following, keys, anew=False)
    return following if is_begun else None


def _begun(home: Home, at: Exercise, keys: watch.Keys, *, anew: bool) -> bool:
    def begin() -> None:
        _start(home, at, None, None, anew=anew, dry_run=False)
        learner.ask_predictions(home, at)

    with keys.in_lines():
        return _guarded(begin)


def _is_meant(question: str, keys: watch.Keys) -> bool:
    """Whether a key that puts work away was no slip: asked where somebody sits at the keys."""
    with keys.in_lines():
        return not keys.is_terminal or click.confirm(question)
