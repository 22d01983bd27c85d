"""Ctrl-C: where it must not come in the middle of something."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType

_ENTERING = frozenset({threading.Condition.__enter__.__code__, threading.Condition.__exit__.__code__})
_AGAIN_S = 0.01
_ENDS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def install() -> None:
    """Has Ctrl-C, a polite end (a time limit, a shutdown) and the end of the terminal raise KeyboardInterrupt, but
    never where that would leave a lock taken. Who was started in the background, and so ignores Ctrl-C, goes on to; so
    does who ignores the end of the terminal (nohup)."""
    signal.signal(signal.SIGTERM, _raise)
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _raise)
    if signal.getsignal(signal.SIGHUP) is signal.SIG_DFL:
        signal.signal(signal.SIGHUP, _raise)


def _raise(number: int, frame: FrameType | None) -> None:
    """Raises as Python's own handler does, but not while a condition is entered or left: its lock would stay taken, and
    whoever wants it next, such as the pool of connections to an engine, would wait for ever."""
    if _is_entering(frame):
        _send_again(number)
        return
    if number == signal.SIGHUP:
        # A terminal ends once and is heard of twice, by the shell and by the kernel: nobody asks for more haste.
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
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
def delayed(say: Callable[[], object] = lambda: None) -> Iterator[None]:
    """Ctrl-C inside the block, a polite end or the end of the terminal comes at its end, and `say` is called at once; a
    second one, but of the terminal, cuts the block. A block inside another one leaves it to that, and who ignores
    Ctrl-C goes on to. Threads never get one: no change."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[int] = []
    before = {number: signal.getsignal(number) for number in _ENDS}

    def put_back() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    def note(number: int, _frame: FrameType | None) -> None:
        came.append(number)
        if number != signal.SIGHUP:
            put_back()
        if before[signal.Signals(number)] is not signal.SIG_IGN:
            # What is just being printed cannot be printed into; then nothing is said.
            with suppress(RuntimeError):
                say()

    for number in before:
        signal.signal(number, note)
    try:
        yield
    finally:
        put_back()
    if came:
        signal.raise_signal(came[0])
