"""What a learner sees of an exercise and is asked about it."""

import sys
from collections.abc import Callable, Sequence
from datetime import datetime

import click
from rich import box
from rich.console import Console
from rich.markdown import Markdown
from rich.markup import escape
from rich.table import Column, Table

from lab.cli.called import as_called
from lab.exercise import predict, questions, session
from lab.exercise.catalogue import Exercise, Prediction
from lab.exercise.hints import Rung
from lab.exercise.home import Home
from lab.exercise.predict import Difference
from lab.exercise.progress import Done, Progress
from lab.exercise.questions import Posed
from lab.exercise.scene import fill
from lab.exercise.session import Checked
from lab.exercise.telling import Kind, Part, Told
from lab.substrates import registry

_MARK = {True: "[green]ok[/]", False: "[red]NO[/]", None: "[yellow]??[/]"}


def console(*, stderr: bool = False) -> Console:
    """Where a learner reads."""
    return Console(highlight=False, stderr=stderr)


def is_asked() -> bool:
    """Whether there is somebody who can answer."""
    return sys.stdin.isatty() and sys.stdout.isatty()


def listed(exercises: Sequence[Exercise], progress: Progress) -> Table:
    """All exercises, and how far the learner is; > stands before the one that they are at."""
    table = Table("", Column("exercise", no_wrap=True), "", "min", "", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for one in exercises:
        here = ">" if one.name == progress.current else " "
        only = "" if {*one.substrates} == {*registry.NAMES} else f" (on {' or '.join(one.substrates)} only)"
        how = state(progress.of(one.name))
        table.add_row(f"{here}{one.number:02}", one.name, escape(one.title + only), str(one.minutes), how)
    return table


def state(done: Done) -> str:
    """How far a learner is with one exercise."""
    if done.passed_at is not None:
        solved = ", with the solution" if (done.solution_at or done.passed_at) < done.passed_at else ""
        return f"passed {datetime.fromtimestamp(done.passed_at):%Y-%m-%d}{solved}"
    if done.is_starting:
        return "its start was cut off"
    return "begun" if done.started_at is not None else ""


def begun(exercise: Exercise, words: dict[str, str]) -> None:
    """What to do now that the exercise has started."""
    screen = console()
    screen.print(f"\n[bold]{exercise.number:02} {escape(exercise.title)}[/], about {exercise.minutes} minutes")
    screen.print(Markdown(exercise.goal.strip()))
    screen.print(
        f"\nYour lab is [bold]{words['lab']}[/] on {words['substrates'].replace(' ', ' and ')}.", soft_wrap=True
    )
    if exercise.start.says:
        screen.print(Markdown(fill(exercise.start.says, words)))
    screen.print(f"Your folder is {words['workspace']}", soft_wrap=True)
    screen.print(f"Read on in {exercise.readme}", soft_wrap=True)


def ask_predictions(home: Home, exercise: Exercise) -> None:
    """Asks what was not predicted yet; without a terminal it says how that is done."""
    had = home.store.read().of(exercise.name).predicted
    left = [one for one in exercise.predict if one.id not in had]
    if left and not is_asked():
        names = " ".join(f"--predict {one.id}=N" for one in left)
        click.echo(as_called(f"Not predicted yet: `lab exercise start {exercise.name} {names}`. It asks:"))
        for one in left:
            click.echo(f"  {one.id}: {_in_words(one.asks, one.choices)}")
        return
    for one in left:
        click.echo("\nPredict first, Enter leaves it out:")
        if (value := _asked(one.asks, one.choices, one.unit, predict.as_prediction)) is not None:
            session.predicted(home, exercise, one.id, value)


def prediction(exercise: Exercise, text: str) -> tuple[Prediction, float]:
    """The prediction that ID=N means; raises BadParameter where there is none."""
    id, _, value = text.partition("=")
    for one in exercise.predict:
        if one.id == id:
            try:
                return one, predict.as_prediction(value, len(one.choices))
            except ValueError as wrong:
                raise click.BadParameter(f"{id}: {wrong}", param_hint="--predict") from wrong
    raise click.BadParameter(
        f"{id!r} is none of {', '.join(one.id for one in exercise.predict)}", param_hint="--predict"
    )


def _in_words(asks: str, choices: Sequence[str]) -> str:
    offered = "; ".join(f"{number} = {choice}" for number, choice in enumerate(choices, start=1))
    return f"{asks.strip()} {offered}".strip()


def _asked(
    asks: str, choices: Sequence[str], unit: str, read: Callable[[str, int], float] = predict.as_number
) -> float | None:
    """The number that somebody typed, as `read` reads it; None for Enter alone."""
    click.echo(asks.strip())
    for number, choice in enumerate(choices, start=1):
        click.echo(f"  {number}  {choice}")
    while text := click.prompt(f"number{f' of {unit}' if unit else ''}", default="", show_default=False):
        try:
            return read(text, len(choices))
        except ValueError as wrong:
            click.echo(str(wrong))
    return None


def hearer(screen: Console) -> Callable[[Told], None]:
    """Shows what a check tells, as it tells it."""

    look = looker(screen)

    def hear(told: Told) -> None:
        look(told)
        if told.part is not None:
            _show_part(screen, told.part)

    return hear


def looker(screen: Console) -> Callable[[Told], None]:
    """Shows of what a check tells only what it looks at, or waits for."""

    def hear(told: Told) -> None:
        if told.kind is Kind.LOOKS:
            screen.print(f"    [dim]looking at {escape(told.text)}[/]", soft_wrap=True)

    return hear


def _show_part(screen: Console, part: Part) -> None:
    screen.print(f"{_MARK[part.ok]}  {escape(part.claim)}", soft_wrap=True)
    for word, text in (("saw", part.saw), ("expected", part.expected)):
        if text:
            screen.print(f"    {word}: {escape(text)}", soft_wrap=True)
    if part.says:
        screen.print(f"    [bold]{escape(as_called(part.says))}[/]", soft_wrap=True)


def concluded(exercise: Exercise, checked: Checked, following: Exercise | None) -> None:
    """What a check came to, after its parts."""
    screen = console()
    for one in checked.differences:
        _show_difference(screen, one)
    if checked.outcome.ok is None:
        screen.print("\nNot all of it could be checked, so nothing is said about it yet.")
    elif not checked.outcome.ok:
        screen.print(escape(as_called(f"\nNot there yet. `lab exercise hint {exercise.name}` points the way.")))
    else:
        again = "" if checked.is_first_pass else ", as it was before"
        screen.print(f"\n[green]Passed[/]{again}: {escape(exercise.title)}")
        if following is not None:
            screen.print(escape(as_called(f"Next: `lab exercise start {following.name}`")))


def _show_difference(screen: Console, one: Difference) -> None:
    verdict = {True: "as you said", False: "not as you said", None: ""}[one.is_right]
    screen.print(f"\n[bold]Your prediction[/]  {escape(one.asked.strip())}", soft_wrap=True)
    screen.print(f"    you said: {escape(one.predicted)}", soft_wrap=True)
    screen.print(f"    measured: {escape(one.measured)}{f' ({verdict})' if verdict else ''}", soft_wrap=True)
    screen.print(f"    {escape(one.says.strip())}", soft_wrap=True)


def ask_questions(home: Home, exercises: Sequence[Exercise]) -> None:
    """Asks the questions that wait, each with feedback at once; without a terminal it says that they wait."""
    progress = home.store.read()
    answers = {name: done.answered for name, done in progress.exercises.items()}
    waiting = questions.due(exercises, progress.passed, answers)
    if waiting and not is_asked():
        click.echo(as_called(f"{len(waiting)} questions wait for you: `lab exercise check` on a terminal asks them."))
        return
    for exercise, question in waiting:
        _ask(home, questions.posed(exercise, question, progress.learner))


def _ask(home: Home, posed: Posed) -> None:
    click.echo(f"\nA question about {posed.exercise}; Enter leaves it for later:")
    if (given := _asked(posed.text, posed.choices, posed.unit)) is None:
        return
    is_right = posed.is_right(given)
    session.answered(home, posed.exercise, posed.id, is_right=is_right)
    right = posed.choices[int(posed.answer) - 1] if posed.choices else f"{posed.answer:g} {posed.unit}".strip()
    click.echo("Right." if is_right else f"No: {right}.")
    click.echo(posed.feedback.strip())


def hinted(rung: Rung | None) -> None:
    """One hint, and how many more there are."""
    if rung is None:
        click.echo(as_called("There is nothing to hint at: `lab exercise check` passes."))
        return
    click.echo(f"\nHint {rung.rung} of {rung.rungs}: {as_called(rung.text.strip())}")
    if rung.rung == rung.rungs:
        click.echo(as_called("That was the last hint for what you have now. The last resort: `lab exercise solution`"))
