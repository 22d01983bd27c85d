"""The workers of a lab as a fleet: who serves, who comes and who goes, and the changes of it.

Whatever changes it writes down first what is wanted, under the lab's lock, and looks there at what really is: so an
`up`, a `kill` and these may come between each other, and what a killed process left is picked up by the next one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from lab.flows.deployment import Deployment
from lab.model.deadline import Deadline
from lab.model.node import NodeName
from lab.substrates.base import Report


class ScaleIn(StrEnum):
    """What becomes of a worker that is not needed any more."""

    SLEEP = "sleep"
    DELETE = "delete"


@dataclass(frozen=True)
class Fleet:
    """The workers as they are at this moment, each at most in one place, by number.

    `serving` get new requests; `warming` run, or are being started, and are in no service yet: no capacity; `draining`
    are on their way out; `asleep` are in the warm pool, ready to be woken, or sleep though they are wanted in service;
    `dead` are wanted in service and not there, in part, stopped or failed. A pool worker that still boots is in none.
    """

    serving: tuple[NodeName, ...] = ()
    warming: tuple[NodeName, ...] = ()
    draining: tuple[NodeName, ...] = ()
    asleep: tuple[NodeName, ...] = ()
    dead: tuple[NodeName, ...] = ()


def seen(lab: Deployment, by: Deadline) -> Fleet:
    """The fleet as engine and load balancer tell it now; raises UnknownError where one of them does not answer."""
    raise NotImplementedError


def pool(lab: Deployment, by: Deadline) -> tuple[NodeName, ...]:
    """The workers that sleep in the warm pool and can be woken."""
    raise NotImplementedError


def launch(lab: Deployment, count: int, report: Report, by: Deadline) -> tuple[Deployment, tuple[NodeName, ...]]:
    """`count` more workers, from the warm pool first; each runs the newest commit and is ready, and gets no traffic."""
    raise NotImplementedError


def admit(lab: Deployment, names: Sequence[NodeName], report: Report, by: Deadline) -> Deployment:
    """Puts launched workers into the load balancer; returns once each serves."""
    raise NotImplementedError


def grow(lab: Deployment, count: int, report: Report, by: Deadline) -> Deployment:
    """The lab with `count` more workers, each serving: those of the warm pool first, and without the others' wait."""
    raise NotImplementedError


def shrink(
    lab: Deployment, victim: NodeName, how: ScaleIn, delay_s: float, report: Report, by: Deadline
) -> Deployment:
    """The lab without this worker in service, ended without a scratch: drained, awaited, told to end (SIGTERM)."""
    raise NotImplementedError


def fill_pool(lab: Deployment, size: int, report: Report, by: Deadline) -> Deployment:
    """The lab with a warm pool of `size` workers, each booted once by itself and put to sleep."""
    raise NotImplementedError


def replace_dead(lab: Deployment, names: Sequence[NodeName], report: Report, by: Deadline) -> Deployment:
    """The lab with a serving worker for each of these that is dead, from the warm pool first."""
    raise NotImplementedError
