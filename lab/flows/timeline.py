"""`lab timeline`: what happened to a lab, as those who did it noted it."""

import re
import time
from collections.abc import Mapping

from lab.flows import deployment
from lab.model import labs
from lab.model.errors import UsageError
from lab.timeline import recording
from lab.timeline.recording import Recorded

_UNITS_S = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def gather(lab: str, substrates: list[str], since_s: float | None) -> Mapping[str, Recorded]:
    """What happened on each of these substrates on which the lab is up, within the last `since_s` if that is given.

    Raises UsageError where the lab is up on none of them.
    """
    up = [name for name in substrates if name in deployment.deployed(lab)]
    if not up:
        raise UsageError(
            f"lab {lab} is not up on {' or '.join(substrates)}",
            where=f"lab {lab}",
            mend=f"run {labs.typed(f'up {substrates[0]}', lab)} first; `lab list` shows what there is",
        )
    oldest = 0.0 if since_s is None else time.time() - since_s
    found = {name: recording.recorder(lab, name).read() for name in up}
    return {name: Recorded([e for e in one.events if e.at >= oldest], one.damaged) for name, one in found.items()}


def seconds(text: str) -> float:
    """The length of time that a text like 90s, 10m, 2h or 1d stands for; raises UsageError for any other."""
    match = re.fullmatch(r"(\d{1,6})([smhd])", text)
    if match is None:
        raise UsageError(f"{text!r} is no length of time", where="--since", mend="give for example 90s, 10m, 2h or 1d")
    return float(match[1]) * _UNITS_S[match[2]]
