"""Every row of the comparison, as data from catalogue.toml: what it is, why the columns differ, what one run costs."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from lab.comparison.columns import Place, Way
from lab.comparison.report import Better, Kind

ALL = "all"
# What takes less than this is quick, and measured more often.
QUICK_S = 2.0
# Half of a run that measures a time is that time, as long as nobody has seen it; the other half makes ready for it, and
# leaves the lab whole.
_OF_TIMES = 2
# Longer runs are dear. They have no warm-up: that the lab was made just before, in the same way, was one. And they are
# not made more often for the sake of a quick value among those that they give.
_DEAR_S = 10.0
QUICK_REPEATS, SLOW_REPEATS = 20, 5
_FILE = Path(__file__).with_name("catalogue.toml")
_WOKEN = "once it is awake, it is the machine that was made from nothing: see there"
_TUNED = "it is measured with the kit's own settings alone"


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
    """The seconds that one run is expected to take in a bare process, a container, a machine from nothing, one woken.

    Of a machine it is what two cores without KVM need.
    """

    bare: float = 0.0
    container: float = 0.0
    machine: float = 0.0
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

    `ways` are the columns that it makes sense in, `not_bare` says why not in a bare process. `is_standard`: measured
    unless other rows are asked for. `often`: how often it is measured, None where that depends on what a run takes.
    """

    name: str
    rows: tuple[RowSpec, ...]
    cost: Cost
    ways: frozenset[Way]
    not_bare: str
    is_standard: bool
    often: int | None
    has_warm_up: bool

    @property
    def is_time(self) -> bool:
        """Whether the first of its rows tells how long something takes."""
        return self.rows[0].kind == "time"

    def impossible(self, place: Place) -> str | None:
        """Why it makes no sense in this column, None where it does."""
        if place.way in self.ways:
            return None
        return {Way.WARM: _WOKEN, Way.TUNED: _TUNED}.get(place.way, self.not_bare)

    def repeats(self, place: Place, asked: int | None = None) -> tuple[int, int]:
        """How often it is measured in this column, as the cost is expected, and where it turns out to be quick: as
        often as was `asked` for, or the catalogue's own number. Words are seen once."""
        if all(row.kind == "words" for row in self.rows):
            return 1, 1
        if said := asked or self.often:
            return said, said
        return QUICK_REPEATS if self.is_quick(self.cost.of(place)) else SLOW_REPEATS, QUICK_REPEATS

    def is_quick(self, run_s: float, took_s: float | None = None) -> bool:
        """Whether it is quick, where a run takes `run_s`, and what the first row measures `took_s`: None where that is
        not known, or no time."""
        if not self.is_time:
            return run_s < QUICK_S
        return run_s < _DEAR_S and (run_s / _OF_TIMES if took_s is None else took_s) < QUICK_S

    def warm_ups(self, place: Place) -> int:
        """How many runs are thrown away before the first one in this column."""
        return int(self.has_warm_up and self.cost.of(place) < _DEAR_S)


def _batch(table: Mapping[str, Any]) -> Batch:
    often = table.get("repeats")
    return Batch(
        name=table["name"],
        rows=tuple(RowSpec(**{**row, "group": Group(row["group"])}) for row in table["row"]),
        cost=Cost(**table["cost"]),
        ways=frozenset(map(Way, table["ways"])),
        not_bare=table.get("not_bare", ""),
        is_standard=table.get("standard", True),
        often=often,
        has_warm_up=table.get("warm_up", often is None),
    )


BATCHES = tuple(_batch(table) for table in tomllib.loads(_FILE.read_text(encoding="utf-8"))["batch"])
ROWS = tuple(row for batch in BATCHES for row in batch.rows)
