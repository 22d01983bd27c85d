"""From the topology and what was asked for to a plan: all of a lab that a substrate has to make. Pure."""

import hashlib
import ipaddress
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from lab.model.node import LOADBALANCER, STORE, LabPlan, Mode, NodeName, NodeSpec, Role
from lab.model.topology import Topology

WORKER_PORT = 8000
LOADBALANCER_PORT = 8080
LOADBALANCER_OWN_PORT = 8404
WORKERS_AT_MOST = 100
DRIVE = "/srv/drive"
_DIGEST_DIGITS = 16
_FIRST_HOST = {Role.LOADBALANCER: 9, Role.STORE: 19, Role.WORKER: 100}


@dataclass(frozen=True)
class Asked:
    """What was asked for: one lab on one substrate. `slot` is the lab's number on this computer, from 0; `pool` are the
    numbers of workers that sleep until they are needed, none of them in `workers`."""

    lab: str
    substrate: str
    slot: int
    mode: Mode
    workers: tuple[int, ...]
    pool: tuple[int, ...] = ()


def address(subnet: ipaddress.IPv4Network, name: NodeName) -> str:
    """The fixed address of a node: loadbalancer-1 is .10, store-1 is .20, worker-N is .100+N."""
    return str(subnet.network_address + _FIRST_HOST[name.role] + name.index)


def make(
    asked: Asked,
    topology: Topology,
    keys: Mapping[Role, str],
    password: str,
    configure: Callable[[Iterable[tuple[str, str]], Mode], str],
) -> LabPlan:
    """The plan of what was asked for.

    `keys` are the content keys of the artefacts by role, `configure` renders the load balancer's
    configuration from its workers' (name, address) pairs.
    """
    table = topology.substrates[asked.substrate]
    subnet = table.subnet(asked.slot)
    workers = [NodeName(Role.WORKER, index) for index in sorted(asked.workers)]
    pool = [NodeName(Role.WORKER, index) for index in sorted(asked.pool)]
    configuration = configure([(str(name), address(subnet, name)) for name in workers], asked.mode)
    specs = []
    for name in (LOADBALANCER, STORE, *sorted([*workers, *pool])):
        specs.append(
            NodeSpec(
                name=name,
                address=address(subnet, name),
                key=keys[name.role],
                memory_mb=table.memory_mb(name.role),
                cpu_quota=_quota(topology, name.role),
                keeps=name.role is not Role.WORKER or asked.mode is Mode.STATEFUL,
                env=_env(asked, topology, subnet, name, password),
                files={"haproxy.cfg": configuration} if name == LOADBALANCER else {},
            )
        )
    # Workers come and go in a running load balancer, all else of its configuration does not.
    fixed = {LOADBALANCER: configure([], asked.mode)}
    return LabPlan(
        lab=asked.lab,
        substrate=asked.substrate,
        mode=asked.mode,
        subnet=str(subnet),
        port=table.first_port + asked.slot,
        store_disk_mb=topology.store.disk_mb,
        nodes=tuple(replace(spec, digest=_digest(spec, fixed.get(spec.name, ""))) for spec in specs),
        pool=tuple(pool),
    )


def _digest(spec: NodeSpec, fixed: str) -> str:
    made_of = [spec.key, spec.memory_mb, spec.cpu_quota, spec.keeps, sorted(spec.env.items()), fixed]
    return hashlib.sha256(json.dumps(made_of).encode()).hexdigest()[:_DIGEST_DIGITS]


def _quota(topology: Topology, role: Role) -> float:
    return {
        Role.LOADBALANCER: topology.loadbalancer.cpu_quota,
        Role.STORE: topology.store.cpu_quota,
        Role.WORKER: topology.worker.cpu_quota,
    }[role]


def _env(
    asked: Asked, topology: Topology, subnet: ipaddress.IPv4Network, name: NodeName, password: str
) -> dict[str, str]:
    store = address(subnet, STORE)
    env = {
        "LAB_NAME": asked.lab,
        "LAB_SUBSTRATE": asked.substrate,
        "LAB_NODE": str(name),
        "LAB_MODE": str(asked.mode),
    }
    if name.role is Role.WORKER:
        env |= {
            "LAB_PORT": str(WORKER_PORT),
            "LAB_SOURCE_URL": f"git://{store}/app.git",
            "LAB_STORE": store,
            "LAB_DATABASE_URL": f"postgresql://lab:{password}@{store}:5432/lab",
            "LAB_DRIVE": DRIVE,
            "LAB_LOCAL": "/var/lib/lab",
            # What the load balancer sends at a time, as much again that hangs while the drive is away, health checks.
            "LAB_THREADS": str(2 * topology.worker.max_connections + 2),
            "LAB_DRAIN_NOTICE_S": str(topology.worker.drain_notice_s),
        }
    if name.role is Role.STORE:
        env |= {
            "LAB_DATABASE_PASSWORD": password,
            "LAB_SUBNET": str(subnet),
            "LAB_SYNCHRONOUS_COMMIT": "on" if topology.store.synchronous_commit else "off",
            "LAB_FSYNC": "on" if topology.store.fsync else "off",
            "LAB_DRIVE_EXPORT": "sync" if topology.store.drive_sync else "async",
        }
    return env
