"""Things that are done at once: each is, and what failed is told in the end."""

import subprocess
import sys
import time
from collections.abc import Callable
from threading import Barrier, Event

import pytest

from lab.host.beside import meanwhile, side_by_side
from lab.model.errors import LabError


def test_all_are_done_at_once_also_where_one_fails() -> None:
    together, done = Barrier(3), list[str]()

    def do(thing: str) -> None:
        together.wait(10)
        if thing == "bad":
            raise LabError("it did not work", where="here", mend="try again")
        done.append(thing)

    with pytest.raises(LabError, match="it did not work"):
        side_by_side(["bad", "one", "two"], do, pytest.fail)
    assert sorted(done) == ["one", "two"]


def test_a_bug_is_raised_before_what_people_can_mend_and_nothing_is_lost() -> None:
    def do(error: Exception) -> None:
        raise error

    told: list[str] = []
    failures = [LabError(said, where="here", mend="wait") for said in ("one", "two")]
    with pytest.raises(ZeroDivisionError):
        side_by_side([*failures, ZeroDivisionError()], do, told.append)
    assert sorted(line.splitlines()[0] for line in told) == ["that failed, too: one", "that failed, too: two"]


def test_nothing_to_do_is_done() -> None:
    side_by_side([], pytest.fail, pytest.fail)


def test_the_end_of_the_program_waits_for_none_of_them() -> None:
    code = (
        "import threading, time; from lab.host.beside import side_by_side\n"
        "begun = threading.Event()\n"
        "work = lambda: side_by_side([60.0], lambda long_s: (begun.set(), time.sleep(long_s)), print)\n"
        "threading.Thread(target=work, daemon=True).start()\n"
        "assert begun.wait(30), 'nothing was begun'"
    )
    began = time.monotonic()
    subprocess.run([sys.executable, "-c", code], check=True, timeout=50)
    assert time.monotonic() - began < 50


def test_what_is_done_meanwhile_is_done_again_and_again_and_ends_with_the_block() -> None:
    calls, third, told = 0, Event(), Event()

    def do(is_over: Callable[[], bool]) -> None:
        nonlocal calls
        calls += 1
        if calls == 3:
            third.set()
            assert told.wait(10)
            ends.append(is_over())
            ended.set()

    ends, ended = list[bool](), Event()
    with meanwhile(do, 0.01):
        assert third.wait(10)
    # The third call still goes on: nobody waits for it, and it can tell that the block is over.
    told.set()
    assert ended.wait(10)
    assert (ends, calls) == ([True], 3)


def failing(after: int) -> tuple[Callable[[Callable[[], bool]], None], Event, list[int]]:
    """What fails at its call of this number; with what tells that it did, and a list that grows with each call."""
    calls, failed = list[int](), Event()

    def do(_is_over: Callable[[], bool]) -> None:
        calls.append(len(calls))
        if len(calls) == after:
            failed.set()
            raise ZeroDivisionError

    return do, failed, calls


def test_what_fails_meanwhile_is_raised_when_the_block_has_ended() -> None:
    do, failed, calls = failing(after=2)
    ended = Event()

    def work() -> None:
        with meanwhile(do, 0.01):
            assert failed.wait(10)
            # It does not come in the middle of what the block does, and there is no further call.
            time.sleep(0.1)
            ended.set()

    with pytest.raises(ZeroDivisionError):
        work()
    assert (ended.is_set(), len(calls)) == (True, 2)


def test_a_block_that_fails_itself_says_so_whatever_failed_meanwhile() -> None:
    do, failed, _ = failing(after=1)

    def work() -> None:
        with meanwhile(do, 0.01):
            assert failed.wait(10)
            raise LabError("it did not work", where="here", mend="try again")

    with pytest.raises(LabError, match="it did not work"):
        work()
