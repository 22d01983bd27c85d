"""What the traffic is like right now, in HAProxy's own figures."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from lab.host import processes
from lab.loadbalancer import config
from lab.loadbalancer.config import number
from lab.loadbalancer.runtime import LoadBalancer
from lab.model.deadline import Deadline

_USED = f'haproxy_sticktable_used{{name="{config.BACKEND}"'


@dataclass(frozen=True)
class ServerSample:
    """One worker: `status` in HAProxy's words, requests in flight and waiting for it, those of the last second, for how
    many seconds it is as `status` says, and how many live sessions it answered last, 0 where nobody asked for that."""

    status: str
    sessions: int
    queued: int
    rate: int
    since_s: int
    users: int = 0


@dataclass(frozen=True)
class Sample:
    """The traffic `at_s`, in seconds since this computer's boot: a clock that nobody sets back, and that goes on while
    a laptop is suspended (HAProxy management guide, 9.1).

    `sessions` are in flight on workers, `queued` wait for one; `rate` is requests in the last whole second;
    `response_ms` the mean of the latest 1,024 answers, from the request to the answer's first byte, its wait in the
    queue; `errors` answers with a 5xx status since HAProxy started; `users` those with a live session.
    """

    at_s: float
    sessions: int
    queued: int
    rate: int
    response_ms: int
    errors: int
    users: int
    per_server: Mapping[str, ServerSample]

    @property
    def concurrency(self) -> int:
        """Requests that are there at this moment, in flight or waiting."""
        return self.sessions + self.queued


def read(balancer: LoadBalancer, by: Deadline, *, whose: bool = False) -> Sample | None:
    """The traffic now, and with `whose` the users of each worker; None if the load balancer does not answer."""
    statistics, tables = balancer.statistics(by), balancer.tables(by)
    if statistics is None or tables is None:
        return None
    return parsed(processes.now_s(), statistics, tables, balancer.users(by) if whose else {})


def parsed(at_s: float, statistics: str, tables: str, users: Mapping[str, int] | None = None) -> Sample:
    """The sample in the answers to `show stat` and to a scrape of the tables' sizes, and in users by worker. Pure."""
    rows = {(row["pxname"], row["svname"]): row for row in config.statistics(statistics)}
    site, backend = rows[config.FRONTEND, "FRONTEND"], rows[config.BACKEND, "BACKEND"]
    whose = users or {}
    servers = {name: _server(row, whose) for (proxy, name), row in rows.items() if proxy == config.BACKEND}
    del servers["BACKEND"]
    return Sample(
        at_s=at_s,
        sessions=sum(server.sessions for server in servers.values()),
        # The backend's own figure counts those that wait for whichever worker is free first.
        queued=number(backend, "qcur") + sum(server.queued for server in servers.values()),
        rate=number(site, "req_rate"),
        response_ms=sum(number(backend, column) for column in ("qtime", "ctime", "rtime")),
        errors=number(site, "hrsp_5xx"),
        users=_users(tables),
        per_server=servers,
    )


def _server(row: Mapping[str, str], users: Mapping[str, int]) -> ServerSample:
    columns = ("scur", "qcur", "rate", "lastchg")
    found = ServerSample(row["status"], *(number(row, column) for column in columns))
    return replace(found, users=users.get(row["svname"], 0))


def _users(tables: str) -> int:
    values = (line.rpartition(" ")[2] for line in tables.splitlines() if line.startswith(_USED))
    return int(float(next(values, "0")))
