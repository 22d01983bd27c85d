"""Nodes: what a substrate makes, a container or a virtual machine."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from lab.model.errors import UsageError


class Role(StrEnum):
    """What a node is for."""

    LOADBALANCER = "loadbalancer"
    STORE = "store"
    WORKER = "worker"


READY = "ready"
"""What a timeline says of a node that runs and does its work."""

WAKING, STARTING = "waking", "starting"
"""What a timeline says of a node that goes on with what it was made as: it slept, or had stopped."""


class State(StrEnum):
    """What a node is doing, as `status` tells it."""

    ABSENT = "absent"
    CREATING = "creating"
    RUNNING = "running"
    DRAINING = "draining"
    SLEEPING = "sleeping"
    STOPPED = "stopped"
    FAILED = "failed"


class Mode(StrEnum):
    """Where the app keeps what users give it: shared by all workers, or on each worker's own disk."""

    STATELESS = "stateless"
    STATEFUL = "stateful"


_NODE = re.compile(r"(?P<role>[a-z]+)-(?P<index>[1-9][0-9]{0,2})")


@dataclass(frozen=True, order=True)
class NodeName:
    """A node's name within one lab on one substrate, for example worker-2."""

    role: Role
    index: int

    def __str__(self) -> str:
        return f"{self.role}-{self.index}"

    @classmethod
    def parse(cls, text: str) -> "NodeName":
        """The name that `text` spells; raises UsageError for anything else."""
        match = _NODE.fullmatch(text)
        if match is None or match["role"] not in set(Role):
            raise UsageError(
                f"{text!r} is not the name of a node",
                where="the command line",
                mend=f"nodes are named ROLE-N, with ROLE one of {', '.join(Role)}; `lab status` lists them",
            )
        return cls(Role(match["role"]), int(match["index"]))


LOADBALANCER = NodeName(Role.LOADBALANCER, 1)
STORE = NodeName(Role.STORE, 1)


@dataclass(frozen=True)
class Node:
    """A node as its engine tells it right now; `digest` is that of the specification it was made from. `accelerator` is
    what runs its instructions, None where that is this computer's own kernel, or not told."""

    name: NodeName
    state: State
    address: str
    digest: str = ""
    accelerator: str | None = None


@dataclass(frozen=True)
class NodeSpec:
    """What a substrate has to make: all of a node but the engine's own words.

    `key` is the content key of the image or box; `env` and `files` (names relative to /run/lab) are the
    node's settings; `cpu_quota` is in CPUs; a node without `keeps` has a read-only root. `digest` stands for all
    that a running node cannot be given any more: the engine keeps it with the node.
    """

    name: NodeName
    address: str
    key: str
    memory_mb: int
    cpu_quota: float
    keeps: bool
    env: Mapping[str, str] = field(repr=False)
    files: Mapping[str, str] = field(repr=False, default_factory=dict)
    digest: str = ""


@dataclass(frozen=True)
class LabPlan:
    """One lab on one substrate as it is meant to be; `pool` are those of its nodes that sleep until they are needed."""

    lab: str
    substrate: str
    mode: Mode
    subnet: str
    port: int
    store_disk_mb: int
    nodes: tuple[NodeSpec, ...]
    pool: tuple[NodeName, ...] = ()

    def node(self, name: NodeName) -> NodeSpec:
        """The specification of one node of this plan."""
        return next(spec for spec in self.nodes if spec.name == name)

    def workers(self) -> tuple[NodeSpec, ...]:
        """The workers of this plan that are to serve, by number."""
        return tuple(spec for spec in self.awake() if spec.name.role is Role.WORKER)

    @property
    def worker_names(self) -> frozenset[NodeName]:
        """The names of the workers of this plan that are to serve."""
        return frozenset(spec.name for spec in self.workers())

    def awake(self) -> tuple[NodeSpec, ...]:
        """The nodes of this plan that are to run: all but the pool."""
        return tuple(spec for spec in self.nodes if spec.name not in self.pool)
