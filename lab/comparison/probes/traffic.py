"""Rows of requests: how many one worker answers in a second, and within which time."""

import asyncio
import math
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from lab.comparison.probes.base import Ground, Seen, Value
from lab.comparison.probes.worker import APART, Keeper, OfServing, measured, stands_apart
from lab.flows import readiness
from lab.flows.deployment import Deployment
from lab.ledger.pace import Pace
from lab.model.deadline import Deadline
from lab.model.errors import LabError
from lab.model.node import LOADBALANCER, NodeName
from lab.model.plan import LOADBALANCER_PORT
from lab.traffic.connections import Answer, Connections, NoAnswer

CLIENTS = 4
"""So many ask at once, each again as soon as it was answered, to find how many a worker answers."""

FULL_S = 2.0
LEAST_S, MOST_S = 2.5, 5.0
"""How long requests are due at half the rate: until there are `ENOUGH`, but no shorter and no longer than this."""

ENOUGH = 200
"""So many answers are wanted: of these, 99 of 100 says more than how long the slowest one took."""

_WARM_S = 0.3
_LEAST_RATE = 2.0
_ANSWER_S = 10.0
_OK = 200
# The app alone: what the store takes is no part of it.
_PATH = "/whoami"


@dataclass(frozen=True)
class Asked:
    """What came of it: answers a second when a few clients never pause, then latencies, in seconds from when each
    request was due, at half that rate."""

    rate: float
    latencies_s: list[float]


def ask(url: str) -> Asked:
    """Asks whoever answers at this address for its name, for some seconds. Raises LabError where no answer comes."""
    return asyncio.run(_ask(url))


async def _ask(url: str) -> Asked:
    site = Connections(url)
    try:
        await _flood(site, _WARM_S)
        rate = await _flood(site, FULL_S)
        return Asked(rate, await _follow(site, half_of(rate)))
    except NoAnswer as none:
        mend = "read the log of the worker"
        raise LabError(f"a request got no answer: {none.failure}", where=url, mend=mend) from none
    finally:
        site.close()


def half_of(rate: float) -> Pace:
    """When requests are due at half of this rate, in requests a second. Pure."""
    half = max(_LEAST_RATE, rate / 2)
    return Pace.steady(half, min(max(LEAST_S, ENOUGH / half), MOST_S))


async def _flood(site: Connections, seconds: float) -> float:
    """Answers a second while each client asks again as soon as it was answered."""
    begun = time.monotonic()

    async def client() -> int:
        answers = 0
        while time.monotonic() - begun < seconds:
            _checked(await site.ask("GET", _PATH, {}, b"", _ANSWER_S))
            answers += 1
        return answers

    counts = await asyncio.gather(*(client() for _ in range(CLIENTS)))
    return sum(counts) / (time.monotonic() - begun)


async def _follow(site: Connections, pace: Pace) -> list[float]:
    """The latencies of requests that go out when they are due, whatever became of those before."""
    begun = time.monotonic()

    async def visitor(due_s: float) -> float:
        await asyncio.sleep(begun + due_s - time.monotonic())
        _checked(await site.ask("GET", _PATH, {}, b"", _ANSWER_S))
        return time.monotonic() - begun - due_s

    return list(await asyncio.gather(*(visitor(due_s) for due_s in pace.due_s())))


def _checked(answer: Answer) -> None:
    if answer.status != _OK:
        mend = "read the log of the worker"
        raise LabError(f"{_PATH} was answered with {answer.status}", where="traffic", mend=mend)


def values(asked: Asked, end: str, says: str = "") -> dict[str, Value]:
    """The values of the rows whose names have this end; `says` is what they have to be read with. Pure."""
    latencies_s = sorted(asked.latencies_s)
    # The smallest that the share of all did not exceed ("nearest rank").
    half, nearly = (latencies_s[math.ceil(share * len(latencies_s)) - 1] for share in (0.50, 0.99))
    at = f"at {asked.rate / 2:.3g} requests a second, half of what it can"
    note = "; ".join(filter(None, [f"{len(latencies_s)} answers {at}", says]))
    slowest = "the slowest of " if len(latencies_s) < 100 else ""
    of_99 = Seen(nearly, slowest + note)
    return {f"requests{end}": Seen(asked.rate, says), f"p50{end}": Seen(half, note), f"p99{end}": of_99}


class Traffic:
    """One worker's answers through the load balancer, which gives none to the others meanwhile."""

    name = "traffic"

    def __init__(self, keeper: Keeper) -> None:
        self._keeper = keeper

    def impossible(self, ground: Ground) -> Mapping[str, str]:
        return dict.fromkeys(("requests", "p50", "p99"), APART) if stands_apart(ground) else {}

    def prepare(self, ground: Ground, by: Deadline) -> None:
        """Nothing."""

    def once(self, ground: Ground, by: Deadline) -> Mapping[str, Value]:
        lab = self._keeper.set(ground, by)
        with self._keeper.whole(ground), _alone(lab, measured(lab), by):
            # At its own address: a port of this computer may be handed on by a program that takes its time, too.
            return values(ask(f"http://{lab.plan.node(LOADBALANCER).address}:{LOADBALANCER_PORT}"), "")

    def clear(self, ground: Ground, by: Deadline) -> None:
        """Nothing."""


@contextmanager
def _alone(lab: Deployment, name: NodeName, by: Deadline) -> Iterator[None]:
    """Has the load balancer send requests to this worker alone."""
    balancer = lab.loadbalancer()
    others = [str(spec.name) for spec in lab.plan.workers() if spec.name != name]
    try:
        for other in others:
            balancer.close(other, by)
        yield
    finally:
        balancer.resume(others, by)
        readiness.await_serving(lab, lab.plan.worker_names, lambda _: None, by)


class Direct(OfServing):
    """The same at the worker's own door."""

    name = "direct"
    rows = ("requests-direct", "p50-direct", "p99-direct")

    def once(self, ground: Ground, by: Deadline) -> Mapping[str, Value]:
        with self._keeper.serving(ground, by) as worker:
            return values(ask(worker.url), "-direct", worker.says)
