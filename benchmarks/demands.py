"""What is asked of the kit's speed and size, held against what was measured. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lab.comparison import figures
from lab.comparison.figures import Figure
from lab.substrates.registry import NAMES

Values = Mapping[str, Sequence[float]]
"""A row's name to its samples."""


@dataclass(frozen=True)
class Demand:
    """A row, or a row as a multiple of another (`to`), that is to be at most `limit`."""

    says: str
    row: str
    limit: float
    unit: str
    to: str | None = None

    def measured(self, values: Values) -> Figure | None:
        """The figure, None where it was not measured."""
        rows = [values.get(name) for name in (self.row, self.to) if name is not None]
        if not all(rows):
            return None
        found = [row for row in rows if row]
        return figures.median(found[0]) if self.to is None else figures.ratio(found[0], found[1])


def _status(substrate: str) -> list[Demand]:
    silent = f"lab status, a node of {substrate} silent"
    return [
        Demand(f"`lab status`, {substrate}", f"lab status, {substrate}", 1, "s"),
        Demand(f"`lab status`, {substrate}, with a node that does not answer", silent, 1, "s"),
    ]


DEMANDS = (
    Demand("`up docker` / Compose", "lab up docker", 1.0, "x", "compose up of the rendered file"),
    Demand("`up docker` / the naive way", "lab up docker", 0.3, "x", "naive, the lab on docker"),
    Demand("`up vagrant` / plain Vagrant", "lab up vagrant", 1.1, "x", "vagrant up of the rendered file"),
    Demand("`up vagrant` / one naive machine", "lab up vagrant", 0.3, "x", "naive, one worker on vagrant"),
    Demand("a worker alone, docker", "a worker alone, docker", 1.5, "s"),
    Demand("a worker alone, vagrant under TCG", "a worker alone, vagrant", 30, "s"),
    Demand("`up vagrant`, four machines under TCG", "lab up vagrant", 150, "s"),
    Demand("memory (PSS) of four machines, right after ready", "memory of the lab on vagrant", 2000, "MB"),
    Demand("`lab --help`", "lab --help", 0.25, "s"),
    *(Demand(f"an unchanged `lab build`, {name}", f"lab build, unchanged, {name}", 2, "s") for name in NAMES),
    *_status("docker"),
    *_status("vagrant"),
)
