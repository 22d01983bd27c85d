"""Faults of a worker: its death, a pause, an orderly end."""

from typing import ClassVar

from lab.faults.base import NO_POWER, Before, Fault
from lab.ledger.unshown import Harm
from lab.model.deadline import Deadline
from lab.model.node import Role, State
from lab.substrates.base import CanPause


class _Ended(Fault):
    """A worker that ran is in the state `after`; its successor heals it."""

    role = Role.WORKER
    heals_by = "which takes until its successor is ready"
    after: ClassVar[State]

    def before(self, by: Deadline) -> Before:
        return {"state": str(self.ground.state(self.target, by))}

    def verify(self, before: Before, by: Deadline) -> str:
        now = self.ground.state(self.target, by)
        if before["state"] != State.RUNNING or now is not self.after:
            raise self.did_not_happen(f"it was {before['state']} and is {now}")
        return f"{self.target} was running and is {now}"

    def heal(self, by: Deadline) -> None:
        if self.target in self.ground.plan.worker_names:
            self.ground.revive(self.target, by)


class Kill(_Ended):
    """A worker is destroyed without warning."""

    name = "kill"
    takes = (Harm.WORKER,)
    says = "a worker is killed and removed, without warning"
    after = State.ABSENT

    def inject(self, by: Deadline) -> None:
        self.ground.substrate.destroy(self.ground.lab, self.target, by)


class Stop(_Ended):
    """A worker is asked to end (SIGTERM): it finishes what it has begun."""

    name = "stop"
    takes = (Harm.ORDERLY,)
    says = "a worker is asked to end, finishes what it has begun, and ends"
    after = State.STOPPED

    def inject(self, by: Deadline) -> None:
        self.ground.substrate.stop(self.ground.lab, self.target, by)


class Pause(Fault):
    """A worker is frozen where it stands, as a garbage collector or an overloaded host may do, and goes on later."""

    name = "pause"
    role = Role.WORKER
    hold_s = 4.0
    takes = (Harm.FROZEN,)
    says = "a worker is frozen for some seconds and then goes on"

    def impossible(self, by: Deadline) -> str | None:
        return None if isinstance(self.ground.substrate, CanPause) else NO_POWER

    def inject(self, by: Deadline) -> None:
        if isinstance(self.ground.substrate, CanPause):
            self.ground.substrate.pause(self.ground.lab, self.target, by)

    def verify(self, before: Before, by: Deadline) -> str:
        after = self.ground.state(self.target, by)
        if after is not State.SLEEPING:
            raise self.did_not_happen(f"it is {after}")
        return f"the engine says that {self.target} is frozen"

    def heal(self, by: Deadline) -> None:
        # Also one that runs: the engine may still be at the pause that a killed process asked for.
        there = self.ground.state(self.target, by) in (State.RUNNING, State.SLEEPING)
        is_wanted = self.target not in self.ground.plan.pool
        if there and is_wanted and isinstance(self.ground.substrate, CanPause):
            self.ground.substrate.resume(self.ground.lab, self.target, by)
