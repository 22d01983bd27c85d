"""Injecting: what was begun is written down first, so that it is healed whatever happens, also by another process."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from lab.faults.base import Fault, Ground
from lab.faults.catalogue import FAULTS, Planned, of
from lab.host import interrupt, records
from lab.model import labs
from lab.model.deadline import Deadline
from lab.model.errors import LabError
from lab.model.node import NodeName

_ON_DISK = {name for name, fault in FAULTS.items() if fault.stays_on_disk}


@dataclass(frozen=True)
class Injected:
    """A fault that was made. `evidence` shows that it happened; where it is None, `problem` says what was seen."""

    fault: Fault
    evidence: str | None
    problem: str | None = None

    def confirmed(self, by: Deadline) -> "Injected":
        """What is known of it at the end of the hold: what was not seen at its start is not seen now."""
        seen = self.evidence
        return self if seen is None else _seen(self.fault, lambda: self.fault.confirm(seen, by))


@contextmanager
def injected(
    ground: Ground, planned: Planned, open_faults: Path, report: Callable[[str], None], by: Deadline
) -> Iterator[Injected]:
    """Makes the fault, keeps it up for the block, and heals it on any exit.

    Before it strikes it stands in the file `open_faults`; it leaves that file when it is healed. Ctrl-C waits for that,
    and `report` hears what for.
    """
    fault = of(ground, planned)
    before = fault.before(by)
    say = _once(partial(report, _waits(ground, fault)))
    try:
        _write(open_faults, [*read(open_faults), planned])
        # An engine that was asked goes on with it, and would strike after the healing.
        with interrupt.delayed(say):
            fault.inject(by)
        yield _seen(fault, lambda: fault.verify(before, by))
    except KeyboardInterrupt:
        say()
        raise
    finally:
        # Also after Ctrl-C, which cuts it only when it comes twice, and also when the deadline of the run is over.
        with interrupt.delayed(say):
            heal(ground, planned, open_faults, Deadline.after(900, f"healing {planned.fault}"))


def _waits(ground: Ground, fault: Fault) -> str:
    heal = labs.typed(f"heal {ground.plan.substrate}", ground.lab)
    return (
        f"interrupted: waiting until {fault.name} of {fault.target} is healed, {fault.heals_by}; "
        f"Ctrl-C once or twice more ends that, and {heal} heals it"
    )


def _once(say: Callable[[], None]) -> Callable[[], None]:
    """Says it the first time only, and nothing to a terminal that is gone: what was begun is healed all the same."""
    left = [say]

    def once() -> None:
        while left:
            with suppress(OSError):
                left.pop()()

    return once


def _seen(fault: Fault, look: Callable[[], str]) -> Injected:
    try:
        return Injected(fault, look())
    except LabError as error:
        return Injected(fault, None, error.message)


def heal(ground: Ground, planned: Planned, open_faults: Path, by: Deadline) -> None:
    """Heals one fault and strikes it off the file."""
    of(ground, planned).heal(by)
    left = read(open_faults)
    if planned in left:
        left.remove(planned)
    _write(open_faults, left)


def heal_all(ground: Ground, open_faults: Path, report: Callable[[str], None], by: Deadline) -> int:
    """Heals what the file says is open, the last one first; gives how many there were.

    One that cannot be healed stays in the file and keeps no other from it; LabError tells of all of these in the end.
    """
    left = read(open_faults)
    failed: list[LabError] = []
    for planned in reversed(left):
        report(f"healing {planned.fault} of {planned.target}")
        try:
            heal(ground, planned, open_faults, by)
        except LabError as error:
            failed.append(error)
    if failed:
        message = "\n".join(error.message for error in failed)
        raise type(failed[0])(message, where=failed[0].where, mend=failed[0].mend)
    return len(left)


def forget(open_faults: Path, *, volumes: bool) -> None:
    """Strikes off what ended with a lab's nodes, and with `volumes` also what was on the store's disk."""
    left = [] if volumes else [one for one in read(open_faults) if one.fault in _ON_DISK]
    if left:
        _write(open_faults, left)
    else:
        open_faults.unlink(missing_ok=True)


def read(open_faults: Path) -> list[Planned]:
    """The faults that were begun and not yet healed, in the order in which they began."""
    return [Planned(entry["fault"], NodeName.parse(entry["target"])) for entry in records.read_json(open_faults) or []]


def _write(open_faults: Path, faults: list[Planned]) -> None:
    records.write_json(open_faults, [{"fault": one.fault, "target": str(one.target)} for one in faults])
