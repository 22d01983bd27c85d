"""The labs that are made for a comparison, one on each substrate, of which only the one being measured is awake."""

import shutil
from dataclasses import dataclass, field
from pathlib import Path

from lab.comparison.columns import Place, Way
from lab.comparison.probes.base import Ground
from lab.comparison.probes.worker import VERB
from lab.flows import deployment, destroy, sleep, up
from lab.host import paths, records
from lab.model import labs
from lab.model.deadline import Deadline
from lab.model.errors import LabError, UsageError
from lab.model.node import STORE
from lab.substrates.base import CanSleep, Report

NAME = "compare"
WORKERS = 2
# What a change of a lab may take at most: as for the verbs that do these changes.
_CHANGE_S = 1800.0
_MARK = "comparison.json"


@dataclass
class Labs:
    """The labs called `lab`; `scratch` is a folder that is removed in the end. `report` hears of what is changed.

    A lab that cannot be brought up, or put to sleep, is given up: it is removed, so that it takes nothing from the
    others, and whoever asks for one of its columns is told why. Beside a bare process only the store is awake: the lab
    `dozes`.
    """

    lab: str
    scratch: Path
    report: Report
    up: set[str] = field(default_factory=set)
    awake: str | None = None
    dozes: bool = False
    given_up: dict[str, LabError] = field(default_factory=dict)

    def at(self, place: Place) -> Ground:
        """The ground of a column, whose lab is up and awake as the only one, or its store is. Raises LabError."""
        if place.substrate in self.given_up:
            raise self.given_up[place.substrate]
        is_bare = place.way is Way.BARE
        if place.substrate != self.awake:
            self._rest()
        if place.substrate != self.awake or (self.dozes and not is_bare):
            self._bring_up(place.substrate)
        if is_bare and not self.dozes:
            self._doze(place.substrate)
        folder = self.scratch / place.key
        folder.mkdir(parents=True, exist_ok=True)
        return Ground(place, self.lab, folder, _silent)

    def _rest(self) -> None:
        """Puts the lab that is awake to sleep; one that cannot sleep stays as it is."""
        if self.awake is None:
            return
        try:
            found = deployment.load(self.lab, self.awake)
            if isinstance(found.substrate, CanSleep):
                sleep.sleep(found, _silent, _deadline())
        except LabError as error:
            # Its own columns learn of it at their turn; the one whose turn it is has nothing to do with it.
            self._give_up(self.awake, error)
        self.awake, self.dozes = None, False

    def _doze(self, substrate: str) -> None:
        """Puts all nodes to sleep that a bare process has no need of, where they can sleep."""
        found, by = deployment.load(self.lab, substrate), _deadline()
        if isinstance(found.substrate, CanSleep):
            with deployment.changing(self.lab, VERB, by):
                # Workers first, so that none looks for a load balancer that sleeps already.
                names = [spec.name for spec in reversed(found.plan.nodes) if spec.name != STORE]
                found.substrate.sleep(self.lab, names, by)
            self.dozes = True

    def _bring_up(self, substrate: str) -> None:
        """Makes the lab, wakes it, or makes what is missing of it: `up` sees what there is to do."""
        mark(self.lab)
        told = _silent if substrate in self.up else self.report
        # From now on there may be something to remove, whatever becomes of it.
        self.up.add(substrate)
        wanted = up.Wanted(self.lab, substrate, workers=WORKERS)
        try:
            up.up(wanted, lambda step: told(f"{substrate}: {step}"), _deadline())
        except LabError as error:
            self._give_up(substrate, error)
            raise
        self.awake, self.dozes = substrate, False

    def _give_up(self, substrate: str, error: LabError) -> None:
        self.given_up[substrate], self.awake, self.dozes = error, None, False
        self.report(f"{substrate} is given up, and its lab removed: {error.message}")
        try:
            self._remove(substrate)
        except LabError as second:
            self.report(f"could not clear away: {second.message}")

    def _remove(self, substrate: str) -> None:
        destroy.destroy(self.lab, [substrate], _silent, _deadline(), volumes=True)

    def mend(self, place: Place) -> None:
        """Brings the column's lab back to what it was. Raises LabError."""
        self._bring_up(place.substrate)

    def close(self) -> None:
        """Removes the labs with their data, and the scratch folder. Raises LabError: of several the first."""
        if self.up:
            self.report("removing the labs that were made for it")
        shutil.rmtree(self.scratch, ignore_errors=True)
        failed: list[LabError] = []
        for substrate in sorted(self.up):
            try:
                self._remove(substrate)
            except LabError as error:
                failed.append(error)
        if failed:
            raise failed[0]


def beside(lab: str) -> str:
    """The name of the lab that a comparison in labs of this name makes beside them, for a while."""
    return f"{lab[:9]}-nosync"


def mark(lab: str) -> None:
    """Notes that a lab is made for a comparison, which may remove it."""
    records.write_json(_mark(lab), {"made for": "a comparison"})


def check_free(lab: str) -> None:
    """Raises UsageError where there is a lab of this name that was not made for a comparison: it would be removed."""
    for name in (lab, beside(lab)):
        if deployment.deployed(name) and not _mark(name).exists():
            raise UsageError(
                f"there is a lab {name} already, and a comparison removes what it made",
                where=str(paths.lab(name)),
                mend=f"give another --name, or remove that one: {labs.typed('destroy', name)}",
            )


def clear(lab: str, scratch: Path) -> None:
    """Removes what a comparison that was killed has left, so that nobody takes it for this one's, or for somebody's."""
    shutil.rmtree(scratch, ignore_errors=True)
    for name in (lab, beside(lab)):
        if _mark(name).exists():
            destroy.destroy(name, [*deployment.deployed(name)], _silent, _deadline(), volumes=True)


def _mark(lab: str) -> Path:
    return paths.lab(lab) / _MARK


def _deadline() -> Deadline:
    return Deadline.after(_CHANGE_S, f"a change of a lab: {_CHANGE_S:.0f} s")


def _silent(_step: str) -> None:
    """Hears of a step and says nothing: what is measured is told as a whole."""
