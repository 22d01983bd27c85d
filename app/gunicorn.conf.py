"""How gunicorn runs the app: one process with threads, and a drain before it stops (see drain.py).

gunicorn -c gunicorn.conf.py 'app:create_app()'
"""

import gc
import os
import signal
import sys
from types import FrameType
from typing import Any

from settings import WrongSetting, read

TICK_S = 0.1

# What is imported from here on stays to the end. Looking for garbage among it would take a tenth of the start.
gc.disable()

try:
    settings = read(os.environ)
except WrongSetting as wrong:
    sys.stderr.write(f"error: {wrong}. Settings come from the environment; see settings.py\n")
    sys.exit(2)

bind = f"0.0.0.0:{settings.port}"
workers = 1
worker_class = "gthread"
threads = settings.threads
preload_app = True  # the app is made before the fork, so that both processes share its drain
graceful_timeout = 30
keepalive = 75  # longer than the balancer keeps an idle connection: who closes first is never in doubt
timeout = 0  # no watchdog: a lab that slept for an hour would be taken for one that hangs
control_socket_disable = True  # newer versions only: a worker with a read-only root has no place for it


def when_ready(server: Any) -> None:
    """On SIGTERM drain first; gunicorn's own way of stopping comes after it."""
    drain = server.app.wsgi().extensions["lab_drain"]

    def begin(_signal: int, _frame: FrameType | None) -> None:
        drain.begin()
        signal.setitimer(signal.ITIMER_REAL, TICK_S, TICK_S)

    def look(_signal: int, frame: FrameType | None) -> None:
        if drain.is_over():
            signal.setitimer(signal.ITIMER_REAL, 0)
            server.signal(signal.SIGTERM, frame)

    signal.signal(signal.SIGALRM, look)
    signal.signal(signal.SIGTERM, begin)


def post_worker_init(worker: Any) -> None:
    """Threads and connections begin here: they do not survive the fork."""
    gc.freeze()
    gc.enable()
    worker.wsgi.extensions["lab_health"].watch()


def pre_request(worker: Any, request: Any) -> None:
    """While draining each answer ends its connection, so that none is left open when we stop."""
    if worker.wsgi.extensions["lab_drain"].is_on():
        request.force_close()
