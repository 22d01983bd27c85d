"""A lab whose workers are bound by CPU: each runs at full speed until its quota is used up, and then stands still.

That is how Linux enforces a quota (`cpu.cfs_quota_us`): so much of each tenth of a second. A request that comes to an
idle worker is answered nearly as fast as without it, so few are there at a time until a worker is nearly full.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from lab.model.node import NodeName
from tests.unit.scaling.queueing import Lab

SLICE_S, PERIOD_S = 0.01, 0.1


@dataclass
class Request:
    """What is left of it, in seconds: it waits for the store, and then takes CPU."""

    came_s: float
    wait_s: float
    cpu_s: float


@dataclass
class Worker:
    """It shares its CPU among the requests that it works on, up to what is left of its quota for this period."""

    requests: list[Request] = field(default_factory=list)
    left_s: float = 0.0

    def work(self) -> list[Request]:
        """The requests that are done after one slice of time."""
        ready = []
        for request in self.requests:
            if request.wait_s <= 0:
                ready.append(request)
            request.wait_s -= SLICE_S
        if not ready or self.left_s <= 1e-9:
            return []
        self.left_s -= SLICE_S
        for request in ready:
            request.cpu_s -= SLICE_S / len(ready)
        done = [request for request in ready if request.cpu_s <= 1e-9]
        self.requests = [request for request in self.requests if request.cpu_s > 1e-9]
        return done


@dataclass
class QuotaLab(Lab):
    """`heavy` of the requests take `cpu_s` of CPU and the others none to speak of; each waits `wait_s` for the store. A
    worker works on so many as it has `places`; who finds none waits in the load balancer, which gives each to whoever
    has the fewest (`leastconn`). Requests come at random, or evenly, as those of `lab load` do."""

    quota: float = 0.4
    cpu_s: float = 0.05
    heavy: float = 0.7
    wait_s: float = 0.0
    places: int = 8
    is_even: bool = False
    took: list[tuple[float, float]] = field(default_factory=list)
    """When each request came, and how many seconds it took."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self._due = 0.0
        self._queue: deque[Request] = deque()
        self._workers: dict[NodeName, Worker] = {}

    @property
    def capacity(self) -> float:
        """How many requests a second one worker can do."""
        return self.quota / (self.cpu_s * self.heavy)

    def slowest(self, from_s: float, to_s: float, share: float = 0.99) -> float:
        """The seconds within which this share of the requests was answered that came in that time."""
        took = sorted(took for came, took in self.took if from_s <= came < to_s)
        return took[int(share * len(took))]

    def _serve(self) -> tuple[int, int]:
        arrived, mean = 0, self.rate(self.now_s) * SLICE_S
        self._workers |= {name: Worker() for name in self.fleet.serving if name not in self._workers}
        serving = [self._workers[name] for name in self.fleet.serving]
        for number in range(round(1 / SLICE_S)):
            now_s = self.now_s + number * SLICE_S
            if number % round(PERIOD_S / SLICE_S) == 0:
                for worker in self._workers.values():
                    worker.left_s = self.quota * PERIOD_S
            self._due += mean
            came = int(self._due) if self.is_even else self._poisson(mean)
            self._due -= int(self._due)
            arrived += came
            for _ in range(came):
                self._queue.append(self._request(now_s))
            self._dispatch(serving)
            self._work(now_s)
        self.waiting = len(self._queue)
        return arrived, self.waiting + sum(len(worker.requests) for worker in self._workers.values())

    def _request(self, now_s: float) -> Request:
        is_heavy = self._random.random() < self.heavy
        return Request(now_s, self.wait_s, self.cpu_s if is_heavy else 0.0)

    def _dispatch(self, serving: Sequence[Worker]) -> None:
        while self._queue and serving:
            free = min(serving, key=lambda worker: len(worker.requests))
            if len(free.requests) >= self.places:
                return
            free.requests.append(self._queue.popleft())

    def _work(self, now_s: float) -> None:
        for worker in self._workers.values():
            if worker.requests:
                self.took += [(done.came_s, now_s + SLICE_S - done.came_s) for done in worker.work()]
