"""A verb that is ended at any step it reports: `up` then finishes, `destroy` then leaves nothing."""

import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lab.host import paths
from lab.host.wait import await_until
from lab.model.deadline import Deadline
from lab.model.node import NodeName, State
from lab.substrates import registry
from tests.cli.cutting import STEPS_AT_MOST, cut, cuts, step
from tests.conftest import REPO, Typed, type_lab

LAB = "test-cut"


@pytest.fixture
def clean(substrate_name: str) -> Iterator[str]:
    yield substrate_name
    done("afterwards", destroy(substrate_name))
    assert nothing_is_left(substrate_name)


def things(substrate: str) -> list[str]:
    """What the engine has of the lab."""
    return registry.get(substrate).leftovers(Deadline.after(60, "looking")).get(LAB, [])


def at_work() -> str | None:
    """The programs that name the lab: its folder, or what an engine has of it. Each may take a moment to end."""
    lines = [read(process / "cmdline") for process in Path("/proc").glob("[0-9]*")]
    return "; ".join(line for line in lines if f"labkit-{LAB}_" in line or str(paths.lab(LAB)) in line) or None


def read(file: Path) -> str:
    try:
        return file.read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:  # the process has ended
        return ""


def nothing_is_left(substrate: str) -> bool:
    await_until(at_work, Deadline.after(10, "10 s"), what="the end of what works for the lab", mend="end it by hand")
    return not things(substrate) and not paths.lab(LAB).exists()


def up(substrate: str) -> list[str]:
    return ["up", substrate, "--workers", "1", "--name", LAB]


def destroy(substrate: str) -> list[str]:
    return ["destroy", substrate, "--volumes", "--yes", "--name", LAB]


def done(at: str, words: list[str]) -> Typed:
    """Types a verb that has to succeed; `at` says when."""
    gave = type_lab(*words)
    assert gave.code == 0, f"{at}: {gave.err}"
    return gave


either_signal = pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT], ids=lambda number: number.name)
# CI has a minute or more for one of the two only: the harder one, after which nobody cleans up.
long_for_sigint = pytest.mark.parametrize(
    "number", [signal.SIGKILL, pytest.param(signal.SIGINT, marks=pytest.mark.long)], ids=lambda number: number.name
)


@pytest.mark.only("docker")
@long_for_sigint
def test_up_finishes_after_it_was_cut_at_any_step(clean: str, number: signal.Signals) -> None:
    for at in cuts(up(clean), number):
        done(at, up(clean))
        done(at, destroy(clean))
        assert nothing_is_left(clean), at


@pytest.mark.only("docker")
@long_for_sigint
def test_destroy_leaves_nothing_after_up_was_cut_at_any_step(clean: str, number: signal.Signals) -> None:
    for at in cuts(up(clean), number):
        done(at, destroy(clean))
        assert nothing_is_left(clean), at


@pytest.mark.only("docker")
@either_signal
def test_destroy_goes_on_after_it_was_cut_at_each_thing_that_it_removed(clean: str, number: signal.Signals) -> None:
    done("before", up(clean))
    left = [things(clean)]
    # Each time at its first step: the next one has to go on from where this one was cut.
    while left[-1] and len(left) < STEPS_AT_MOST:
        cut(destroy(clean), step(1), number)
        left.append(things(clean))
    assert len(left) > 3, "it was not cut in the middle of its work"
    done("in the end", destroy(clean))
    assert nothing_is_left(clean)


@pytest.mark.only("vagrant")
@long_for_sigint
def test_a_lab_of_machines_is_mended_or_removed_after_up_was_cut(clean: str, number: signal.Signals) -> None:
    cut_once(lambda: len(states(clean)) > 0, up(clean), number)
    again = done("defined", up(clean))
    # Killed, it could not end what it had started; interrupted, it did.
    assert ("ended what an interrupted run had left: vagrant up" in again.err) is (number is signal.SIGKILL)
    done("defined", destroy(clean))
    assert nothing_is_left(clean)

    cut_once(lambda: [*states(clean).values()].count(State.RUNNING) == 3, up(clean), number)
    done("booting", up(clean))
    done("booting", destroy(clean))
    assert nothing_is_left(clean)

    assert cut(up(clean), lambda _, line: "waiting for worker-1" in line, number)
    done("awaiting ready", up(clean))
    # It works by name, without any other file.
    shutil.rmtree(paths.lab(LAB))
    done("awaiting ready", destroy(clean))
    assert nothing_is_left(clean)


def states(substrate: str) -> dict[NodeName, State]:
    """What the machines of the lab are doing."""
    nodes = registry.get(substrate).nodes(LAB, Deadline.after(60, "looking"))
    return {node.name: node.state for node in nodes}


def cut_once(seen: Callable[[], bool], words: list[str], number: signal.Signals) -> None:
    """Types a verb and ends it with a signal, and nothing that it started, once something is seen."""
    process = subprocess.Popen(
        [sys.executable, "-m", "lab", *words], cwd=REPO, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL
    )

    def probe() -> str | None:
        assert process.poll() is None, "it ended before it was cut"
        return None if seen() else "not yet"

    try:
        await_until(probe, Deadline.after(600, "one cut"), what="the moment to cut", mend="see the lab's state")
    finally:
        process.send_signal(number)
        status = process.wait(60)
    assert status == (130 if number is signal.SIGINT else -number)
