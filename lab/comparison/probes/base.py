"""What measures rows in one column, and what it is given for it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from lab.comparison.columns import Place
from lab.flows import deployment
from lab.flows.deployment import Deployment
from lab.model.deadline import Deadline
from lab.substrates.base import Report


@dataclass(frozen=True)
class Seen:
    """One value in its row's unit, with what has to be said of it. `extrapolated`: in part computed, not counted."""

    value: float
    note: str = ""
    extrapolated: bool = False


Value = float | str | Seen
"""What a run gives for a row: a number in the row's unit, words, or a number with a note."""


@dataclass(frozen=True)
class Ground:
    """Where a column is measured.

    `lab` is the name of a lab that is the comparison's own, on the substrate of `place`: up, awake, with two workers
    and nobody else in it. A bare process has the store of the lab that `place` names. `scratch` is a folder of this
    column on this computer, empty at first and removed at the end. `report` hears of steps.
    """

    place: Place
    lab: str
    scratch: Path
    report: Report

    def deployment(self) -> Deployment:
        """The lab as its record has it now: workers come and go."""
        return deployment.load(self.lab, self.place.substrate)


class Probe(Protocol):
    """Measures some rows, in any column that they can be measured in.

    One object serves all columns and keeps nothing between runs but what it took trouble to prepare, by column's key.
    Its runs are chunks of a round: all that is measured in one column comes one after the other, then the next column.
    """

    name: str
    """That of the batch of rows (`lab.comparison.catalogue`) of which one run gives the values."""

    def impossible(self, ground: Ground) -> Mapping[str, str]:
        """Those of the batch's rows that cannot be measured there, each with why, to follow "not measured: ".

        Changes nothing. Where these are all rows, nothing else is asked of the probe in this column.
        """

    def prepare(self, ground: Ground, by: Deadline) -> None:
        """What has to be there before the first run, and takes no part in any. Nothing where it is there already."""

    def once(self, ground: Ground, by: Deadline) -> Mapping[str, Value]:
        """A value for each of the batch's rows, by name, but for the impossible. Raises LabError.

        The lab is left as it was found, also where it fails.
        """

    def clear(self, ground: Ground, by: Deadline) -> None:
        """Removes what `prepare` made. Nothing where there is nothing."""
