"""Every row of the comparison, as data: what it is, in which unit, why the columns differ, and what one run costs."""

from dataclasses import dataclass
from enum import StrEnum

from lab.comparison.columns import Place, Way
from lab.comparison.report import Better, Kind

# What takes less than this is quick: it is measured more often.
QUICK_S = 2.0
QUICK_REPEATS, SLOW_REPEATS, LONG_REPEATS = 20, 5, 3
EVERY_WAY = frozenset(Way)
# A machine that was woken is, once it runs, the one that was made.
FIRST_WAYS = frozenset({Way.BARE, Way.FRESH, Way.TUNED})
IN_A_LAB = frozenset({Way.FRESH, Way.TUNED})


class Group(StrEnum):
    """The kinds of rows, in the order in which they are told."""

    START = "start"
    LIFE = "life"
    MEMORY = "memory"
    DISK = "disk"
    TRAFFIC = "traffic"
    MACHINE = "machine"
    DENSITY = "density"
    ISOLATION = "isolation"
    PROVISIONING = "provisioning"
    DURABILITY = "durability"


@dataclass(frozen=True)
class RowSpec:
    """One row; times are in seconds, sizes in bytes. `phases_of` names the row that it is part of."""

    name: str
    title: str
    unit: str
    kind: Kind
    better: Better
    group: Group
    measures: str
    why: str
    phases_of: str | None = None


@dataclass(frozen=True)
class Cost:
    """What one run is expected to take, in seconds, in a bare process, a container, a machine from nothing, one woken.

    Of a machine it is what two cores without KVM need.
    """

    bare: float
    container: float
    machine: float
    woken: float = 0.0

    def of(self, place: Place) -> float:
        """The expected seconds in this column."""
        if place.way is Way.BARE:
            return self.bare
        if not place.is_machine:
            return self.container
        return self.woken if place.way is Way.WARM else self.machine


@dataclass(frozen=True)
class Batch:
    """Rows that one run measures together, by the probe of this name.

    `ways` are the columns that it makes sense in, and `elsewhere` says of the others why not. `standard` rows are
    measured unless others are asked for. `is_long`: takes minutes, and so is measured thrice, without a warm-up.
    """

    name: str
    rows: tuple[RowSpec, ...]
    cost: Cost
    ways: frozenset[Way] = EVERY_WAY
    elsewhere: str = ""
    standard: bool = True
    is_long: bool = False
    has_warm_up: bool = True

    def repeats(self, place: Place) -> int:
        """How often it is measured in this column, unless somebody says otherwise."""
        if self.is_long:
            return LONG_REPEATS
        if all(row.kind == "words" for row in self.rows):
            return 1
        return QUICK_REPEATS if self.cost.of(place) < QUICK_S else SLOW_REPEATS


def _row(
    name: str, title: str, unit: str, kind: Kind, better: Better, group: Group, phases_of: str | None = None
) -> RowSpec:
    measures, why = "to be written", "to be written"
    return RowSpec(name, title, unit, kind, better, group, measures, why, phases_of)


