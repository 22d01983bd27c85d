"""`lab provision`: running nodes held against the roles that made them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lab.flows import deployment
from lab.flows.deployment import Deployment
from lab.model.deadline import Deadline
from lab.model.errors import UnknownError
from lab.model.node import NodeName, Role, State
from lab.provision import layers, roles
from lab.substrates.base import Report

_PLAYBOOK = layers.PLAYBOOKS / "nodes.yml"


@dataclass(frozen=True)
class Drift:
    """What differs on a node: the tasks that would change it, or, after a repair, that did."""

    node: str
    tasks: tuple[str, ...]
    repaired: bool
    advice: str


def provision(lab: Deployment, report: Report, by: Deadline, *, apply: bool) -> list[Drift]:
    """How each node differs from its roles. With `apply` the store and the load balancer are repaired and, where that
    changed something, restarted; a worker never is: it keeps nothing, so it is replaced.

    Raises UnknownError where a node of the lab does not run.
    """
    running = [node.name for node in lab.substrate.nodes(lab.lab, by) if node.state is State.RUNNING]
    if silent := {spec.name for spec in lab.plan.awake()} - set(running):
        raise UnknownError(
            f"not running, so not to be compared: {', '.join(str(name) for name in sorted(silent))}",
            where=f"lab {lab.lab} on {lab.plan.substrate}",
            mend=lab.typed("up @"),
        )
    workers = [name for name in running if name.role is Role.WORKER]
    if not apply:
        return _compare(lab, running, report, by)
    with deployment.changing(lab.lab, "provision", by, tell=report):
        others = [name for name in running if name not in workers]
        changed = _play(lab, others, report, by, check=False)
        for name in others:
            if changed[str(name)]:
                report(f"restarting {name}, which was repaired")
                lab.substrate.restart(lab.lab, name, by)
        repaired = [Drift(name, tasks, True, "") for name, tasks in changed.items()]
        return repaired + _compare(lab, workers, report, by)


def _compare(lab: Deployment, names: Sequence[NodeName], report: Report, by: Deadline) -> list[Drift]:
    found = _play(lab, names, report, by, check=True)
    return [Drift(str(name), found[str(name)], False, _advice(lab, name, found[str(name)])) for name in names]


def _advice(lab: Deployment, name: NodeName, tasks: Sequence[str]) -> str:
    if not tasks:
        return ""
    return lab.typed(f"replace @/{name}" if name.role is Role.WORKER else "provision @ --apply")


def _play(
    lab: Deployment, names: Sequence[NodeName], report: Report, by: Deadline, *, check: bool
) -> Mapping[str, tuple[str, ...]]:
    """Runs the roles on all these nodes side by side; gives each node's changed tasks."""
    report(f"{'comparing' if check else 'repairing'} {', '.join(str(name) for name in names)}")
    inventory = {str(name): host_variables(lab, name, lab.substrate.adds) for name in names}
    play = roles.Play(_PLAYBOOK, inventory, check=check, one_python=True)
    return roles.play(play, report, by, where=f"lab {lab.lab} on {lab.plan.substrate}").changed


def host_variables(lab: Deployment, name: NodeName, adds: Sequence[str]) -> Mapping[str, object]:
    """What Ansible is told of a node: how it is reached, the roles that make it (`adds` last), and their variables."""
    told = layers.variables(name.role, lab.deployed.topology.versions)
    applied = ("common", str(name.role), *adds)
    return {**lab.reach(name).ansible, **told, "node_roles": applied, "node_role": str(name.role)}
