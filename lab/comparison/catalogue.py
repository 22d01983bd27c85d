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
# Of a run that measures a time half is that time; the other half is to make ready for it, and to leave the lab whole.
_OF_TIMES = 2
# Longer runs have no warm-up: that the lab was made just before, in the same way, was one.
_WARM_S = 10.0
QUICK_REPEATS, SLOW_REPEATS, LONG_REPEATS = 20, 5, 3
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
    unless other rows are asked for. `is_long`: takes minutes, so it is measured thrice, without a warm-up.
    """

    name: str
    rows: tuple[RowSpec, ...]
    cost: Cost
    ways: frozenset[Way]
    not_bare: str
    is_standard: bool
    is_long: bool
    has_warm_up: bool

    def impossible(self, place: Place) -> str | None:
        """Why it makes no sense in this column, None where it does."""
        if place.way in self.ways:
            return None
        return {Way.WARM: _WOKEN, Way.TUNED: _TUNED}.get(place.way, self.not_bare)

    def repeats(self, place: Place, asked: int | None = None) -> tuple[int, int]:
        """How often it is measured in this column, as the cost is expected, and where a run turns out to be quick: as
        often as was `asked` for, or the catalogue's own number. Words are seen once."""
        if all(row.kind == "words" for row in self.rows):
            return 1, 1
        if asked is not None:
            return asked, asked
        if self.is_long:
            return LONG_REPEATS, LONG_REPEATS
        return QUICK_REPEATS if self.is_quick(self.cost.of(place)) else SLOW_REPEATS, QUICK_REPEATS

    def is_quick(self, run_s: float) -> bool:
        """Whether what takes so many seconds a run is quick."""
        return run_s < QUICK_S * (_OF_TIMES if self.rows[0].kind == "time" else 1)

    def warm_ups(self, place: Place) -> int:
        """How many runs are thrown away before the first one in this column."""
        return int(self.has_warm_up and self.cost.of(place) < _WARM_S)


def _batch(table: Mapping[str, Any]) -> Batch:
    is_long = table.get("long", False)
    return Batch(
        name=table["name"],
        rows=tuple(RowSpec(**{**row, "group": Group(row["group"])}) for row in table["row"]),
        cost=Cost(**table["cost"]),
        ways=frozenset(map(Way, table["ways"])),
        not_bare=table.get("not_bare", ""),
        is_standard=table.get("standard", True),
        is_long=is_long,
        has_warm_up=table.get("warm_up", not is_long),
    )


BATCHES = tuple(_batch(table) for table in tomllib.loads(_FILE.read_text(encoding="utf-8"))["batch"])
ROWS = tuple(row for batch in BATCHES for row in batch.rows)
