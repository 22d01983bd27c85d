"""Who disturbed a run, and who is its own."""

import pytest

from lab.comparison import quiet
from lab.comparison.quiet import Household
from lab.host.usage import Process, Usage

US = 100
# What is there before a comparison: process 1, a kernel thread, a shell in which we were started, an engine's daemon
# with a container of somebody else, and an editor.
BEFORE = [(1, 0, "init"), (2, 0, "kthreadd"), (3, 2, "kworker"), (50, 1, "bash"), (US, 50, "lab")]
BEFORE += [(60, 1, "engined"), (61, 1, "shim"), (62, 61, "theirs"), (70, 1, "editor")]


def _usage(at: float, who: list[tuple[int, int, str]], used: dict[int, float], stolen_s: float = 0.0) -> Usage:
    return Usage(at, {pid: Process(pid, parent, name, pid, used.get(pid, 0.0)) for pid, parent, name in who}, stolen_s)


HOME = quiet.household(_usage(0, BEFORE, {}), US, {"engined"})


def _share(later: list[tuple[int, int, str]], used: dict[int, float], stolen_s: float = 0.0) -> float:
    """Others' share of ten seconds on two processors."""
    before, after = _usage(0, BEFORE, {}), _usage(10, [*BEFORE, *later], used, stolen_s)
    return quiet.others(HOME, before, after, 2)


@pytest.mark.parametrize(
    ("who", "later", "used"),
    [
        ("ourselves", [], {US: 9.0}),
        ("a program that we started", [(101, US, "tool"), (102, 101, "ruby")], {101: 4.0, 102: 4.0}),
        ("the engine's daemon", [], {60: 5.0}),
        ("what a daemon started", [(200, 60, "helper")], {200: 5.0}),
        ("a new container", [(201, 1, "shim"), (202, 201, "worker")], {201: 1.0, 202: 8.0}),
        ("a new machine", [(203, 1, "emulator")], {203: 15.0}),
        ("the kernel", [], {2: 3.0, 3: 3.0}),
        ("process 1, which waited for what we ended", [], {1: 30.0}),
    ],
)
def test_what_the_comparison_does_itself_is_no_disturbance(
    who: str, later: list[tuple[int, int, str]], used: dict[int, float]
) -> None:
    assert _share(later, used) == 0.0, who


@pytest.mark.parametrize(
    ("who", "later", "used"),
    [
        ("an editor", [], {70: 2.0}),
        ("somebody else's container", [], {62: 2.0}),
        ("a program that was started in the shell", [(301, 50, "make"), (302, 301, "cc")], {301: 0.5, 302: 1.5}),
        ("programs that have ended, and that the shell waited for", [], {50: 2.0}),
    ],
)
def test_what_others_do_is_counted(who: str, later: list[tuple[int, int, str]], used: dict[int, float]) -> None:
    assert _share(later, used) == pytest.approx(0.1), who


def test_what_the_computer_was_not_given_is_counted() -> None:
    assert _share([], {}, stolen_s=4.0) == pytest.approx(0.2)


def test_two_ticks_are_no_evidence() -> None:
    before, after = _usage(0, BEFORE, {}), _usage(0.05, BEFORE, {70: 0.02})
    assert quiet.others(HOME, before, after, 2) == 0.0


def test_a_number_that_was_given_to_another_process_is_not_taken_for_the_one_before() -> None:
    after = Usage(10, {70: Process(70, US, "tool", 999, 5.0), US: Process(US, 50, "lab", US, 0)}, 0.0)
    assert HOME.others_s(after) == 0.0


def test_a_share_is_never_more_than_all() -> None:
    assert _share([], {70: 500.0}) == 1.0


def test_nobody_is_counted_before_the_clock_moves() -> None:
    same = _usage(0, BEFORE, {})
    assert quiet.others(HOME, same, same, 2) == 0.0


@pytest.mark.parametrize(
    ("shares", "noisy"),
    [((), False), ((0.0,) * 5, False), ((0.04,) * 5, False), ((0.5, 0, 0, 0, 0), False), ((0.5, 0.06, 0, 0, 0), True)],
)
def test_a_cell_is_noisy_where_more_than_a_quarter_of_its_runs_were_disturbed(
    shares: tuple[float, ...], noisy: bool
) -> None:
    assert quiet.is_noisy(shares) is noisy


def test_a_household_knows_its_own() -> None:
    assert Household(frozenset({(1, 1)}), 5, frozenset()) == quiet.household(_usage(0, [(1, 0, "init")], {}), 5, [])
