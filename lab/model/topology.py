"""The topology: roles, counts, sizes, limits, ports, subnets and versions, for both substrates, from one file."""

import ipaddress
import tomllib
from itertools import combinations
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from lab.model.errors import UsageError
from lab.model.node import Role

LABS_AT_MOST = 64
WORKERS_AT_MOST = 100


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class LoadBalancer(_Table):
    """The load balancer's limits. `retries` counts repeats of a request that is safe to repeat."""

    cpu_quota: Annotated[float, Field(gt=0, le=16)]
    retries: Annotated[int, Field(ge=0, le=10)]
    check_interval_ms: Annotated[int, Field(ge=50, le=60000)]


class Worker(_Table):
    """The workers' number and capacity: `max_connections` at a time, `cpu_quota` CPUs."""

    count: Annotated[int, Field(ge=1, le=WORKERS_AT_MOST)]
    cpu_quota: Annotated[float, Field(gt=0, le=16)]
    max_connections: Annotated[int, Field(ge=1, le=1000)]
    drain_notice_s: Annotated[int, Field(ge=0, le=300)]


class Store(_Table):
    """The store's limits; `disk_mb` bounds its data. `drive_sync` is of use only where the drive has a server."""

    cpu_quota: Annotated[float, Field(gt=0, le=16)]
    disk_mb: Annotated[int, Field(ge=256, le=1_000_000)]
    synchronous_commit: bool
    fsync: bool
    drive_sync: bool = True


class Versions(_Table):
    """What every node is made from: Debian's release by name, and what has to come with it. A release that brings
    another HAProxy, or no such PostgreSQL, ends the build."""

    debian: Annotated[str, Field(pattern=r"^[a-z]+$")]
    haproxy: Annotated[str, Field(pattern=r"^[0-9]+\.[0-9]+$")]
    postgresql: Annotated[int, Field(ge=10, le=99)]


class SubstrateTable(_Table):
    """One substrate: `subnets` is the range that its labs' networks are cut from, 256 addresses each;
    `first_port` is the port on 127.0.0.1 of the first lab's load balancer; memory is in MB a node. In its first
    `slow_start_s` in service a worker gets more and more requests at a time, beginning with one."""

    subnets: str
    first_port: Annotated[int, Field(ge=1024, le=65535 - LABS_AT_MOST)]
    loadbalancer_memory_mb: Annotated[int, Field(ge=64, le=65536)]
    worker_memory_mb: Annotated[int, Field(ge=64, le=65536)]
    store_memory_mb: Annotated[int, Field(ge=64, le=65536)]
    slow_start_s: Annotated[int, Field(ge=0, le=300)] = 0

    @field_validator("subnets")
    @classmethod
    def _is_large_enough(cls, value: str) -> str:
        network = ipaddress.IPv4Network(value)
        if not network.is_private or network.prefixlen > 18:
            raise ValueError(f"must be a private IPv4 network of /18 or larger (room for {LABS_AT_MOST} labs)")
        return value

    def memory_mb(self, role: Role) -> int:
        """The memory of a node of this role."""
        return int(getattr(self, f"{role}_memory_mb"))

    def subnet(self, slot: int) -> ipaddress.IPv4Network:
        """The network of the lab in this slot."""
        first = ipaddress.IPv4Network(self.subnets).network_address
        return ipaddress.IPv4Network((int(first) + 256 * slot, 24))


class Topology(_Table):
    """All that one topology file declares."""

    versions: Versions
    loadbalancer: LoadBalancer
    worker: Worker
    store: Store
    substrates: dict[str, SubstrateTable]


def load(path: Path, substrates: tuple[str, ...]) -> Topology:
    """The topology in `path`, which must have a table for each of `substrates` and no other.

    Raises UsageError that names the file, the key and the value.
    """
    mend = f"edit {path}; docs/topology.md explains each key"
    try:
        values = tomllib.loads(path.read_text())
    except FileNotFoundError as error:
        raise UsageError("there is no topology file", where=str(path), mend="restore it: git checkout it") from error
    except OSError as error:
        raise UsageError(
            f"the topology file cannot be read: {error.strerror}", where=str(path), mend="name a file that you may read"
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"the topology file is not TOML: {error}", where=str(path), mend=mend) from error
    try:
        topology = Topology.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        raise UsageError(
            _in_words(first["type"], key, first["input"], first["msg"]), where=f"{path}, key {key}", mend=mend
        ) from error
    _check_substrates(topology, path, substrates, mend)
    return topology


def _in_words(kind: str, key: str, value: object, message: str) -> str:
    if kind == "extra_forbidden":
        return f"unknown key {key} (its value is {value!r})"
    if kind == "missing":
        return f"the key {key} is missing"
    return f"{key} = {value!r} is not right: {message.removeprefix('Value error, ')}"


def _check_substrates(topology: Topology, path: Path, known: tuple[str, ...], mend: str) -> None:
    for name in topology.substrates:
        if name not in known:
            raise UsageError(
                f"unknown key substrates.{name}; the substrates are {', '.join(known)}", where=str(path), mend=mend
            )
    for name in known:
        if name not in topology.substrates:
            raise UsageError(f"the key substrates.{name} is missing", where=str(path), mend=mend)
    for (one, first), (other, second) in combinations(topology.substrates.items(), 2):
        if ipaddress.IPv4Network(first.subnets).overlaps(ipaddress.IPv4Network(second.subnets)):
            raise UsageError(
                f"substrates.{one}.subnets = {first.subnets!r} overlaps "
                f"substrates.{other}.subnets = {second.subnets!r}",
                where=str(path),
                mend=mend,
            )
