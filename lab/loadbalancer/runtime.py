"""The running load balancer: HAProxy's runtime API through its admin socket, and the file that it starts from."""

from collections import Counter
from collections.abc import Iterable

from lab.host import http
from lab.loadbalancer import config
from lab.loadbalancer.config import Limits, Server
from lab.model.deadline import Deadline
from lab.model.errors import LabError
from lab.model.plan import LOADBALANCER_OWN_PORT
from lab.substrates.base import Reach

_SOCKET = ["socat", "-t", "15", "stdio", "/run/haproxy/admin.sock"]
_WRITE = ["/usr/local/lib/lab/loadbalancer-write"]
# HAProxy answers these runtime commands with words of success, all others with an empty line.
_FINE = ("New server registered.", "Server deleted.", "Done.")


class LoadBalancer:
    """A lab's load balancer: changed through its node, read through its own HTTP door at `address`."""

    def __init__(self, reach: Reach, address: str, limits: Limits, *, sticky: bool, keeps: bool = False) -> None:
        self._reach = reach
        self._url = f"http://{address}:{LOADBALANCER_OWN_PORT}"
        self._limits = limits
        self._sticky, self._keeps = sticky, keeps

    def open(self, by: Deadline) -> None:
        """Opens the way to its node, where that is kept open: to a virtual machine it takes seconds."""
        self._reach.run(["true"], by)

    def servers(self, by: Deadline) -> list[Server] | None:
        """The workers that it knows right now; None if it does not answer."""
        text = self.statistics(by)
        return None if text is None else config.servers(text)

    def statistics(self, by: Deadline) -> str | None:
        """What `show stat` says right now, as CSV; None if it does not answer."""
        return self._get("/stats;csv", by)

    def tables(self, by: Deadline) -> str | None:
        """How many entries its tables have, as its Prometheus exporter tells it; None if it does not answer."""
        return self._get("/metrics?scope=sticktable", by)

    def users(self, by: Deadline) -> Counter[str]:
        """How many users with a live session had their last answer from each worker."""
        return config.users(self._tell(f"show table {config.BACKEND}", by))

    def users_of(self, name: str, by: Deadline) -> int:
        """How many users with a live session had their last answer from a worker."""
        return self.users(by)[name]

    def write(self, workers: Iterable[tuple[str, str]], by: Deadline) -> None:
        """Puts these workers, (name, address), into the file that it starts from, atomically."""
        text = config.render(workers, self._limits, sticky=self._sticky, keeps=self._keeps)
        self._reach.run(_WRITE, by, stdin=text.encode())

    def add(self, name: str, address: str, by: Deadline) -> None:
        """Adds a worker; it gets traffic after its first good health check."""
        self._change(config.addition(name, address, self._limits, sticky=self._sticky), by)

    def drain(self, name: str, by: Deadline) -> None:
        """Gives a worker no new users."""
        self._change(config.draining(name), by)

    def close(self, name: str, by: Deadline) -> None:
        """Gives a worker no request any more, also not of users that it has, unless it keeps what they gave; what is in
        flight goes on."""
        self._change(config.closing(name), by)

    def resume(self, names: Iterable[str], by: Deadline) -> None:
        """Takes workers back into service that were drained; others stay as they are."""
        self._change(config.resuming(names), by)

    def remove(self, name: str, by: Deadline) -> None:
        """Takes a worker out, at once."""
        self._change(config.removal(name), by)

    def started_at(self, by: Deadline) -> float:
        """When it started, in seconds since 1970 on its own clock."""
        return config.started_at(self._tell("show info", by))

    def _get(self, path: str, by: Deadline) -> str | None:
        answer = http.get(f"{self._url}{path}", by.at_most(2, "the load balancer's figures"))
        return answer.text if answer.status == http.OK else None

    def _change(self, commands: str, by: Deadline) -> None:
        answer = self._tell(commands, by)
        said = [line for line in answer.splitlines() if line.strip() and line.strip() not in _FINE]
        if said:
            raise LabError(
                f"the load balancer refused `{commands}`: {' '.join(said)}",
                where="HAProxy's runtime API",
                mend="run `lab up` for this lab, which compares it with the lab and mends it",
            )

    def _tell(self, commands: str, by: Deadline) -> str:
        return self._reach.run(_SOCKET, by, stdin=f"{commands}\n".encode()).out
