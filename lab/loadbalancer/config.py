"""The load balancer's configuration, and the runtime commands that bring a running one to it. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from lab.model.plan import WORKER_PORT
from lab.model.topology import Topology

BACKEND, FRONTEND = "workers", "site"
_DOWN, _DRAIN, _READY = "maint", "drain", "ready"
# How often a worker that is out of service is looked at: a successor that is ready does not wait for the long interval.
_RETURN_INTERVAL_MS = 100
SESSION_S = 60
"""How long after its last request a user's session counts as live."""


@dataclass(frozen=True)
class Limits:
    """What bounds the traffic: connections to one worker at a time, repeats, the time between health checks, and the
    seconds in which a worker that comes is given more and more of it, up to its share."""

    max_connections: int
    retries: int
    check_interval_ms: int
    slow_start_s: int = 0

    @classmethod
    def of(cls, topology: Topology, substrate: str) -> "Limits":
        """Those of a substrate's labs, from the topology."""
        return cls(
            topology.worker.max_connections,
            topology.loadbalancer.retries,
            topology.loadbalancer.check_interval_ms,
            topology.substrates[substrate].slow_start_s,
        )


@dataclass(frozen=True)
class Server:
    """A worker as the load balancer sees it: `status` in HAProxy's words (UP, DOWN, DRAIN, MAINT …).

    `sessions` are in flight, `queued` wait for it. Counted since it was added or the balancer started: of `requests`,
    which it was given, `errors` failed: a 5xx, no connection, or a broken answer (HAProxy
    Management Guide, 9.1: hrsp_5xx, econ, eresp).
    """

    name: str
    status: str
    sessions: int
    queued: int
    requests: int = 0
    errors: int = 0

    @property
    def is_serving(self) -> bool:
        """Whether it gets new requests."""
        return self.status.split()[0] == "UP"

    @property
    def is_held_back(self) -> bool:
        """Whether somebody took it out of service: drained, or in maintenance."""
        return self.status.split()[0] in ("DRAIN", "MAINT")


def render(workers: Iterable[tuple[str, str]], limits: Limits, *, sticky: bool, keeps: bool = False) -> str:
    """The text of haproxy.cfg for workers given as (name, address); `sticky` keeps a user on one worker, and with
    `keeps`, where it has what they gave, also while that is down or closed."""
    check = _check(limits)
    modes = {"sticky": sticky, "keeps": keeps}
    values = {"workers": list(workers), "limits": limits, "check": check, "session_s": SESSION_S}
    return _template().render(values | modes) + "\n"


@cache
def _template() -> Template:
    folder = FileSystemLoader(Path(__file__).parent)
    return Environment(loader=folder, undefined=StrictUndefined, autoescape=False).get_template("haproxy.cfg.j2")


def _check(limits: Limits) -> str:
    """How a worker is checked, and how fast it is trusted then (HAProxy manual, 5.2, `slowstart`)."""
    intervals = f"inter {limits.check_interval_ms} downinter {_RETURN_INTERVAL_MS}"
    slowly = f" slowstart {limits.slow_start_s}s" if limits.slow_start_s else ""
    return f"check {intervals} fall 2 rise 1 observe layer4 error-limit 1 on-error mark-down{slowly}"


def addition(name: str, address: str, limits: Limits, *, sticky: bool) -> str:
    """The runtime commands that add a worker, checked before it gets traffic (HAProxy manual, 9.3, `add server`)."""
    cookie = f" cookie {name}" if sticky else ""
    server = f"{BACKEND}/{name}"
    return (
        f"add server {server} {address}:{WORKER_PORT} {_check(limits)} maxconn {limits.max_connections}{cookie};"
        f"enable health {server};enable server {server}"
    )


def removal(name: str) -> str:
    """The runtime commands that cut a worker off and remove it."""
    server = f"{BACKEND}/{name}"
    return (
        f"set server {server} state {_DOWN};shutdown sessions server {server};"
        f"wait 5s srv-removable {server};del server {server}"
    )


def started_at(info: str) -> float:
    """When HAProxy started, in seconds since 1970, from the answer to `show info`."""
    values = dict(line.split(": ", 1) for line in info.splitlines() if ": " in line)
    return float(values["Start_time_sec"])


def draining(name: str) -> str:
    """The runtime command after which a worker gets no new user; `maint` would cut off those it has."""
    return f"set server {BACKEND}/{name} state {_DRAIN}"


def closing(name: str) -> str:
    """The runtime command after which a worker gets no request at all, also not of users that it has; what is in flight
    goes on."""
    return f"set server {BACKEND}/{name} state {_DOWN}"


def resuming(names: Iterable[str]) -> str:
    """The runtime commands that take workers back into service; nothing changes for one that nobody took out."""
    return ";".join(f"set server {BACKEND}/{name} state {_READY}" for name in names)


def servers(csv: str) -> list[Server]:
    """The workers in the answer to `show stat`: CSV with a header that begins with `# `."""
    return [
        Server(
            row["svname"],
            row["status"],
            number(row, "scur"),
            number(row, "qcur"),
            _answered(row) + _broken(row),
            number(row, "hrsp_5xx") + _broken(row),
        )
        for row in statistics(csv)
        if row["pxname"] == BACKEND and row["svname"] not in ("BACKEND", "FRONTEND")
    ]


def statistics(csv: str) -> list[dict[str, str]]:
    """The lines of the answer to `show stat`, by the names of their columns."""
    lines = [line for line in csv.splitlines() if line.strip()]
    header = lines[0].removeprefix("# ").split(",") if lines else []
    return [dict(zip(header, line.split(","), strict=False)) for line in lines[1:]]


def users(table: str) -> Counter[str]:
    """How many live sessions each worker answered last, from the answer to `show table`: `... server_key=worker-1`."""
    words = (word.partition("=") for line in table.splitlines() for word in line.split())
    return Counter(name for key, _, name in words if key == "server_key")


def _answered(row: Mapping[str, str]) -> int:
    return sum(number(row, f"hrsp_{kind}") for kind in ("1xx", "2xx", "3xx", "4xx", "5xx", "other"))


def _broken(row: Mapping[str, str]) -> int:
    return number(row, "econ") + number(row, "eresp")


def number(row: Mapping[str, str], column: str) -> int:
    """A column of a line of `statistics`; zero where it is empty or HAProxy has no such column."""
    return int(row.get(column) or 0)


@dataclass(frozen=True)
class Difference:
    """What a running load balancer has to be told: workers to remove, workers to add as (name, address), and workers
    to take back into service, if a drain that was interrupted took them out."""

    remove: tuple[str, ...]
    add: tuple[tuple[str, str], ...]
    resume: tuple[str, ...]


def difference(running: Sequence[Server], wanted: Iterable[tuple[str, str]]) -> Difference:
    """What brings the running load balancer to the wanted workers.

    Of one that is down, `show stat` does not tell whether it is drained too; it would still be that once it is up.
    """
    there = {server.name for server in running}
    names = dict(wanted)
    return Difference(
        remove=tuple(sorted(there - names.keys())),
        add=tuple((name, address) for name, address in names.items() if name not in there),
        resume=tuple(server.name for server in running if server.name in names and not server.is_serving),
    )
