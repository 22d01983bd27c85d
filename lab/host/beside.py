"""What is done in threads of its own, where one that hangs must keep no other waiting."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from threading import Event, Thread
from typing import TypeVar

from lab.model.errors import LabError

T = TypeVar("T")


def side_by_side(things: Iterable[T], do: Callable[[T], None], tell: Callable[[str], None]) -> None:
    """Does it for each in a thread of its own, and returns once all have ended.

    Then raises what failed: a bug of ours before a LabError, the earliest first; `tell` hears of the others.
    """
    failed: list[BaseException] = []

    def one(thing: T) -> None:
        try:
            do(thing)
        except BaseException as error:  # noqa: BLE001 - it is raised by who awaits it
            failed.append(error)

    # Who is interrupted waits for none of them, as the end of a program waits for a pool's threads.
    threads = [Thread(target=one, args=(thing,), name=f"beside: {thing}", daemon=True) for thing in things]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    failed.sort(key=lambda error: isinstance(error, LabError))
    for other in failed[1:]:
        tell(f"that failed, too: {other}")
    if failed:
        raise failed[0]


@contextmanager
def meanwhile(do: Callable[[Callable[[], bool]], None], every_s: float) -> Iterator[None]:
    """While the block lasts, `do` is called every so many seconds, and given what tells it whether the block is over.

    A call that is under way then is not waited for. One that fails is the last, and what it raised is raised at the end
    of the block, unless the block itself fails.
    """
    is_over, failed = Event(), list[BaseException]()

    def repeat() -> None:
        try:
            while not is_over.wait(every_s):
                do(is_over.is_set)
        except BaseException as error:  # noqa: BLE001 - it is raised where the block ends
            failed.append(error)

    Thread(target=repeat, name="meanwhile", daemon=True).start()
    try:
        yield
    finally:
        is_over.set()
    if failed:
        raise failed[0]
