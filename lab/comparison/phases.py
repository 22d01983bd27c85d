"""The phases of a start: no two at one time, and together the whole of it. Pure.

All moments are seconds since this computer's boot; what a machine noted by its own clock was brought to this one.
"""

from dataclasses import dataclass

from lab.model.errors import LabError

START = "start"
TOOL, CREATE, BOOT, SOURCE, READY, SERVICE = (
    f"{START}-{phase}" for phase in ("tool", "create", "boot", "source", "ready", "service")
)


@dataclass(frozen=True)
class Made:
    """A worker made from nothing.

    `asked_s`: the command was typed. `tool_s` seconds of what follows passed before it had the engine do anything.
    `born_s`: the first process was there. `script_s`: the worker's start script began; `source_s`: it had the newest
    source. `ready_s`: the worker said yes at its own door. `served_s`: the front door gave an answer of it.
    `ended_s`: the command had ended.
    """

    asked_s: float
    tool_s: float
    born_s: float
    script_s: float
    source_s: float
    ready_s: float
    served_s: float
    ended_s: float

    @property
    def tail_s(self) -> float:
        """How long the command went on when the worker served already: no part of the start."""
        return max(0.0, self.ended_s - self.served_s)

    def phases(self) -> dict[str, float]:
        """Seconds by row. A moment that seems to lie before the one that it follows, since clocks tell hundredths, is
        taken as that one.
        """
        born_s = max(self.born_s, self.asked_s)
        ready_s = max(self.ready_s, born_s)
        script_s = min(max(self.script_s, born_s), ready_s)
        source_s = min(max(self.source_s, script_s), ready_s)
        served_s = max(self.served_s, ready_s)
        before_s = min(self.tool_s, born_s - self.asked_s)
        return {
            START: served_s - self.asked_s,
            TOOL: before_s,
            CREATE: born_s - self.asked_s - before_s,
            BOOT: script_s - born_s,
            SOURCE: source_s - script_s,
            READY: ready_s - source_s,
            SERVICE: served_s - ready_s,
        }


@dataclass(frozen=True)
class Woken:
    """A worker of the warm pool.

    `asked_s`: it was asked for. `called_s`: the engine was asked to wake it; what was before is the kit's own looking
    and writing down. `born_s`: its process was there. `awake_s`: it ran, and the kit had set its clock.
    `ready_s`: it said yes at its own door. `fresh_s`: it was certain to have the newest source, and to reach the store.
    `known_s`: the load balancer, which had forgotten it, knew it again. `served_s`: the front door gave an answer of
    it.
    """

    asked_s: float
    called_s: float
    born_s: float
    awake_s: float
    ready_s: float
    fresh_s: float
    known_s: float
    served_s: float

    @property
    def told_s(self) -> float:
        """How long the lab took to tell the load balancer of it: no part of the start, for one that is made in the
        place of another (`Made`) is known to it all the time."""
        return max(0.0, self.known_s - max(self.fresh_s, self.ready_s))

    def phases(self) -> dict[str, float]:
        """Seconds by row, without `told_s`. Of one that slept the source is looked at after it is ready: that phase is
        the later one.

        A machine whose site answers runs again, so its boot is over by then; what its clock takes longer than that is
        the kit's own work, as is what it did before.
        """
        called_s = max(self.called_s, self.asked_s)
        born_s = max(self.born_s, called_s)
        awake_s, ready_s = max(self.awake_s, born_s), max(self.ready_s, born_s)
        runs_s, set_s = min(awake_s, ready_s), max(awake_s, ready_s)
        fresh_s = max(self.fresh_s, set_s)
        known_s = max(self.known_s, fresh_s)
        served_s = max(self.served_s, known_s)
        return {
            START: fresh_s - self.asked_s + served_s - known_s,
            TOOL: called_s - self.asked_s + set_s - ready_s,
            CREATE: born_s - called_s,
            BOOT: runs_s - born_s,
            READY: ready_s - runs_s,
            SOURCE: fresh_s - set_s,
            SERVICE: served_s - known_s,
        }


def marks(told: str, asked_s: float, answered_s: float, *, own_clock: bool) -> tuple[float, float]:
    """When the start script began, and had the source, from its file of marks followed by /proc/uptime of the node.

    A node with an `own_clock` counts from its own boot. It was asked and answered at these moments of ours, and looked
    at its clock somewhere between: half of that span is how wrong this may be. Raises LabError for other words.
    """
    lines = [line.split() for line in told.splitlines()]
    try:
        (begun, fetched), (uptime, _) = lines
        offset_s = (asked_s + answered_s) / 2 - float(uptime) if own_clock else 0.0
        return float(begun) + offset_s, float(fetched) + offset_s
    except ValueError as error:
        mend = "`lab build`, then make the lab anew: its workers come from an older kit"
        raise LabError(f"a worker's marks are no marks: {told!r}", where="/run/app/marks", mend=mend) from error
