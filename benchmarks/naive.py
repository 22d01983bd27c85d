"""The naive way to a lab: stock guests, and Ansible installs everything into them at each boot. In its favour, nothing
bounds its processors, its boxes boot as quickly as ours, and of virtual machines one worker alone is made.
"""

import ipaddress
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import yaml

from benchmarks import proxy
from benchmarks.interleaved import Case, Row
from benchmarks.runs import LAB, WORKER, await_lab, await_workers, clear_containers, compose, deadline, silent
from lab.comparison.measure import seconds
from lab.flows import deployment, provision
from lab.flows.deployment import Deployment
from lab.host import paths
from lab.host.run import run
from lab.model.node import LabPlan, NodeName, Role
from lab.provision import layers, roles, rootfs
from lab.provision.layers import Layer

_PLAYBOOK = paths.REPO / "benchmarks" / "naive.yml"
_IMAGE = "labkit-bench/debian"
DOCKER, VAGRANT = Row("naive, the lab on docker"), Row("naive, one worker on vagrant")


def docker(kept: Path, at_most: int) -> Case:
    """Containers of bare Debian from the lab's own compose.yaml, which lies in `kept`; Ansible; the services."""

    def once() -> Mapping[Row, float]:
        found = deployment.load(LAB, "docker")
        file = _stock_compose(kept, _stock_image())
        clear_containers(found)
        return {DOCKER: seconds(lambda: _provisioned_containers(found, kept, file))}

    return Case("naive docker", once, at_most)


def _release() -> str:
    return deployment.read_topology(None).versions.debian


def _stock_image() -> str:
    layer = layers.base(_release())
    image = f"{_IMAGE}:{layer.key}"
    run(["docker", "import", str(rootfs.make(layer, silent, deadline()).tar), image], by=deadline())
    return image


def _stock_compose(kept: Path, image: str) -> Path:
    content = yaml.safe_load((kept / "compose.yaml").read_text())
    for entry in content["services"].values():
        entry |= {"image": image, "command": ["sleep", "infinity"]}
        for bound in ("cpus", "mem_limit", "read_only", "cap_drop", "user"):
            entry.pop(bound, None)
    file = kept / "naive.yaml"
    file.write_text(yaml.safe_dump(content))
    return file


def _provisioned_containers(found: Deployment, kept: Path, file: Path) -> None:
    run([*compose(), "-f", str(file), "up", "-d"], by=deadline(), cwd=kept)
    names = [spec.name for spec in found.plan.nodes]
    _provision(found, names)
    for name in names:
        user = ["-u", "64000:64000"] if name.role is Role.WORKER else []
        container = f"labkit-{LAB}_{name}"
        run(["docker", "exec", "-d", *user, container, f"/usr/local/lib/lab/{name.role}"], by=deadline())
    await_lab("docker")


def vagrant(at_most: int) -> Case:
    """A machine with Debian, kernel, init and sshd in the place of a running lab's worker; Ansible; its service."""

    def once() -> Mapping[Row, float]:
        found, by = deployment.load(LAB, "vagrant"), deadline()
        plan = _stock_plan(found.plan, _stock_box(found))
        found.substrate.destroy(LAB, WORKER, by)
        try:
            return {VAGRANT: seconds(lambda: _provisioned_machine(found, plan))}
        finally:
            found.substrate.destroy(LAB, WORKER, by)

    return Case("naive vagrant", once, at_most)


def _stock_box(found: Deployment) -> Layer:
    common = layers.extended(layers.base(_release()), "common", {})
    layer = layers.extended(common, "machine", {"node_role": str(WORKER.role)})
    if not found.substrate.is_packed(WORKER.role, layer.key):
        made = rootfs.make(layer, silent, deadline())
        found.substrate.pack(WORKER.role, layer.key, made.tar, silent, deadline())
    return layer


def _stock_plan(plan: LabPlan, stock: Layer) -> LabPlan:
    """The lab's plan with a worker of the stock box, whose root can be written."""
    changed = replace(plan.node(WORKER), key=stock.key, keeps=True)
    return replace(plan, nodes=tuple(changed if spec.name == WORKER else spec for spec in plan.nodes))


def _provisioned_machine(found: Deployment, plan: LabPlan) -> None:
    by = deadline()
    found.substrate.prepare(plan, by)
    found.substrate.create(plan, [WORKER], silent, by)
    gateway = str(ipaddress.IPv4Network(plan.subnet)[1])
    with proxy.serving(gateway) as url:
        _provision(found, [WORKER], url)
    found.reach(WORKER).run(["systemctl", "restart", "lab-worker"], by)
    await_workers(found, [WORKER])


def _provision(found: Deployment, names: Sequence[NodeName], naive_proxy: str = "") -> None:
    inventory = {str(name): {**provision.host_variables(found, name, ()), "naive_proxy": naive_proxy} for name in names}
    roles.play(roles.Play(_PLAYBOOK, inventory), silent, deadline(), where="the naive way")
