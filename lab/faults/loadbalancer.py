"""A fault of the load balancer: a restart."""

from lab.faults.base import Before, Fault
from lab.host.wait import await_until
from lab.ledger.unshown import Harm
from lab.model.deadline import Deadline
from lab.model.errors import LabError
from lab.model.node import Role, State
from lab.substrates.base import CanPowerOff

_ANSWER_S = 10.0


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
        self._await_answer(by)
        started = self.ground.balancer.started_at(by)
        if started <= float(before["started"]):
            raise self.did_not_happen(f"it runs since {started:.0f}, before since {before['started']}")
        return f"it ran since {before['started']} and runs since {started:.0f} (seconds since 1970)"

    def heal(self, by: Deadline) -> None:
        # A restart that was cut may have come to the end of the load balancer, and no further.
        state = self.ground.state(self.target, by)
        if state is State.STOPPED and isinstance(self.ground.substrate, CanPowerOff):
            self.ground.substrate.power_on(self.ground.lab, self.target, by)
        elif state is State.RUNNING:
            try:
                self._await_answer(by.at_most(_ANSWER_S, f"{_ANSWER_S:g} s"))
            except LabError:
                self.ground.substrate.restart(self.ground.lab, self.target, by)

    def _await_answer(self, by: Deadline) -> None:
        await_until(
            lambda: None if self.ground.balancer.servers(by) is not None else "no answer",
            by,
            what="the load balancer's answer",
            mend="read the log of the load balancer",
        )
