"""The faults of a run as its journal tells of them: each note is held against those before it and against the plan."""

from dataclasses import dataclass, replace

from lab.ledger.journal import Impossible
from lab.ledger.records import LATEST_S, FaultNote, Header, Stage


@dataclass(frozen=True)
class FaultSeen:
    """A fault that was begun. `verified_s` and `healed_s` are None as long as it was not seen, or is not healed;
    `ended_run` says that the run noted that it could not go on."""

    name: str
    target: str
    at_s: float
    healed_s: float | None
    verified_s: float | None
    takes: tuple[str, ...] = ()
    ended_run: bool = False

    @property
    def verified(self) -> bool:
        """Whether it was seen to have happened."""
        return self.verified_s is not None


class Struck:
    """The faults, one after the other. A run begins none before the one before is healed."""

    def __init__(self) -> None:
        self.faults: list[FaultSeen] = []
        self._latest_s = 0.0

    def note(self, note: FaultNote, header: Header) -> None:
        """Takes up what is known at a stage. Raises Impossible for what no run could have seen."""
        title = f"fault {note.number}, {note.name} of {note.target},"
        if not self._latest_s <= note.at_s <= LATEST_S:  # also where it is no number
            raise Impossible(f"{title} is noted at a time before that of the note before it, or after any run")
        self._latest_s = note.at_s
        if note.stage is not Stage.BEGUN:
            self._go_on(note, title)
        elif not self._is_latest(note) or self.faults[-1].healed_s is not None:
            self._begin(note, header, title)
        else:
            # A run that cannot heal a fault notes once more that it has begun, and why it ends.
            self.faults[-1] = replace(self.faults[-1], ended_run=True)

    def _is_latest(self, note: FaultNote) -> bool:
        begun = (len(self.faults) - 1, self.faults[-1].name, self.faults[-1].target) if self.faults else None
        return (note.number, note.name, note.target) == begun

    def _begin(self, note: FaultNote, header: Header, title: str) -> None:
        if note.number != len(self.faults) or (self.faults and self.faults[-1].healed_s is None):
            raise Impossible(f"{title} begins out of turn")
        wanted = header.planned[note.number : note.number + 1], header.targets[note.number : note.number + 1]
        # Journals of old name no targets.
        if wanted[0] != (note.name,) or (header.targets and wanted[1] != (note.target,)):
            raise Impossible(f"{title} is not what was planned")
        self.faults.append(FaultSeen(note.name, note.target, note.at_s, None, None, note.takes))

    def _go_on(self, note: FaultNote, title: str) -> None:
        if not self._is_latest(note):
            raise Impossible(f"{title} is {note.stage}, and had not begun")
        fault = self.faults[-1]
        if fault.healed_s is not None or (fault.verified and note.stage is Stage.VERIFIED):
            raise Impossible(f"{title} is {note.stage} out of turn")
        is_seen = note.stage is Stage.VERIFIED
        self.faults[-1] = replace(fault, verified_s=note.at_s) if is_seen else replace(fault, healed_s=note.at_s)
