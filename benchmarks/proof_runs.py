"""The runs of the proof that the kit is held to, and what is kept of each. Pure."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypedDict

from lab.faults import catalogue
from lab.flows import prove

CALM, DEADLY = "stateful, no kill", "stateful, one kill"


class Told(TypedDict, total=False):
    """What a run said. `figures` is what `--json` printed; a run that did not come to a verdict has none.

    `users_broken` is what users noticed that they may not while workers die.
    `impossible` is why the substrate cannot make its fault, `problem` what ended it instead.
    """

    figures: dict[str, Any]
    sentence: str
    users: dict[str, int]
    users_broken: list[str]
    impossible: str
    problem: str


class RunJson(Told):
    """A run as it is kept; `circumstances` are its own, for a part of the runs may be made anew elsewhere."""

    circumstances: dict[str, str]
    words: list[str]
    expected: str
    at_least: int
    seconds: float


class SessionJson(TypedDict):
    """All runs of one substrate, by name; `accelerator` is None where nodes run on this computer's own kernel."""

    accelerator: str | None
    runs: dict[str, RunJson]


@dataclass(frozen=True)
class Asked:
    """A run that is asked for: the words after `lab prove run SUBSTRATE`, and what has to come of it."""

    name: str
    words: tuple[str, ...]
    expected: str = "kept"
    at_least: int = 1
    """Acknowledged writes."""


# A worker's successor takes about three seconds as a container, and most of a minute as an emulated machine.
_KILLS = {"docker": 100, "vagrant": 6}
RATES = {"docker": prove.RATE, "vagrant": prove.RATE_EMULATED}
# Seven of ten are writes: well above the 2,000 acknowledged ones that are asked for.
_REQUESTS = 3400


def kills(substrate: str) -> str:
    """The name of the run with nothing but kills."""
    return f"{_KILLS[substrate]} kills"


def stateless(substrate: str, rate: float, *, quick: bool) -> Iterator[Asked]:
    """Kills alone, then each fault alone."""
    count, requests, at_least = (2, 300, 1) if quick else (_KILLS[substrate], _REQUESTS, 2000)
    yield Asked(kills(substrate), ("--kills", str(count), *_pace(rate, requests / rate)), at_least=at_least)
    for name in catalogue.FAULTS:
        if name != "kill":
            yield Asked(name, ("--kills", "0", "--fault", name, *_pace(rate, 5 if quick else 20)))


def stateful(rate: float, *, quick: bool) -> Iterator[Asked]:
    """The counter-example: workers keep the data themselves."""
    pace = _pace(rate, 5 if quick else 20)
    yield Asked(CALM, ("--kills", "0", *pace))
    yield Asked(DEADLY, ("--kills", "1", *pace), expected="lost")


def _pace(rate: float, duration_s: float) -> tuple[str, ...]:
    return "--rate", f"{rate:g}", "--duration", str(math.ceil(duration_s))
