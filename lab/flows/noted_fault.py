"""One fault of a run, and what the run's journal is told of it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from lab.faults.base import Fault
from lab.faults.injection import Injected
from lab.ledger.records import FaultNote, Stage
from lab.ledger.writer import Journal
from lab.model.errors import LabError
from lab.substrates.base import Report


@dataclass(frozen=True)
class NotedFault:
    """The fault of this number in a run's schedule."""

    number: int
    fault: Fault
    journal: Journal
    report: Report

    @property
    def title(self) -> str:
        """What is struck by what, in words."""
        return f"{self.fault.name} of {self.fault.target}"

    @contextmanager
    def noted(self) -> Iterator[None]:
        """Notes that it begins and, after the block, that it is healed, or why it ended the run."""
        self._note(Stage.BEGUN)
        try:
            yield
        except LabError as problem:
            self._note(Stage.BEGUN, f"it ended the run: {problem.message}")
            raise
        self._note(Stage.HEALED)

    def see(self, seen: Injected) -> None:
        """Tells what was seen of it, and notes it where that is evidence."""
        self.report(f"{self.title}: {seen.evidence or seen.problem}")
        if seen.evidence is not None:
            self._note(Stage.VERIFIED, seen.evidence)

    def _note(self, stage: Stage, words: str = "") -> None:
        fault, takes = self.fault, tuple(str(harm) for harm in self.fault.takes)
        note = FaultNote(self.number, stage, self.journal.now_s(), fault.name, str(fault.target), takes, words)
        self.journal.append(note.record())
