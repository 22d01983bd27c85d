"""A fault of time: a node's clock is wrong."""

import time

from lab.faults.base import NO_POWER, Before, Fault, Ground
from lab.ledger.unshown import Harm
from lab.model.deadline import Deadline
from lab.model.node import NodeName, Role

_OFF_S = 300
_NEAR_S = 60
_RIGHT_S = 1.0
_SET_AT_MOST = 5


class ClockOff(Fault):
    """A worker's clock is five minutes ahead."""

    name = "clock"
    role = Role.WORKER
    needs_root = True
    hold_s = 5.0
    takes = (Harm.CLOCK,)
    says = "a worker's clock is five minutes ahead"

    def impossible(self, by: Deadline) -> str | None:
        if self.ground.substrate.has_own_kernel:
            return None
        return f"{NO_POWER}: a container's clock is this computer's"

    def inject(self, by: Deadline) -> None:
        self.ground.tell(self.target, f"date --set=@{time.time() + _OFF_S:.0f}", by)

    def verify(self, before: Before, by: Deadline) -> str:
        ahead = _ahead(self.ground, self.target, by)
        if ahead < _OFF_S - _NEAR_S:
            raise self.did_not_happen(f"its clock is {ahead:.0f} s ahead")
        return f"its clock is {ahead:.0f} s ahead"

    def heal(self, by: Deadline) -> None:
        # The first to tell a slow node anything waits for a login, and so sets a time that is over by then.
        for _ in range(_SET_AT_MOST):
            if not self.undo(self.ground.tell, self.target, f"date --set=@{time.time():.3f} >/dev/null", by):
                return
            asked_s, ahead_s = time.time(), _ahead(self.ground, self.target, by)
            off_s = max(ahead_s, asked_s - time.time() - ahead_s)
            if off_s <= _RIGHT_S:
                return
        raise self.not_healed(f"its clock is wrong by {off_s:.1f} s or more")


def _ahead(ground: Ground, target: NodeName, by: Deadline) -> float:
    return float(ground.tell(target, "date +%s.%N", by)) - time.time()
