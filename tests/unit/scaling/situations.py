"""What decisions are made from: a moment, limits, and loads until that moment."""

from lab.loadbalancer.gauge import Sample
from lab.scaling.decisions import Memory
from lab.scaling.limits import Limits
from tests.unit.scaling.queueing import sample

LIMITS = Limits(least=1, most=4, target=4.0, cooldown_s=60.0)
NOW = 1000.0
LONG_AGO = Memory(changed_at_s=0.0)


def steadily(concurrency: int, rate: int = 10, seconds: int = 100) -> list[Sample]:
    return [sample(NOW - ago, concurrency, rate) for ago in range(seconds, -1, -1)]


def then(samples: list[Sample], *concurrency: int) -> list[Sample]:
    """The samples, the latest of them with other figures."""
    kept = samples[: len(samples) - len(concurrency)]
    return [*kept, *(sample(NOW - len(concurrency) + 1 + n, each, 40) for n, each in enumerate(concurrency))]
