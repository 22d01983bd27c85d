"""The order in which a refresh replaces workers, and when the traffic of the new ones speaks against them. Pure.

Launch before terminate, one worker at a time: AWS calls it an instance refresh with a minimum healthy percentage of 100
(Amazon EC2 Auto Scaling User Guide, "Instance refresh core concepts"). Going back is the same with the sides changed:
what is right is then the version before.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from lab.model.node import NodeName

LEAST_ERRORS = 2
"""One failed request may be anybody's fault."""

TOLERATED = 2.0
"""New workers may fail so many times as often as the old ones: where both fail, for example since the store is away,
the rates differ by chance."""


class Place(StrEnum):
    """Where a worker stands: it gets traffic; it runs and gets none, since it is new or missed its health checks; or it
    is on its way out, or gone."""

    SERVING = "serving"
    WAITING = "waiting"
    ASIDE = "aside"


@dataclass(frozen=True)
class Worker:
    """A worker; `is_right` says whether it runs the version that all are to run."""

    name: NodeName
    is_right: bool
    place: Place


@dataclass(frozen=True)
class Launch:
    """Make one worker more, which pulls the newest version and gets no traffic yet."""

    def in_words(self) -> str:
        return "launch a new worker"


@dataclass(frozen=True)
class Admit:
    """Check a worker that waits, and give it traffic."""

    name: NodeName

    def in_words(self) -> str:
        return f"check {self.name} and give it traffic"


@dataclass(frozen=True)
class Leave:
    """Drain a worker and remove it."""

    name: NodeName

    def in_words(self) -> str:
        return f"drain and remove {self.name}"


@dataclass(frozen=True)
class Done:
    """As many workers as are wanted serve, and all run the right version."""

    def in_words(self) -> str:
        return "nothing is left to do"


Step = Launch | Admit | Leave | Done


def next_step(wanted: int, workers: Sequence[Worker]) -> Step:
    """What to do next, so that in the end `wanted` workers serve, all of the right version.

    A worker that serves leaves only while more than `wanted` do, and there is never more than one worker too many. An
    old one that serves nobody at the moment may serve again in the next: it leaves when another one is there for it.
    """
    ordered = sorted(workers, key=lambda worker: worker.name)
    aside, waiting, serving = (
        [worker for worker in ordered if worker.place is place] for place in (Place.ASIDE, Place.WAITING, Place.SERVING)
    )
    old = [worker for worker in serving if not worker.is_right]
    ready = [worker for worker in waiting if worker.is_right]
    stray = [worker for worker in waiting if not worker.is_right]
    if aside:
        return Leave(aside[0].name)
    if len(serving) > wanted:
        return Leave((old or serving[::-1])[0].name)
    if ready:
        return Admit(ready[0].name)
    if stray and len(workers) > wanted:
        return Leave(stray[0].name)
    if old or stray or len(serving) < wanted:
        return Launch()
    return Done()


@dataclass(frozen=True)
class Served:
    """How many requests a load balancer gave to workers, and how many of them failed."""

    requests: int = 0
    errors: int = 0

    @property
    def rate(self) -> float:
        """The part of the requests that failed; 0 where there were none."""
        return self.errors / self.requests if self.requests else 0.0

    def __add__(self, other: "Served") -> "Served":
        return Served(self.requests + other.requests, self.errors + other.errors)

    def in_words(self) -> str:
        """For example "2 of 100 requests"."""
        return f"{self.errors:,} of {self.requests:,} requests"


@dataclass(frozen=True)
class Traffic:
    """What came to the workers of either version since a refresh began; `last` are the figures seen last, by worker.

    `beside` is the part of `old` that came while new workers served: a store that was away for a second before them
    would else speak for them, and one that is away beside them against them.
    """

    last: Mapping[str, Served]
    new: Served = Served()
    old: Served = Served()
    beside: Served = Served()

    def seen(self, figures: Mapping[str, Served], new: Collection[str]) -> "Traffic":
        """With the load balancer's figures of now; `new` are the workers of the new version.

        What was counted before the refresh counts for nothing. A worker that was not there before begins at nothing, as
        does one whose figures went back, since the load balancer was started anew: so numbers may be used again.
        """
        came = {name: grown(self.last.get(name, Served()), now) for name, now in figures.items()}
        of_new = sum((served for name, served in came.items() if name in new), Served())
        of_old = sum((served for name, served in came.items() if name not in new), Served())
        beside = self.beside + of_old if new else self.beside
        return Traffic(dict(figures), self.new + of_new, self.old + of_old, beside)

    def complaint(self) -> str | None:
        """Why traffic speaks against the new workers, in words; None where they fail no more than the old ones do."""
        if self.new.errors < LEAST_ERRORS or self.new.rate <= TOLERATED * self.beside.rate:
            return None
        return f"new workers failed {self.new.in_words()}, those of the version before {self.beside.in_words()}"


def grown(last: Served, now: Served) -> Served:
    """What came since figures were seen last; all that was counted, where they went back."""
    if now.requests < last.requests or now.errors < last.errors:
        return now
    return Served(now.requests - last.requests, now.errors - last.errors)
