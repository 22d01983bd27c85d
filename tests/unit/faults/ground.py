"""A ground for faults without an engine: the plan of a lab that nobody brought up."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from lab.faults.base import Ground
from lab.loadbalancer.config import Limits
from lab.loadbalancer.runtime import LoadBalancer
from lab.model import plan, topology
from lab.model.deadline import Deadline
from lab.model.node import STORE, LabPlan, Mode, NodeName, Role, State
from lab.substrates import registry
from lab.substrates.base import Reach

REPO = Path(__file__).resolve().parents[3]
NOBODY = Reach(("false",), ("false",), False, "nobody")
KEYS: Mapping[Role, str] = dict.fromkeys(Role, "key")


def planned(workers: tuple[int, ...] = (1, 2)) -> LabPlan:
    def configure(_workers: Iterable[tuple[str, str]], _mode: Mode) -> str:
        return ""

    asked = plan.Asked("blue", "docker", 0, Mode.STATELESS, workers)
    return plan.make(asked, topology.load(REPO / "topology.toml", registry.NAMES), KEYS, "geheim", configure)


def ground(balancer_at: str = "127.0.0.1") -> Ground:
    def revive(name: NodeName, _by: Deadline) -> None:
        raise AssertionError(f"{name} is not to be revived")

    balancer = LoadBalancer(NOBODY, balancer_at, Limits(8, 2, 500), sticky=False)
    return Ground("blue", planned(), registry.get("docker"), balancer, revive)


@dataclass(frozen=True)
class Told(Ground):
    """A ground whose nodes are as `states` says, absent where it does not. What a node is told is noted, and answered
    with what stands in `answers` for a word of it."""

    states: dict[NodeName, State] = field(default_factory=dict)
    answers: dict[str, str] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)

    def state(self, name: NodeName, by: Deadline) -> State:
        return self.states.get(name, State.ABSENT)

    def tell(self, name: NodeName, script: str, by: Deadline) -> str:
        self.said.append(f"{name}: {script}")
        return next((answer for word, answer in self.answers.items() if word in script), "")

    tell_network = tell

    def ask(self, question: str, by: Deadline) -> str:
        return self.tell(STORE, question, by)


def told(plan: LabPlan | None = None, answers: dict[str, str] | None = None, **states: State) -> Told:
    on = ground()
    named = {NodeName.parse(name.replace("_", "-")): state for name, state in states.items()}
    return Told(on.lab, plan or on.plan, on.substrate, on.balancer, on.revive, named, answers or {})
