"""Ctrl-C waits for the end of a block that must not be cut, unless it comes twice."""

import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest

from lab.host import interrupt


def interrupted(times: int, told: list[str], error: Exception | None = None) -> None:
    with interrupt.delayed():
        for _ in range(times):
            signal.raise_signal(signal.SIGINT)
        told.append("went on")
        if error is not None:
            raise error


def test_one_is_raised_at_the_end_of_the_block() -> None:
    told: list[str] = []
    with pytest.raises(KeyboardInterrupt):
        interrupted(1, told)
    assert told == ["went on"]


def test_a_second_one_cuts_the_block() -> None:
    told: list[str] = []
    with pytest.raises(KeyboardInterrupt):
        interrupted(2, told)
    assert told == []


def test_a_block_inside_another_one_leaves_it_to_that() -> None:
    told: list[str] = []

    def outer() -> None:
        with interrupt.delayed():
            interrupted(1, told)
            told.append("and on")

    with pytest.raises(KeyboardInterrupt):
        outer()
    assert told == ["went on", "and on"]


def test_who_ignores_ctrl_c_goes_on_to() -> None:
    told: list[str] = []
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        interrupted(1, told)
        with interrupt.delayed(lambda: told.append("nobody is to be told")):
            signal.raise_signal(signal.SIGINT)
    finally:
        signal.signal(signal.SIGINT, before)
    assert told == ["went on"]


def test_an_error_of_the_block_is_not_hidden_by_it() -> None:
    with pytest.raises(ValueError, match="own"):
        interrupted(1, [], ValueError("own"))


def test_the_handler_of_before_is_back_afterwards_and_a_thread_has_none() -> None:
    before = signal.getsignal(signal.SIGINT)
    with interrupt.delayed():
        assert signal.getsignal(signal.SIGINT) is not before
    assert signal.getsignal(signal.SIGINT) is before

    def inside() -> None:
        with interrupt.delayed():
            assert signal.getsignal(signal.SIGINT) is before

    with ThreadPoolExecutor(1) as pool:
        pool.submit(inside).result()


class CutOnceTaken:
    """A lock that is interrupted in the moment in which it was taken; no code of Python's runs for that."""

    __enter__ = partial(signal.raise_signal, signal.SIGINT)

    def __exit__(self, *_: object) -> None:
        """Lets go."""


@pytest.fixture
def installed() -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in (*interrupt._ENDS, signal.SIGALRM)}
    signal.signal(signal.SIGHUP, signal.SIG_DFL)  # also where the tests themselves were told to outlive a terminal
    interrupt.install()
    yield
    signal.setitimer(signal.ITIMER_REAL, 0)
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.usefixtures("installed")
def test_no_lock_of_a_condition_stays_taken_for_ever() -> None:
    condition, entered = threading.Condition(), []
    condition._lock = CutOnceTaken()  # type: ignore[attr-defined]

    def enter() -> None:
        with condition:
            entered.append("and so it is left, too")
            for _ in range(1000):
                time.sleep(0.01)

    with pytest.raises(KeyboardInterrupt):
        enter()
    assert entered


@pytest.mark.usefixtures("installed")
def test_a_polite_end_waits_for_the_end_of_the_block_too() -> None:
    told: list[str] = []

    def asked_to_end() -> None:
        with interrupt.delayed():
            signal.raise_signal(signal.SIGTERM)
            told.append("went on")

    with pytest.raises(KeyboardInterrupt):
        asked_to_end()
    assert told == ["went on"]


@pytest.mark.usefixtures("installed")
def test_the_end_of_the_terminal_which_is_told_twice_waits_for_the_end_of_the_block() -> None:
    told: list[str] = []

    def terminal_ends() -> None:
        with interrupt.delayed():
            for _ in range(2):
                signal.raise_signal(signal.SIGHUP)
            told.append("went on")

    with pytest.raises(KeyboardInterrupt):
        terminal_ends()
    signal.raise_signal(signal.SIGHUP)
    assert told == ["went on"], "and whoever heals after that is not cut by the second one"


def test_who_was_told_to_outlive_the_terminal_goes_on() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    others = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        interrupt.install()
        signal.raise_signal(signal.SIGHUP)
        with interrupt.delayed():
            signal.raise_signal(signal.SIGHUP)
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        for number, handler in {**others, signal.SIGHUP: before}.items():
            signal.signal(number, handler)


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_everywhere_else_it_is_raised_at_once(number: signal.Signals) -> None:
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(number)


def test_who_typed_it_hears_at_once_that_it_waits() -> None:
    told: list[str] = []

    def block() -> None:
        with interrupt.delayed(lambda: told.append("it waits")):
            told.append("in the block")
            signal.raise_signal(signal.SIGINT)
            told.append("went on")

    with pytest.raises(KeyboardInterrupt):
        block()
    assert told == ["in the block", "it waits", "went on"]
