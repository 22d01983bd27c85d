"""Where a learner's progress and folders are."""

from dataclasses import dataclass
from pathlib import Path

from lab.exercise.progress import Store
from lab.host import paths
from lab.model import labs

LAB = "ex"
"""The lab of exercises, unless another one is named."""


def typed(words: str, lab: str) -> str:
    """A command about exercises as it is typed: their lab is named where it is not the usual one."""
    return f"`lab {words}`" if lab in (LAB, "") else labs.typed(words, lab)


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
