"""Ctrl-C waits for the end of a block that must not be cut, unless it comes twice."""

import signal
from concurrent.futures import ThreadPoolExecutor

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
