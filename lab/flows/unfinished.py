"""What a refresh that has not ended leaves to know: how many workers are wanted, while there may be one more, and whom
it launched and has not checked yet: those get no traffic."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from lab.flows import deployment, leases
from lab.flows.deployment import Deployment
from lab.host import records
from lab.model.node import NodeName, Role


@dataclass(frozen=True)
class Left:
    """What is known of a refresh that has not ended: `wanted` is None where the record tells how many workers there are
    to be, `unchecked` are numbers of workers, and `goes_on` says that a refresh is at work, which sees to both."""

    wanted: int | None
    unchecked: frozenset[int]
    goes_on: bool

    def others(self, workers: Iterable[int]) -> tuple[int, ...]:
        """Those of these workers that may have traffic."""
        return tuple(number for number in workers if number not in self.unchecked)

    def spared(self, workers: Iterable[int]) -> tuple[int, ...]:
        """Those of these workers that are left alone, for the refresh at work to check."""
        return tuple(number for number in workers if self.goes_on and number in self.unchecked)

    def beside(self, lab: Deployment) -> Deployment:
        """The lab for who changes it meanwhile: whom the refresh at work still has to check is left alone, as the warm
        pool is."""
        spared = self.spared(lab.deployed.workers)
        workers = tuple(number for number in lab.deployed.workers if number not in spared)
        found = replace(lab.deployed, workers=workers, pool=(*lab.deployed.pool, *spared))
        return replace(lab, deployed=found, plan=deployment.plan_of(lab.lab, lab.plan.substrate, found))


def left(lab: str, substrate: str) -> Left:
    """What a refresh left to know, or one at work knows."""
    goes_on = leases.is_refreshing(lab, substrate)
    unchecked = frozenset(name.index for name in unchecked_of(lab, substrate))
    return Left(None if goes_on else wanted(lab, substrate), unchecked, goes_on)


def begin(lab: str, substrate: str, wanted: int) -> None:
    """Notes how many workers the lab is to have, before the first one more is made."""
    with _changed(lab, substrate) as note:
        note["wanted"] = wanted


def wanted(lab: str, substrate: str) -> int | None:
    """How many workers the lab is to have; None where no refresh is unfinished, so that its record tells it."""
    found = _read(lab, substrate).get("wanted")
    return int(found) if found else None


def launched(lab: str, substrate: str, names: Iterable[NodeName]) -> None:
    """Notes workers that are not checked yet, before they are wanted and made."""
    with _changed(lab, substrate) as note:
        note["unchecked"] = sorted({*note.get("unchecked", []), *(name.index for name in names)})


def unchecked_of(lab: str, substrate: str) -> frozenset[NodeName]:
    """The workers that a refresh launched and has not checked yet, at work or cut off."""
    return frozenset(NodeName(Role.WORKER, number) for number in _read(lab, substrate).get("unchecked", []))


def settled(lab: str, substrate: str, names: Iterable[NodeName]) -> None:
    """These workers are checked, or gone, or others by now."""
    with _changed(lab, substrate) as note:
        if numbers := {*note.pop("unchecked", [])} - {name.index for name in names}:
            note["unchecked"] = sorted(numbers)


def count_anew(lab: str, substrate: str) -> None:
    """The record tells again how many workers there are to be: somebody decided that by what the lab needs."""
    with _changed(lab, substrate) as note:
        note.pop("wanted", None)


def end(lab: str, substrate: str) -> None:
    """The record tells it again: the refresh has ended, or somebody said how many workers they want."""
    with _changed(lab, substrate) as note:
        note.clear()


def _read(lab: str, substrate: str) -> dict[str, Any]:
    found: dict[str, Any] = records.read_json(deployment.refresh_note(lab, substrate)) or {}
    return found


@contextmanager
def _changed(lab: str, substrate: str) -> Iterator[dict[str, Any]]:
    """The note, to be changed in the block; one that says nothing goes."""
    with deployment.all_records("refresh"):
        note = _read(lab, substrate)
        yield note
        if note:
            records.write_json(deployment.refresh_note(lab, substrate), note)
        else:
            deployment.refresh_note(lab, substrate).unlink(missing_ok=True)
