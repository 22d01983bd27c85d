"""What a fault is, and the ground it is made on.

The shape follows Jepsen's nemesis: a fault knows which power of a substrate it needs, never which engine has it.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass, field
from ipaddress import IPv4Network
from typing import ClassVar

from lab.ledger.unshown import Harm
from lab.loadbalancer.runtime import LoadBalancer
from lab.model import labs, plan
from lab.model.deadline import Deadline
from lab.model.errors import LabError, UsageError
from lab.model.node import STORE, LabPlan, NodeName, Role, State
from lab.store import database
from lab.substrates.base import HasRoot, Reach, Substrate
from lab.traffic.notes import Waiting

Before = Mapping[str, str]
"""What a fault saw before it struck; it is compared with what is there afterwards."""

NO_POWER, NEEDS_ROOT = "not on this substrate", "needs root in a node, which nobody can be on this substrate"


@dataclass(frozen=True)
class Ground:
    """One lab on one substrate, and how a worker that is gone gets its successor.

    `unanswered` gives the writes of visitors that have had no answer for so many seconds, `in_doubt` those that ended
    without one; without visitors, none.
    """

    lab: str
    plan: LabPlan
    substrate: Substrate
    balancer: LoadBalancer
    revive: Callable[[NodeName, Deadline], None]
    unanswered: Callable[[float], Set[Waiting]] = field(default=lambda _: frozenset(), kw_only=True)
    in_doubt: Callable[[], Set[Waiting]] = field(default=lambda: frozenset(), kw_only=True)

    def state(self, name: NodeName, by: Deadline) -> State:
        """What the engine says of a node now."""
        states = {node.name: node.state for node in self.substrate.nodes(self.lab, by)}
        return states.get(name, State.ABSENT)

    def tell(self, name: NodeName, script: str, by: Deadline) -> str:
        """What a shell script gave when run as root in a node, without the line's end."""
        return _told(self._powers().root(self.lab, name), script, by)

    def ask(self, question: str, by: Deadline) -> str:
        """What the store's database answers to a question in SQL: a line a row, with | between its columns."""
        return database.ask(self._powers().root(self.lab, STORE), question, by)

    def tell_network(self, name: NodeName, script: str, by: Deadline) -> str:
        """What a shell script gave when run with rights over a node's network, without the line's end."""
        return _told(self._powers().network(self.lab, name, by), script, by)

    def _powers(self) -> HasRoot:
        if not isinstance(self.substrate, HasRoot):
            raise LabError(NEEDS_ROOT, where=self.substrate.name, mend="choose another fault")
        return self.substrate

    def address(self, name: NodeName) -> str:
        """The address of a node, also of one that the lab had once."""
        return plan.address(IPv4Network(self.plan.subnet), name)


# Scripts run in the node, and outlive whoever told them: one that heals begins when the one that strikes has ended. The
# lock is on the node's network, which all share that are told anything there, also from beside it.
_ONE_AT_A_TIME = "exec 9</proc/self/ns/net; flock 9\n"


def _told(reach: Reach, script: str, by: Deadline) -> str:
    return reach.run(["sh", "-euc", f"{_ONE_AT_A_TIME}{script}"], by).out.strip()


@dataclass(frozen=True)
class Fault(ABC):
    """One thing that can go wrong with one node of the ground.

    `hold_s` is how long it is kept up before it is healed, `says` what happens in plain words, `heals_by` what its
    healing waits for, `takes` what it takes away (so that a report can say what a run without it does not show). One
    that `needs_root` is made by root in it. What `stays_on_disk` outlives its node. One that `shows_late` is seen to
    have happened only when the hold ends, by `confirm`.
    """

    ground: Ground
    target: NodeName

    name: ClassVar[str]
    role: ClassVar[Role]
    says: ClassVar[str]
    heals_by: ClassVar[str] = "which takes a moment"
    hold_s: ClassVar[float] = 0.0
    takes: ClassVar[tuple[Harm, ...]] = ()
    needs_root: ClassVar[bool] = False
    stays_on_disk: ClassVar[bool] = False
    shows_late: ClassVar[bool] = False

    def impossible(self, by: Deadline) -> str | None:
        """Why it cannot be made here, None if it can. Leaves nothing changed."""
        return None

    def before(self, by: Deadline) -> Before:
        """What `verify` compares with."""
        return {}

    @abstractmethod
    def inject(self, by: Deadline) -> None:
        """Makes it happen."""

    @abstractmethod
    def verify(self, before: Before, by: Deadline) -> str:
        """The evidence that it happened, in words; raises LabError where there is none."""

    def confirm(self, seen: str, by: Deadline) -> str:
        """The evidence of a fault that `shows_late`; `seen` is what `verify` gave. Raises LabError as that does."""
        return seen

    def heal(self, by: Deadline) -> None:
        """Undoes it. Nothing to heal is success; it may be another process than the one that injected."""

    def undo(self, tell: Callable[[NodeName, str, Deadline], str], at: NodeName, script: str, by: Deadline) -> bool:
        """Has a script undo what was done in a node, and gives whether that node runs: what was done in the memory of
        one that does not ended with it. The script prints what is still there of it.

        Raises LabError where it prints anything, UsageError for a node that sleeps: what was done to it wakes with it.
        """
        state = self.ground.state(at, by)
        if state is State.RUNNING:
            if left := tell(at, script, by):
                raise self.not_healed(left)
            return True
        if state is State.SLEEPING and at in self.ground.plan.pool:
            # Nobody can wake it by hand, and the pool gets another one when it is filled.
            self.ground.substrate.destroy(self.ground.lab, at, by)
        elif state is State.SLEEPING:
            raise UsageError(
                f"{at} sleeps, and {self.name} of {self.target} can only be healed while it is awake",
                where=f"lab {self.ground.lab} on {self.ground.plan.substrate}",
                mend=f"wake it first: {labs.typed(f'wake {self.ground.plan.substrate}', self.ground.lab)}",
            )
        return False

    def not_healed(self, seen: str) -> LabError:
        """The error for a fault that is still there after its healing."""
        lab, substrate = self.ground.lab, self.ground.plan.substrate
        return LabError(
            f"{self.name} of {self.target} is not healed: {seen}",
            where=f"lab {lab} on {substrate}",
            mend=f"{labs.typed(f'heal {substrate}', lab)} tries it again",
        )

    def did_not_happen(self, seen: str) -> LabError:
        """The error for a fault without evidence."""
        return LabError(
            f"{self.name} of {self.target} did not happen: {seen}",
            where=f"fault {self.name}",
            mend="run it again; if it stays, this computer or node cannot make this fault",
        )
