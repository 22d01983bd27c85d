"""Which decisions are news, to be noted where what happened is told. Pure."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from lab.scaling.decisions import Decision, Hold

_AGAIN_S = 3600.0
"""After so long a decision that still holds is noted anew: a timeline is bounded, and told from its end."""

_QUIET_S = 60.0
"""Reasons may take turns, one a second: none of them is noted more often."""

_FIGURE = re.compile(r"(?<!-)\b\d+(\.\d+)?")
"""A number, and not one in a worker's name."""


@dataclass(frozen=True)
class News:
    """What was noted since something was done last, and when: holds, each by all that it says but for its figures."""

    noted: Mapping[tuple[int, str], float] = field(default_factory=dict)
    last: tuple[int, str] | None = None

    def is_news(self, decision: Decision, now_s: float) -> bool:
        """Whether a decision is to be noted: to do something always is, to do nothing where its reason is another."""
        said = _said(decision)
        quiet_s = _AGAIN_S if said == self.last else _QUIET_S
        return not isinstance(decision, Hold) or now_s >= self.noted.get(said, -math.inf) + quiet_s

    def after(self, decision: Decision, now_s: float) -> "News":
        """After a decision was noted."""
        if not isinstance(decision, Hold):
            return News()
        recent = {said: at_s for said, at_s in self.noted.items() if now_s - at_s < _QUIET_S}
        return News({**recent, _said(decision): now_s}, _said(decision))


def _said(decision: Decision) -> tuple[int, str]:
    return decision.wanted, _FIGURE.sub("#", decision.why)
