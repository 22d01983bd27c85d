"""Within what the number of workers may move, and how fast."""

import math
from dataclasses import dataclass
from enum import StrEnum

from lab.model.errors import UsageError

TARGET_SHARE = 0.5
"""Of the requests that a worker takes at a time: at twice the target all its places are taken, and others wait."""

PANIC_S = 3.0
"""What is looked at for a sudden breach. Knative takes 6 s and decides within them; here 4 s are all there is."""

PANIC_SAMPLES, PANIC_AT_MOST_S = 3, 9.0
"""So many samples are looked at in any case, if they are no older: on slow machines one look may take seconds."""

STABLE_S = 60.0
"""What is looked at for a slow one (Knative's stable-window)."""

SUDDEN = 2.0
"""So many times the target is a sudden breach (Knative's panic-threshold-percentage, 200)."""

SPARE = 0.75
"""A worker goes only if the others would then stay below this part of the target, of what they can do, and of what was
found too much for them: room for being wrong."""

CALM_AT_LEAST_S = 6.0
REMEMBERED_S = 3600.0
"""How long it is remembered what workers can do, and that so many were too few for so many requests a second."""


class Victim(StrEnum):
    """Which worker goes first: by when the load balancer took it into service last, or by its requests in flight; where
    users stay with their worker, by those it has."""

    NEWEST = "newest"
    OLDEST = "oldest"
    FEWEST = "fewest"


@dataclass(frozen=True)
class Limits:
    """`least` to `most` workers, `target` requests at a time for each; no worker goes within `cooldown_s` after a
    change, nor unless the load was low for so long. `pool` workers sleep until they are needed, or as many as are still
    missing to `most`; where nobody says how many, those that sleep stay, and none is made for that."""

    least: int
    most: int
    target: float
    cooldown_s: float
    pool: int | None = None
    victim: Victim = Victim.NEWEST

    @property
    def calm_s(self) -> float:
        """For how long the load must have been low before a worker goes."""
        return max(self.cooldown_s, CALM_AT_LEAST_S)

    def in_words(self) -> str:
        """The limits as a person is told them."""
        pool = "" if self.pool is None else f", {self.pool or 'none'} asleep in the warm pool"
        return (
            f"{self.least} to {self.most} workers, {self.target:g} requests at a time for each{pool}; "
            f"{self.calm_s:g} s of little load before one goes"
        )

    def needed(self, concurrency: float) -> int:
        """How many workers so many requests at a time need, rounded up, whatever the bounds."""
        return math.ceil(concurrency / self.target - 1e-9)

    def clamp(self, count: int) -> int:
        """The number of workers within the bounds that is nearest to `count`."""
        return min(max(count, self.least), self.most)


def checked(limits: Limits, workers_at_most: int) -> Limits:
    """The limits, if a lab can be kept within them; raises UsageError otherwise."""
    for wrong, message, where, mend in (
        (limits.least < 1, f"{limits.least} workers serve nobody", "--min", "keep at least 1"),
        (
            limits.most > workers_at_most,
            f"a lab has {workers_at_most} workers at most, not {limits.most}",
            "--max",
            f"say {workers_at_most} or less",
        ),
        (
            limits.least > limits.most,
            f"at least {limits.least} and at most {limits.most} workers cannot both be kept",
            "--min, --max",
            "make --min the smaller one",
        ),
        (
            not 0 < limits.target < math.inf,
            f"a worker cannot be kept at {limits.target:g} requests at a time",
            "--target",
            "say more than 0: how many requests at a time one worker is meant to have",
        ),
        (
            not 0 <= limits.cooldown_s < math.inf,
            f"nobody can wait {limits.cooldown_s:g} s",
            "--cooldown",
            "say 0 or more seconds",
        ),
        (
            not 0 <= (limits.pool or 0) <= workers_at_most,
            f"{limits.pool} workers cannot sleep in the warm pool",
            "--warm-pool",
            f"say 0 to {workers_at_most}",
        ),
    ):
        if wrong:
            raise UsageError(message, where=where, mend=mend)
    return limits
