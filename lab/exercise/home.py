"""Where a learner's progress and folders are."""

from dataclasses import dataclass
from pathlib import Path

from lab.exercise.progress import Store
from lab.host import paths


@dataclass(frozen=True)
class Home:
    """One learner's place: their progress, and the folder of their folders."""

    folder: Path
    workspaces: Path

    @classmethod
    def usual(cls) -> "Home":
        """The one of whoever types."""
        return cls(paths.exercises(), paths.workspaces())

    @property
    def store(self) -> Store:
        """The progress."""
        return Store(self.folder / "progress.json")

    def topology(self, exercise: str) -> Path:
        """The topology file of an exercise that changes it: the lab stays with it."""
        return self.folder / f"topology-{exercise}.toml"
