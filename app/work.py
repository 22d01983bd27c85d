"""Work: what load is made of."""

import time

from flask.typing import ResponseReturnValue

import inputs

MOST_MS = 2000


def work() -> ResponseReturnValue:
    """Burns `cpu_ms` of this thread's own CPU time, then waits `wait_ms` as if for somebody else."""
    cpu_ms = inputs.number("cpu_ms", 0, 0, MOST_MS)
    wait_ms = inputs.number("wait_ms", 0, 0, MOST_MS)
    enough = time.thread_time() + cpu_ms / 1000
    while time.thread_time() < enough:
        sum(range(1000))
    time.sleep(wait_ms / 1000)
    return {"cpu_ms": cpu_ms, "wait_ms": wait_ms}
