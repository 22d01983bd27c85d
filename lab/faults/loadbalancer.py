"""Faults of the load balancer: a restart, and answers that it cuts off."""

import time
from itertools import count

from lab.faults.base import Before, Fault, Ground
from lab.host.wait import await_until
from lab.ledger.unshown import Harm
from lab.model.deadline import Deadline
from lab.model.node import NodeName, Role

_CUTS = 60
_CUTS_FOR_S = 6.0
# Where requests are few, a worker is idle for most of the time: cutting then goes on until one was cut.
_CUTS_FOR_AT_MOST_S = 60.0
_COUNT_S = 30.0


class Restart(Fault):
    """The load balancer is ended and started again, with all that it had in flight."""

    name = "balancer-restart"
    role = Role.LOADBALANCER
    takes = (Harm.BALANCER,)
    says = "the load balancer is restarted"

    def before(self, by: Deadline) -> Before:
        return {"started": f"{self.ground.balancer.started_at(by):.0f}"}

    def inject(self, by: Deadline) -> None:
        self.ground.substrate.restart(self.ground.lab, self.target, by)

    def verify(self, before: Before, by: Deadline) -> str:
        await_until(
            lambda: None if self.ground.balancer.servers(by) is not None else "no answer",
            by,
            what="the load balancer's answer",
            mend="read the log of the load balancer",
        )
        started = self.ground.balancer.started_at(by)
        if started <= float(before["started"]):
            raise self.did_not_happen(f"it runs since {started:.0f}, before since {before['started']}")
        return f"it ran since {before['started']} and runs since {started:.0f} (seconds since 1970)"


class AnswerCut(Fault):
    """Connections between a worker and its users are cut while it works: some of these may be after the COMMIT.

    That is what makes duplicates where a repeat is not recognised.
    """

    name = "answer-cut"
    role = Role.WORKER
    takes = (Harm.ANSWER,)
    says = "connections are cut while a worker answers; some of these may be after the COMMIT"

    def before(self, by: Deadline) -> Before:
        return {"unanswered": str(_unanswered(self.ground, self.target, by))}

    def inject(self, by: Deadline) -> None:
        before = _unanswered(self.ground, self.target, by)
        least, most = (by.at_most(seconds, "cutting answers off") for seconds in (_CUTS_FOR_S, _CUTS_FOR_AT_MOST_S))
        for number in count(1):
            self.ground.balancer.cut_sessions(str(self.target), by)
            is_enough = number >= _CUTS or least.is_over()
            if is_enough and (most.is_over() or _unanswered(self.ground, self.target, by) > before):
                return
            time.sleep(0.02)

    def verify(self, before: Before, by: Deadline) -> str:
        cut = _unanswered(self.ground, self.target, by) - int(before["unanswered"])
        if cut < 1:
            raise self.did_not_happen("no request was in flight whenever it was tried")
        return f"{cut} requests in flight on {self.target} ended without an answer; some may have been after the COMMIT"


def _unanswered(ground: Ground, target: NodeName, by: Deadline) -> int:
    """How many requests of a worker ended without an answer; what does not tell is an error, never a nought."""
    counts: list[int] = []

    def probe() -> str | None:
        servers = ground.balancer.servers(by)
        if servers is None:
            return "no answer from the load balancer"
        counts[:] = [server.unanswered for server in servers if server.name == str(target)]
        return None if counts else f"the load balancer does not know {target}"

    look = by.at_most(_COUNT_S, f"{_COUNT_S:g} s for one figure")
    await_until(probe, look, what=f"the count of requests on {target}", mend="read the log of the load balancer")
    return counts[0]
