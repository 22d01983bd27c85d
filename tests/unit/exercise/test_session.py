"""A learner at an exercise, as far as no lab has to be brought up."""

import time
from pathlib import Path

import pytest

from lab.exercise import scene, session
from lab.exercise.catalogue import Exercise
from lab.exercise.home import Home
from lab.exercise.progress import Done, Progress
from lab.exercise.stage import Set
from lab.flows import deployment, password
from lab.host import lock, records
from lab.model.deadline import Deadline
from lab.model.errors import UnknownError, UsageError
from tests.unit.exercise import small
from tests.unit.exercise.here import run_checks_here


@pytest.fixture(autouse=True)
def _checks_run_here(monkeypatch: pytest.MonkeyPatch) -> None:
    run_checks_here(monkeypatch)


@pytest.mark.parametrize(
    ("changes", "current", "lab", "on", "is_new"),
    [
        ({}, small.NAME, "ex", ("docker",), False),
        ({"started_at": None}, small.NAME, "ex", ("docker",), True),
        ({"passed_at": 2.0}, small.NAME, "ex", ("docker",), True),
        ({"passed_at": 0.5}, small.NAME, "ex", ("docker",), False),
        ({}, "another", "ex", ("docker",), True),
        ({}, small.NAME, "blue", ("docker",), True),
        ({}, small.NAME, "ex", ("docker", "vagrant"), True),
        ({"is_starting": True}, small.NAME, "ex", ("docker",), False),
    ],
)
def test_start_mends_only_where_the_learner_is_in_the_middle_of_just_this(
    exercise: Exercise, changes: dict[str, object], current: str, lab: str, on: tuple[str, ...], is_new: bool
) -> None:
    begun = {"started_at": 1.0, "lab": "ex", "substrates": ("docker",), **changes}
    progress = Progress(learner="1", current=current).with_done(small.NAME, **begun)
    assert session.is_new(progress, exercise, lab, on) is is_new


