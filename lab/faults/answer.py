"""A fault between a COMMIT and its answer: the write is there, and nobody is told.

For a moment the worker is cut from the store, so that requests wait in it. Then nothing that it sends reaches the load
balancer any more, and the store is reached again: the database commits what waited, and its answers vanish. The load
balancer, whose kernel asks a silent worker whether it is still there, gives these connections up after some seconds.
"""

from collections.abc import Set
from dataclasses import dataclass, field

from lab.faults.base import Before, Fault
from lab.faults.network import cut, joined
from lab.host.wait import await_until
from lab.ledger.unshown import Harm
from lab.ledger.writes import What
from lab.model.deadline import Deadline
from lab.model.node import LOADBALANCER, STORE, Mode, Role
from lab.traffic.notes import Waiting

# What did not reach the store the kernel sends again 0.2, 0.6 and 1.4 s after the first time, a connection after 1 s;
# so nearly all has come by then. It has to be seen before the load balancer, after 5 s, gives the worker up.
_PILE_S = 0.7
_SETTLE_S = 0.8
# A try that caught no entry is followed by another one: the load balancer gives a worker that is slow few requests.
_TRIES_S = 60.0
_BACK_S = 30.0
_CUT_S = 20.0


@dataclass(frozen=True)
class AnswerCut(Fault):
    """A worker's connections end after the COMMIT and before the answer.

    That is what makes duplicates where a repeat is not recognised. The evidence: an entry of the run is in the database
    while its request has no answer, and that very request ends without one before the worker is heard again.
    """

    name = "answer-cut"
    role = Role.WORKER
    needs_root = True
    shows_late = True
    hold_s = 3.0
    takes = (Harm.COMMIT,)
    says = "a worker's connections are cut after the COMMIT and before the answer"

    _evidence: list[Waiting] = field(default_factory=list, init=False, compare=False)
    """What `inject` caught: the load balancer may give the worker up before an emulated database is asked again."""

    def impossible(self, by: Deadline) -> str | None:
        if self.ground.plan.mode is Mode.STATEFUL:
            return "not in stateful mode: nothing can come between a worker and a database of its own"
        return None

    def before(self, by: Deadline) -> Before:
        # The first to ask a node may wait for a login, and an entry without an answer waits for a few seconds only.
        self._in_database([], by)
        return {}

    def inject(self, by: Deadline) -> None:
        tries = by.at_most(_TRIES_S, f"{_TRIES_S:g} s of tries")
        self._mute(by)
        while not (caught := self._caught(by)) and not tries.is_over():
            self.heal(by)
            self._await_requests(by)
            self._mute(by)
        self._evidence[:] = caught

    def verify(self, before: Before, by: Deadline) -> str:
        caught = self._evidence or self._caught(by)
        if not caught:
            raise self.did_not_happen("no entry was in the database while its request had no answer")
        return f"in the database, while its request has no answer: {', '.join(map(_named, caught))}"

    def confirm(self, seen: str, by: Deadline) -> str:
        def probe() -> str | None:
            left = self._waiting(_SETTLE_S + self.hold_s)
            return f"{len(left)} requests still wait" if left else None

        end = by.at_most(_CUT_S, f"{_CUT_S:g} s for connections to end")
        await_until(probe, end, what=f"the end of connections to {self.target}", mend="run it again")
        # Nobody knows on which worker a request waits: the other one may only have been slow with its answer.
        ended = sorted({one.key for one in self.ground.in_doubt() if _named(one) in seen})
        if not ended:
            raise self.did_not_happen(f"{seen}; each was answered in the end")
        return f"in the database, and their requests ended without an answer: {', '.join(ended)}"

    def heal(self, by: Deadline) -> None:
        script = f"{joined(self.ground.address(STORE))}\n{joined(self.ground.address(LOADBALANCER))}"
        self.undo(self.ground.tell_network, self.target, script, by)

    def _mute(self, by: Deadline) -> None:
        """Has requests wait in the worker, cuts it from the load balancer, and lets the database have what waits."""
        store, balancer = self.ground.address(STORE), self.ground.address(LOADBALANCER)
        steps = (cut(store), f"sleep {_PILE_S}", cut(balancer), joined(store), f"sleep {_SETTLE_S}")
        self.ground.tell_network(self.target, "\n".join(steps), by)

    def _caught(self, by: Deadline) -> list[Waiting]:
        """The entries that the database has, and whose request had no answer before it was asked and has none after."""
        waiting = self._waiting()
        there = self._in_database([one.key for one in waiting], by) if waiting else frozenset[str]()
        return sorted(one for one in waiting & self._waiting() if one.key in there)

    def _waiting(self, for_s: float = _SETTLE_S) -> Set[Waiting]:
        """The entries whose request has had no answer for so long."""
        return {one for one in self.ground.unanswered(for_s) if one.what is What.ENTRY}

    def _in_database(self, keys: list[str], by: Deadline) -> Set[str]:
        listed = ", ".join(f"'{key}'" for key in ["", *keys])
        return set(self.ground.ask(f"SELECT key FROM entries WHERE key IN ({listed})", by).split())

    def _await_requests(self, by: Deadline) -> None:
        """Returns once the load balancer, which noticed that the worker was not heard, gives it requests again."""

        def probe() -> str | None:
            serving = {server.name for server in self.ground.balancer.servers(by) or [] if server.is_serving}
            return None if str(self.target) in serving else f"serving: {', '.join(sorted(serving))}"

        back = by.at_most(_BACK_S, f"{_BACK_S:g} s")
        await_until(probe, back, what=f"requests for {self.target}", mend="read the log of the load balancer")


def _named(one: Waiting) -> str:
    """One attempt, as the evidence names it."""
    return f"{one.key} (sent at {one.sent_s:.3f} s)"
