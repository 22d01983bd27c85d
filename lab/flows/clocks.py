"""Clocks of machines that stood still while they ran: the computer under them was suspended."""

import time
from concurrent.futures import ThreadPoolExecutor
from email.utils import parsedate_to_datetime

from lab.flows.deployment import Deployment
from lab.host import http
from lab.model.deadline import Deadline
from lab.model.node import NodeSpec
from lab.model.plan import WORKER_PORT
from lab.substrates.base import CanSleep, Report

_LOOK_S = 5.0
# More than a clock runs away by itself between one `up` and the next.
_OFF_AT_MOST_S = 1.0


def mend(lab: Deployment, report: Report, by: Deadline) -> None:
    """Gives all nodes that run the right time, where a worker answers with another. Workers must be ready: only they
    tell the time, and who is suspended is so with all others. Containers have this computer's clock."""
    workers = lab.plan.workers()
    if not lab.substrate.has_own_kernel or not isinstance(lab.substrate, CanSleep) or not workers:
        return
    with ThreadPoolExecutor(len(workers)) as pool:
        off_s = max(pool.map(lambda spec: _off_s(spec, by), workers))
    if off_s > _OFF_AT_MOST_S:
        report(f"the clocks of its machines are wrong, by {off_s:.0f} s: setting them")
        lab.substrate.wake(lab.lab, [spec.name for spec in lab.plan.awake()], by)


def _off_s(spec: NodeSpec, by: Deadline) -> float:
    asked = time.time()
    answer = http.get(f"http://{spec.address}:{WORKER_PORT}/healthz", by.at_most(_LOOK_S, "one look at a clock"))
    return off_s(answer.headers.get("Date"), asked, time.time())


def off_s(date: str | None, asked: float, answered: float) -> float:
    """By how many seconds at least a clock is wrong that told this date (RFC 9110, section 5.6.7: whole seconds)
    between these two moments; 0 where it may be right, or told nothing. Pure."""
    if date is None:
        return 0.0
    told = parsedate_to_datetime(date).timestamp()
    return max(asked - (told + 1), told - answered, 0.0)