_START = (
    _row("start", "Start of a worker", "s", "time", "lower", Group.START),
    _row("start-tool", "Start: the tool", "s", "time", "lower", Group.START, "start"),
    _row("start-create", "Start: create", "s", "time", "lower", Group.START, "start"),
    _row("start-boot", "Start: boot", "s", "time", "lower", Group.START, "start"),
    _row("start-source", "Start: first source", "s", "time", "lower", Group.START, "start"),
    _row("start-ready", "Start: ready", "s", "time", "lower", Group.START, "start"),
    _row("start-service", "Start: in service", "s", "time", "lower", Group.START, "start"),
    _row("stop", "Stop of a worker", "s", "time", "lower", Group.LIFE),
)
_RESTART = (_row("restart", "Restart of the service", "s", "time", "lower", Group.LIFE),)
_REPLACE = (
    _row("destroy", "Destroy a worker", "s", "time", "lower", Group.LIFE),
    _row("replace", "Replace a destroyed worker under load", "s", "time", "lower", Group.LIFE),
    _row("replace-failed", "Requests that failed meanwhile", "requests", "count", "lower", Group.LIFE),
)
_MEMORY = (
    _row("memory", "Memory of one worker", "B", "bytes", "lower", Group.MEMORY),
    _row("memory-more", "Memory of one more worker", "B", "bytes", "lower", Group.MEMORY),
)
_DISK = (
    _row("disk-image", "Disk of the image or box", "B", "bytes", "lower", Group.DISK),
    _row("disk-more", "Disk of one more worker", "B", "bytes", "lower", Group.DISK),
    _row("disk-shared", "Disk that workers share", "B", "bytes", "neither", Group.DISK),
)
_TRAFFIC = (
    _row("requests", "Requests through the load balancer", "requests/s", "rate", "higher", Group.TRAFFIC),
    _row("p50", "Half of the answers within", "s", "time", "lower", Group.TRAFFIC),
    _row("p99", "99 of 100 answers within", "s", "time", "lower", Group.TRAFFIC),
)
_DIRECT = (
    _row("requests-direct", "Requests to the worker itself", "requests/s", "rate", "higher", Group.TRAFFIC),
    _row("p50-direct", "Half of the answers within, directly", "s", "time", "lower", Group.TRAFFIC),
    _row("p99-direct", "99 of 100 answers within, directly", "s", "time", "lower", Group.TRAFFIC),
)
_MACHINE = (
    _row("hash", "Hashing", "B/s", "rate", "higher", Group.MACHINE),
    _row("syscalls", "System calls", "calls/s", "rate", "higher", Group.MACHINE),
    _row("round-trip", "Network round trip to the store", "s", "time", "lower", Group.MACHINE),
)
_FSYNC = (
    _row("fsync-scratch", "Flushes to a disk of its own", "flushes/s", "rate", "higher", Group.MACHINE),
    _row("fsync-drive", "Flushes to the shared drive", "flushes/s", "rate", "higher", Group.MACHINE),
)
_DENSITY = (_row("density", "Workers in a memory budget", "workers", "count", "higher", Group.DENSITY),)
_ISOLATION = tuple(
    _row(f"isolation-{name}", title, "", "words", "neither", Group.ISOLATION)
    for name, title in (
        ("kernel", "Kernel"),
        ("first", "Process 1"),
        ("processes", "Processes that it sees"),
        ("capabilities", "Capabilities"),
        ("seccomp", "System calls it may not make"),
        ("devices", "Devices"),
        ("module", "Can it load a kernel module"),
        ("sibling", "Can it reach a sibling"),
        ("root", "What root inside may do"),
    )
)
_PROVISIONING = (
    _row("provision-first", "Provisioning, first", "s", "time", "lower", Group.PROVISIONING),
    _row("provision-again", "Provisioning, nothing to do", "s", "time", "lower", Group.PROVISIONING),
)
_DURABILITY = (
    _row("durability", "Writes lost by a kill with fsync=off", "writes", "count", "lower", Group.DURABILITY),
)

BATCHES = (
    Batch("start", _START, Cost(1.0, 1.8, 30.0, 10.0)),
    Batch("restart", _RESTART, Cost(1.0, 1.5, 8.0), ways=FIRST_WAYS),
    Batch("replace", _REPLACE, Cost(0, 4.0, 32.0, 35.0), ways=EVERY_WAY - {Way.BARE}, has_warm_up=False),
    Batch("memory", _MEMORY, Cost(1.0, 3.0, 3.0), ways=FIRST_WAYS),
    Batch("disk", _DISK, Cost(0.5, 1.0, 1.0), ways=FIRST_WAYS),
    Batch("traffic", _TRAFFIC, Cost(0, 5.0, 5.0), ways=IN_A_LAB),
    Batch("direct", _DIRECT, Cost(5.0, 5.0, 5.0), ways=FIRST_WAYS),
    Batch("machine", _MACHINE, Cost(1.0, 1.2, 1.9), ways=FIRST_WAYS),
    Batch("fsync", _FSYNC, Cost(1.0, 1.2, 1.9), ways=FIRST_WAYS),
    Batch("density", _DENSITY, Cost(0, 60.0, 300.0), ways=IN_A_LAB, standard=False, is_long=True),
    Batch("isolation", _ISOLATION, Cost(1.0, 1.0, 5.0), ways=FIRST_WAYS),
    Batch("provisioning", _PROVISIONING, Cost(0, 60.0, 120.0), ways=IN_A_LAB, standard=False, is_long=True),
    Batch("durability", _DURABILITY, Cost(0, 20.0, 60.0), ways=IN_A_LAB, standard=False, is_long=True),
)
ROWS = tuple(row for batch in BATCHES for row in batch.rows)
