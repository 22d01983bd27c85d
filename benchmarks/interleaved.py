"""Interleaved runs: A B A B, so that whatever slows this computer down for a while slows all of them."""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

Report = Callable[[str], None]


@dataclass(frozen=True)
class Case:
    """Something to measure: `run` does it once and gives each row's value, of which one case may have several.

    `at_most` bounds its runs, for what takes many minutes.
    """

    name: str
    run: Callable[[], Mapping["Row", float]]
    at_most: int = 1_000_000


@dataclass(frozen=True, order=True)
class Row:
    """What a value is, and its unit."""

    name: str
    unit: str = "s"


@dataclass
class Samples:
    """A row's values in the order of the runs, and this computer's load (of one minute) before each of them."""

    values: list[float] = field(default_factory=list)
    loads: list[float] = field(default_factory=list)


def interleaved(
    cases: Sequence[Case], repeats: int, report: Report, *, warm_up: int = 0
) -> Iterator[Mapping[Row, Samples]]:
    """Each row's samples so far, after each run of `repeats` rounds, in which each case runs once: who is stopped has
    what was measured by then. `warm_up` rounds come before and are discarded; a case that runs less often gets none.
    """
    found: dict[Row, Samples] = {}
    for turn in range(-warm_up, repeats):
        for case in (case for case in cases if 0 <= turn < case.at_most or case.at_most >= repeats):
            load = os.getloadavg()[0]
            values = case.run()
            kind = "warm-up" if turn < 0 else f"{turn + 1} of {min(repeats, case.at_most)}"
            report(f"{case.name}, {kind}: {', '.join(_words(values.items()))}")
            for row, value in values.items() if turn >= 0 else ():
                samples = found.setdefault(row, Samples())
                samples.values.append(value)
                samples.loads.append(load)
            yield found


def _words(values: Iterable[tuple[Row, float]]) -> list[str]:
    return [f"{row.name} {value:.3g} {row.unit}" for row, value in values]
