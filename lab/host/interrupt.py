"""Ctrl-C: where it must not come in the middle of something."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_ENTERING = frozenset({threading.Condition.__enter__.__code__, threading.Condition.__exit__.__code__})
_AGAIN_S = 0.01


def install() -> None:
    """Has Ctrl-C, and a polite end (a time limit, a shutdown), raise KeyboardInterrupt, but never where that would
    leave a lock taken. Who was started in the background, and so ignores Ctrl-C, goes on to."""
    signal.signal(signal.SIGTERM, _raise)
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _raise)


def _raise(number: int, frame: FrameType | None) -> None:
    """Raises as Python's own handler does, but not while a condition is entered or left: its lock would stay taken, and
    whoever wants it next, such as the pool of connections to an engine, would wait for ever."""
    if _is_entering(frame):
        _send_again(number)
    else:
        raise KeyboardInterrupt


def _send_again(number: int) -> None:
    def send(_number: int, frame: FrameType | None) -> None:
        if _is_entering(frame):
            _send_again(number)
        else:
            signal.raise_signal(number)

    signal.signal(signal.SIGALRM, send)
    signal.setitimer(signal.ITIMER_REAL, _AGAIN_S)


def _is_entering(frame: FrameType | None) -> bool:
    return frame is not None and frame.f_code in _ENTERING


@contextmanager
def delayed() -> Iterator[None]:
    """Ctrl-C inside the block is raised at its end; a second one cuts the block. Threads never get one: no change."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came = False
    before = signal.getsignal(signal.SIGINT)

    def note(_number: int, _frame: FrameType | None) -> None:
        nonlocal came
        came = True
        signal.signal(signal.SIGINT, before)

    signal.signal(signal.SIGINT, note)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
    if came:
        raise KeyboardInterrupt
