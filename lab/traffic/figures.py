"""What a load came to: figures of each second while it goes on, and of each phase in the end."""

from array import array
from collections import Counter, deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from lab.ledger.story import percentile_ms
from lab.traffic.notes import Ended, Went
from lab.traffic.profiles import Phase, Profile


@dataclass
class Tallied:
    """Requests that have ended, and how: `latencies_s` count from when each was due."""

    latencies_s: "array[float]" = field(default_factory=lambda: array("d"))
    went: Counter[Went] = field(default_factory=Counter)

    def add(self, ended: Iterable[Ended]) -> None:
        """Takes up more of them."""
        for one in ended:
            self.latencies_s.append(one.latency_s)
            self.went[one.went] += 1

    def figures(self) -> dict[str, Any]:
        """How many there are, how many failed or were refused, and how long half and 99 of 100 took at most."""
        return {
            "requests": self.went.total(),
            "errors": self.went[Went.FAILED],
            "refused": self.went[Went.REFUSED],
            "p50_ms": percentile_ms(self.latencies_s, 0.50),
            "p99_ms": percentile_ms(self.latencies_s, 0.99),
        }


class Figures:
    """Of one load. `hear` is for the visitors' thread, all else for the one that watches."""

    def __init__(self, profile: Profile) -> None:
        self._profile = profile
        self._fresh: deque[Ended] = deque()
        self._phases = {phase: Tallied() for phase in profile.phases}
        self._all = Tallied()
        self._dues_s, self._went = array("d"), list[Went]()

    def hear(self, ended: Ended) -> None:
        """A request has ended."""
        self._fresh.append(ended)

    def sample(self, span_s: float, begun: int) -> dict[str, Any]:
        """The fields of a timeline's sample: of what has ended since the last call, `span_s` ago, and of how many
        requests were begun meanwhile."""
        now = Tallied()
        now.add(self._take())
        told = now.figures()
        return {
            "span_s": round(span_s, 3),
            "requests": round(begun / span_s, 2),
            "answers": round((told["requests"] - told["errors"]) / span_s, 2),
            "errors": round(told["errors"] / span_s, 2),
            "p50_ms": told["p50_ms"],
            "p99_ms": told["p99_ms"],
        }

    def phases(self) -> list[dict[str, Any]]:
        """The figures of each phase, by when requests were due."""
        self._take()
        return [{**_about(phase), **tallied.figures()} for phase, tallied in self._phases.items()]

    def between(self, from_s: float, to_s: float) -> dict[str, Any]:
        """The figures of the requests that were due from one time to the next, in seconds since the start."""
        self._take()
        about, ended = {"from_s": round(from_s, 3), "to_s": round(to_s, 3)}, Tallied()
        every = zip(self._dues_s, self._all.latencies_s, self._went, strict=True)
        ended.add(Ended(*one) for one in every if from_s <= one[0] < to_s)
        return about | ended.figures()

    def total(self) -> dict[str, Any]:
        """The figures of all."""
        self._take()
        return self._all.figures()

    def _take(self) -> Sequence[Ended]:
        taken = [self._fresh.popleft() for _ in range(len(self._fresh))]
        self._all.add(taken)
        for one in taken:
            self._dues_s.append(one.due_s)
            self._went.append(one.went)
            self._phases[self._profile.phase_at(one.due_s)].add([one])
        return taken


def _about(phase: Phase) -> dict[str, Any]:
    return {"name": phase.name, "from_s": round(phase.from_s, 3), "to_s": round(phase.to_s, 3)}
