"""A ground for faults without an engine: the plan of a lab that nobody brought up."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from lab.faults.base import Ground
from lab.loadbalancer.config import Limits
from lab.loadbalancer.runtime import LoadBalancer
from lab.model import plan, topology
from lab.model.deadline import Deadline
from lab.model.node import LabPlan, Mode, NodeName, Role
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