@pytest.fixture
def there(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> dict[str, object]:
    """On which substrates each lab is deployed, as the test says it."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    found: dict[str, object] = {}
    monkeypatch.setattr(deployment, "deployed", lambda _lab: found)
    monkeypatch.setattr(deployment, "is_there", lambda _lab, substrate: substrate in found)
    return found


@pytest.fixture
def brought(monkeypatch: pytest.MonkeyPatch) -> list[Set]:
    """What labs are brought to, in the place of bringing them; each is noted to have the next commit."""
    asked: list[Set] = []

    def bring(wanted: Set, *_: object) -> dict[str, object]:
        asked.append(wanted)
        return {"commit": len(asked)}

    monkeypatch.setattr(session, "bring", bring)
    return asked


def begin_for_real(home: Home, exercise: Exercise, lab: str = "ex", *, anew: bool = False) -> Done:
    session.start(home, exercise, lab, ("docker",), lambda _: None, Deadline.after(60, "one test"), anew=anew)
    return home.store.read().of(exercise.name)


def test_in_the_middle_a_lab_that_is_there_is_mended_and_one_that_is_gone_begins_anew(
    home: Home, exercise: Exercise, brought: list[Set], there: dict[str, object]
) -> None:
    first = begin_for_real(home, exercise)
    session.predicted(home, exercise, "count", 4)
    there["docker"] = object()
    mended = begin_for_real(home, exercise)
    assert (mended.started_at, mended.noted) == (first.started_at, {"docker": {"commit": 1}})
    there.clear()
    secret = password.path("ex", "docker")
    records.write(secret, "opens the data")
    assert begin_for_real(home, exercise).noted == {"docker": {"commit": 1}}, "destroyed, but not its data"
    secret.unlink()
    # Its store knows nothing of the commit that was noted: held against that, everything would be a change.
    again = begin_for_real(home, exercise)
    assert (again.started_at, again.noted) == (first.started_at, {"docker": {"commit": 4}})
    assert again.predicted == {"count": 4}
    assert [wanted.is_new for wanted in brought] == [True, False, False, True]


@pytest.mark.usefixtures("brought", "there")
def test_what_was_passed_begins_with_a_new_folder_and_what_was_not_goes_on_in_the_old_one(
    home: Home, exercise: Exercise
) -> None:
    begin_for_real(home, exercise)
    words = home.workspaces / exercise.name / "words"
    words.write_text("a b c")
    begin_for_real(home, exercise)
    home.store.change(lambda progress: progress.model_copy(update={"current": "another"}))
    begin_for_real(home, exercise)
    assert words.read_text() == "a b c", "begun once more, and never passed"
    assert session.check(home, exercise, lambda _: None).outcome.ok
    begin_for_real(home, exercise)
    assert not words.exists()
    assert [path.read_text() for path in home.workspaces.glob("*/words")] == ["a b c"], "kept beside the new one"
    words.write_text("in the middle")
    begin_for_real(home, exercise)
    assert words.read_text() == "in the middle"


def test_a_lab_that_is_gone_and_whose_start_was_cut_off_is_not_taken_for_one_in_the_middle(
    home: Home, exercise: Exercise, brought: list[Set], there: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    begin_for_real(home, exercise)

    def cut(*_: object) -> dict[str, object]:
        there["docker"] = object()
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(session, "bring", cut)
        with pytest.raises(KeyboardInterrupt):
            begin_for_real(home, exercise)
    assert begin_for_real(home, exercise).noted == {"docker": {"commit": 2}}
    assert [wanted.is_new for wanted in brought] == [True, True]


def test_a_start_takes_no_lab_that_was_made_for_something_else(
    home: Home, exercise: Exercise, brought: list[Set], there: dict[str, object]
) -> None:
    there["docker"] = object()
    with pytest.raises(UsageError, match="lab mine was not made for exercises") as refused:
        begin_for_real(home, exercise, "mine")
    assert refused.value.where == "--name mine"
    assert not brought
    assert not home.store.file.exists()
    # One that a start made is known, whoever's progress it was.
    there.clear()
    begin_for_real(home, exercise, "mine")
    there["docker"] = object()
    home.store.file.unlink()
    begin_for_real(home, exercise, "mine")
    assert [wanted.lab for wanted in brought] == ["mine", "mine"]
    # Nor one that only has the name of the exercises' own.
    with pytest.raises(UsageError, match="lab ex was not made for exercises") as refused:
        begin_for_real(home, exercise, "ex")
    assert refused.value.mend == "name one that is not there yet: --name NAME"


def test_a_lab_whose_first_start_was_cut_off_is_known(
    home: Home, exercise: Exercise, there: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut(*_: object) -> dict[str, object]:
        there["docker"] = object()
        raise KeyboardInterrupt

    monkeypatch.setattr(session, "bring", cut)
    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            begin_for_real(home, exercise)


@pytest.mark.parametrize(
    ("current", "lab", "on", "passed_at", "is_displaced"),
    [
        ("another", "ex", ("docker",), None, True),
        ("another", "ex", ("docker", "vagrant"), None, True),
        ("another", "ex", ("vagrant",), None, False),
        ("another", "blue", ("docker",), None, False),
        ("another", "ex", ("docker",), 2.0, False),
        (small.NAME, "ex", ("docker",), None, False),
        ("", "ex", ("docker",), None, False),
    ],
)
def test_what_another_exercise_did_to_the_lab_proves_nothing_of_this_one(
    current: str, lab: str, on: tuple[str, ...], passed_at: float | None, is_displaced: bool
) -> None:
    mine = {"started_at": 1.0, "lab": "ex", "substrates": ("docker",), "passed_at": passed_at}
    progress = Progress(learner="1", current=current).with_done("another", lab=lab, substrates=on)
    assert session.is_displaced(progress.with_done(small.NAME, **mine), small.NAME) is is_displaced


def test_a_check_of_an_exercise_whose_lab_is_another_ones_by_now_is_refused(home: Home, exercise: Exercise) -> None:
    small.begin(home, exercise, "a b c")
    home.store.change(
        lambda progress: progress.with_done("next", lab="ex", substrates=("docker",)).model_copy(
            update={"current": "next"}
        )
    )
    with pytest.raises(UsageError, match="its lab was brought to another exercise since, next") as refused:
        session.check(home, exercise, lambda _: None)
    assert refused.value.mend == "`lab exercise start count-the-words` begins it again"
    assert home.store.read().of(exercise.name).passed_at is None


def test_what_was_never_started_cannot_be_checked(home: Home, exercise: Exercise) -> None:
    with pytest.raises(UsageError, match="it was not started yet") as refused:
        session.given(home, exercise)
    assert refused.value.mend == "`lab exercise start count-the-words`"


def test_a_start_that_was_cut_off_is_told_and_start_goes_on(home: Home, exercise: Exercise) -> None:
    small.begin(home, exercise)
    home.store.change(lambda progress: progress.with_done(exercise.name, is_starting=True, lab="blue"))
    with pytest.raises(UnknownError, match="its start did not end") as refused:
        session.given(home, exercise)
    assert refused.value.mend == "`lab exercise start count-the-words --name blue` goes on"


def test_an_exercise_is_passed_once_and_for_good(home: Home, exercise: Exercise) -> None:
    words = small.begin(home, exercise, "a b c")
    first = session.check(home, exercise, lambda _: None)
    assert (first.outcome.ok, first.is_first_pass) == (True, True)
    passed_at = home.store.read().of(exercise.name).passed_at
    assert passed_at is not None
    words.write_text("")
    assert session.check(home, exercise, lambda _: None).outcome.ok is False
    words.write_text("a b c")
    assert session.check(home, exercise, lambda _: None).is_first_pass is False
    done = home.store.read().of(exercise.name)
    assert (done.passed_at, done.checks) == (passed_at, 3)


def test_a_prediction_is_shown_beside_its_measurement_once(home: Home, exercise: Exercise) -> None:
    small.begin(home, exercise, "a b")
    session.predicted(home, exercise, "count", 4)
    shown = [session.check(home, exercise, lambda _: None).differences for _ in range(2)]
    assert [[(one.predicted, one.measured) for one in found] for found in shown] == [
        [("4 words", "2 words: you said 2.0 times as much")],
        [],
    ]


def test_hints_follow_from_what_is_there_and_climb(home: Home, exercise: Exercise) -> None:
    words = small.begin(home, exercise)
    word = scene.words(session.given(home, exercise))["word"]
    told = [session.hint(home, exercise, lambda _: None) for _ in range(2)]
    words.write_text("one")
    told.append(session.hint(home, exercise, lambda _: None))
    words.write_text("one two three")
    told.append(session.hint(home, exercise, lambda _: None))
    assert [rung and rung.text for rung in told] == [
        "Write.",
        f"Write {word} into {words.parent}/words.",
        "You have 1.",
        None,
    ]
    words.write_text("unreadable")
    with pytest.raises(UnknownError, match="nobody can read that"):
        session.hint(home, exercise, lambda _: None)


def test_the_solution_can_be_typed_where_a_folder_has_a_blank_in_its_name(exercise: Exercise, tmp_path: Path) -> None:
    home = Home(tmp_path / "my home", tmp_path / "my home" / "workspace")
    small.begin(home, exercise)
    exercise.solution.write_text('cat "$WORKSPACE" "$WORKSPACE/words"\n')
    folder = home.workspaces / exercise.name
    assert session.solution(home, exercise) == f"cat '{folder}' \"{folder}/words\"\n"


def test_the_solution_is_shown_with_the_learners_own_words_and_that_is_noted(home: Home, exercise: Exercise) -> None:
    words = small.begin(home, exercise)
    mine = scene.words(session.given(home, exercise))["word"]
    assert session.solution(home, exercise) == f'echo "{mine} {mine} {mine}" >"{words.parent}/words"  # in ex\n'
    assert home.store.read().of(exercise.name).solution_at is not None


def test_reset_of_all_keeps_old_folders_and_what_was_passed(home: Home, exercise: Exercise) -> None:
    words = small.begin(home, exercise, "a b c")
    session.check(home, exercise, lambda _: None)
    session.answered(home, exercise.name, "one", is_right=True)
    session.forget_beginnings(home, [exercise], lambda _: None, Deadline.after(60, "one test"))
    done = home.store.read().of(exercise.name)
    assert done.passed_at is not None
    assert (done.answered, done.right, done.checks) == (("one",), 1, 1)
    assert (done.started_at, done.noted, home.store.read().current) == (None, {}, "")
    assert not words.exists()
    assert [path.read_text() for path in home.workspaces.glob("*/words")] == ["a b c"]


def test_reset_of_all_leaves_the_folders_that_a_start_is_making_alone(home: Home, exercise: Exercise) -> None:
    words = small.begin(home, exercise, "a b c")
    with (
        lock.held(home.folder / "start.lock", "exercise start"),
        pytest.raises(UsageError, match=r"`lab exercise start` \(pid \d+\) is at work on this"),
    ):
        session.forget_beginnings(home, [exercise], lambda _: None, Deadline.after(60, "one test"))
    assert words.read_text() == "a b c"


@pytest.mark.parametrize(
    ("passed", "at", "following"),
    [([], "", "a"), (["a"], "a", "b"), (["b"], "b", "c"), (["b", "c"], "c", "a"), (["a", "b", "c"], "c", None)],
)
def test_the_next_exercise_is_the_first_after_this_that_is_not_passed(
    exercise: Exercise, passed: list[str], at: str, following: str | None
) -> None:
    known = [exercise.model_copy(update={"name": name}) for name in "abc"]
    found = session.next_after(known, passed, at)
    assert (found and found.name) == following


def test_an_exercise_is_not_begun_where_it_is_not_for(exercise: Exercise) -> None:
    done, by = Progress(learner="1").of(exercise.name), Deadline.after(60, "one test")
    with pytest.raises(UsageError, match="exercise count-the-words is not for vagrant"):
        session.substrates(exercise, "ex", "vagrant", done, by)
    needing = exercise.model_copy(update={"needs": ("sh", "no-such-program")})
    with pytest.raises(UsageError, match="no-such-program is not installed"):
        session.substrates(needing, "ex", None, done, by)
    begun = done.model_copy(update={"substrates": ("docker",), "started_at": time.time()})
    assert session.substrates(exercise, "ex", None, begun, by) == ("docker",)
