"""The loop as it is typed, on real nodes: what is cut off anywhere loses no progress, and `start` mends it."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.exercise import catalogue, session
from lab.exercise.home import Home
from lab.exercise.progress import Done
from lab.exercise.scene import Scene
from lab.exercise.watch import AT_MOST_S
from lab.flows import deployment, workers
from lab.host.wait import await_until
from lab.model.deadline import Deadline
from lab.model.node import STORE
from lab.store import source
from lab.timeline.events import Kind
from tests.cli.cutting import cut, step
from tests.conftest import REPO, type_well
from tests.contract.conftest import W1
from tests.exercises.conftest import typed

NAME = "destroy-a-worker"
either_signal = pytest.mark.parametrize(
    "number", [signal.SIGKILL, pytest.param(signal.SIGINT, marks=pytest.mark.long)], ids=lambda number: number.name
)


def words(ex_lab: str, substrate: str, verb: str) -> list[str]:
    return [verb, NAME, "--on", substrate, "--name", ex_lab]


def done(home: Home) -> Done:
    return home.store.read().of(NAME)


def test_an_exercise_is_begun_checked_hinted_at_and_solved(home: Home, ex_lab: str, substrate_name: str) -> None:
    begun = typed(home, *words(ex_lab, substrate_name, "start"), "--predict", "entry=1", "--predict", "lost=7")
    assert begun.code == 0, begun.err
    assert f"Your lab is {ex_lab} on {substrate_name}." in begun.out
    assert (home.workspaces / NAME / "app" / "app.py").is_file()
    first = typed(home, "check")
    assert first.code == 1, first.out
    assert "NO  A run of the proof destroyed a worker" in first.out
    assert "ok  The lab is whole again: two workers serve" in first.out
    assert typed(home, "hint").out.startswith("\nHint 1 of 3: ")

    begun_at = done(home).started_at
    type_well("kill", f"{substrate_name}/worker-1", "--name", ex_lab)
    assert "NO  The lab is whole again: two workers serve\n    saw: worker-2 serves" in typed(home, "check").out
    # In the middle of an exercise, start mends the lab, and what was done counts from the same moment on.
    mended = typed(home, "start", "--name", ex_lab)
    assert mended.code == 0, mended.err
    assert done(home).started_at == begun_at
    assert "ok  The lab is whole again: two workers serve" in typed(home, "check").out


@pytest.fixture
def watching(home: Home, ex_lab: str, substrate_name: str) -> Iterator["subprocess.Popen[str]"]:
    """The exercise begun, and watched by a program without a terminal."""
    assert typed(home, *words(ex_lab, substrate_name, "start")).code == 0
    watch = [sys.executable, "-m", "lab", "exercise", "watch"]
    with subprocess.Popen(
        watch,
        env={**os.environ, "LAB_EXERCISES": str(home.folder)},
        cwd=REPO,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        yield process
        process.kill()


@pytest.mark.only("docker")
def test_watch_sees_the_solution_and_ends(home: Home, watching: "subprocess.Popen[str]", by: Deadline) -> None:
    shown = typed(home, "solution", "--yes")
    assert shown.code == 0, shown.err
    script = re.sub(r"^lab ", f"{sys.executable} -m lab ", shown.out, flags=re.MULTILINE)
    subprocess.run(["bash", "-eu"], input=script, text=True, cwd=REPO, check=True, stdout=subprocess.DEVNULL)
    assert watching.wait(by.at_most(120, "120 s").left()) == 0
    assert done(home).passed_at is not None
    assert watching.stdout is not None
    assert "Passed: Destroy a worker, lose nothing" in watching.stdout.read()


@pytest.mark.only("docker")
def test_watch_looks_again_when_something_is_done_and_not_since_an_autoscaler_looks(
    home: Home, ex_lab: str, substrate_name: str, watching: "subprocess.Popen[str]", by: Deadline
) -> None:
    lab, begun = deployment.load(ex_lab, substrate_name), time.time()

    def await_checks(count: int) -> None:
        def probe() -> str | None:
            return None if done(home).checks >= count else f"{done(home).checks} checks, watch: {watching.poll()}"

        await_until(probe, by.at_most(60, "60 s"), what="the next check", mend="read what watch says")

    def samples() -> str | None:
        noted = [event for event in lab.timeline().read().events if event.kind is Kind.SAMPLE and event.at > begun]
        return None if len(noted) > AT_MOST_S + 5 else f"{len(noted)} samples"

    await_checks(1)
    limits = ["--min", "2", "--max", "2", "--background"]
    type_well("autoscale", substrate_name, *limits, "--name", ex_lab)
    try:
        await_checks(2)
        await_until(samples, by.at_most(60, "60 s"), what="an autoscaler's looks", mend="read its log")
        assert done(home).checks == 2, "nobody has done anything since it began"
        type_well("kill", f"{substrate_name}/worker-1", "--name", ex_lab)
        await_checks(3)
    finally:
        type_well("autoscale", substrate_name, "--stop", "--name", ex_lab)


def as_passed(home: Home) -> None:
    """The exercise as one that this learner passed long ago, and another one that they know nothing of any more."""
    home.store.change(lambda progress: progress.with_done(NAME, passed_at=1.0, answered=("where",)))
    home.store.change(lambda progress: progress.with_done("another", passed_at=2.0))


def kept(home: Home) -> bool:
    progress = home.store.read()
    return progress.passed == [NAME, "another"] and progress.of(NAME).answered == ("where",)


# At one step in time for each commit, at every one where there is more time, and on machines at one.
STEPS = [
    pytest.param(range(2, 3), id="one step", marks=pytest.mark.long("vagrant")),
    pytest.param(range(1, 40), id="each step", marks=[pytest.mark.only("docker"), pytest.mark.long]),
]


@either_signal
@pytest.mark.parametrize("steps", STEPS)
@pytest.mark.parametrize("verb", ["start", "reset"])
def test_cut_off_at_any_step_start_mends_and_nothing_that_was_done_is_lost(
    home: Home, ex_lab: str, substrate_name: str, verb: str, steps: range, number: signal.Signals, by: Deadline
) -> None:
    env = {"LAB_EXERCISES": str(home.folder)}
    assert typed(home, *words(ex_lab, substrate_name, "start")).code == 0
    as_passed(home)
    was_cut = []
    for wanted in steps:
        (home.workspaces / NAME / "mine").write_text(f"{wanted}")
        # Something to mend, so that there are steps to cut.
        workers.kill(deployment.load(ex_lab, substrate_name), W1, lambda _: None, by)
        was_cut.append(cut(["exercise", *words(ex_lab, substrate_name, verb)], step(wanted), number, env=env))
        assert kept(home), f"cut at step {wanted}"
        again = typed(home, *words(ex_lab, substrate_name, "start"))
        assert again.code == 0, f"cut at step {wanted}: {again.err}"
        assert typed(home, "check").code == 1, f"cut at step {wanted}"
        assert kept(home), f"cut at step {wanted}"
        mine = [path.read_text() for path in home.workspaces.glob("*/mine")]
        assert f"{wanted}" in mine, "the learner's folder is there, or kept"
        if not was_cut[-1]:
            break
    assert was_cut[0]
    assert len(steps) == 1 or not was_cut[-1], f"{verb} reports more steps: the test has to go further"


@either_signal
def test_a_check_that_is_cut_off_leaves_nothing_and_can_be_made_again(
    home: Home, ex_lab: str, substrate_name: str, number: signal.Signals, by: Deadline
) -> None:
    assert typed(home, *words(ex_lab, substrate_name, "start")).code == 0
    as_passed(home)
    command = [sys.executable, "-m", "lab", "exercise", "check"]
    env = {**os.environ, "LAB_EXERCISES": str(home.folder)}
    with subprocess.Popen(command, env=env, cwd=REPO, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert "looking at" in process.stdout.readline()
        process.send_signal(number)
        assert process.wait(60) == (130 if number is signal.SIGINT else -number)
    assert kept(home)
    assert typed(home, "check").code == 1

    # Killed, it could not end what it had started; that ends by itself, for it only looks.
    def still_there() -> str | None:
        found = [path for path in Path("/proc").glob("[0-9]*/environ") if str(home.folder).encode() in _read(path)]
        return f"{found} still run" if found else None

    await_until(still_there, by.at_most(60, "60 s"), what="the end of what the check started", mend="see who runs")


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


def test_reset_keeps_the_old_folder_and_brings_back_the_starting_state(
    home: Home, ex_lab: str, substrate_name: str, by: Deadline
) -> None:
    assert typed(home, *words(ex_lab, substrate_name, "start")).code == 0
    page = home.workspaces / NAME / "app" / "templates" / "page.html"
    page.write_text(page.read_text() + "<!-- mine -->\n")
    type_well("deploy", substrate_name, str(page.parents[1]), "-m", "Mine", "--name", ex_lab)
    type_well("up", substrate_name, "--workers", "3", "--name", ex_lab)
    begun_at, now = done(home).started_at, time.time()
    reset = typed(home, "reset", "--name", ex_lab)
    assert reset.code == 0, reset.err
    assert "<!-- mine -->" not in page.read_text()
    assert [path.name for path in home.workspaces.glob("*/app/templates/page.html")] == ["page.html"] * 2
    assert begun_at is not None
    assert begun_at < now < (done(home).started_at or 0)
    lab = deployment.load(ex_lab, substrate_name)
    assert [str(spec.name) for spec in lab.plan.workers()] == ["worker-1", "worker-2"]
    newest = source.versions(source.url(lab.plan.node(STORE).address), lab.copy_of_source, by)[0]
    assert source.difference(lab.copy_of_source, newest.commit, REPO / "app", by) == []
    assert typed(home, "check").code == 1


@pytest.mark.only("docker")
@pytest.mark.parametrize("keeps_data", [True, False], ids=["with its data kept", "with its data"])
def test_start_makes_a_lab_again_that_was_destroyed(
    home: Home, ex_lab: str, substrate_name: str, keeps_data: bool
) -> None:
    assert typed(home, *words(ex_lab, substrate_name, "start")).code == 0
    page = home.workspaces / NAME / "app" / "templates" / "page.html"
    page.write_text(page.read_text() + "<!-- mine -->\n")
    type_well("deploy", substrate_name, str(page.parents[1]), "-m", "Mine", "--name", ex_lab)
    begun_at = done(home).started_at
    type_well("destroy", substrate_name, "--yes", "--name", ex_lab, *([] if keeps_data else ["--volumes"]))
    assert typed(home, "check").code == 3
    again = typed(home, "start", "--name", ex_lab)
    assert again.code == 0, again.err
    assert done(home).started_at == begun_at
    # What the learner deployed is the newest version still; or else nothing is taken for a change of theirs.
    exercise = catalogue.load(REPO / "exercises" / "02-destroy-a-worker")
    assert Scene(session.given(home, exercise), substrate_name).is_changed() is keeps_data
    assert "ok  The lab is whole again: two workers serve" in typed(home, "check").out
