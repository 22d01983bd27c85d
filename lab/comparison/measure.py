"""Interleaved runs: A B A B, so that whatever slows this computer down for a while slows all of them."""

import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from lab.host import computer

# What a computer has whatever runs on it.
_LASTING = ("processor", "memory")

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


def seconds(action: Callable[[], object]) -> float:
    """How long an action took."""
    begun = time.monotonic()
    action()
    return time.monotonic() - begun


def circumstances() -> dict[str, str]:
    """On what and when something was measured."""
    name, version = computer.system()
    memory_kb = next(int(line.split()[1]) for line in _lines("/proc/meminfo") if line.startswith("MemTotal"))
    model = next((line.partition(": ")[2] for line in _lines("/proc/cpuinfo") if line.startswith("model name")), "")
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "system": f"{name} {version}, Linux {os.uname().release}",
        "processor": f"{os.cpu_count()} cores, {model.strip()}",
        "memory": f"{memory_kb / 1024**2:.0f} GiB",
        "load": f"{os.getloadavg()[0]:.1f}",
    }


def other_computer(one: Mapping[str, str], other: Mapping[str, str]) -> str | None:
    """What shows that these `circumstances` are those of two computers, in words; None where nothing does. Pure."""
    differ = [
        f"its {key} is {one.get(key)}, not {other.get(key)}" for key in _LASTING if one.get(key) != other.get(key)
    ]
    return differ[0] if differ else None


def _lines(path: str) -> list[str]:
    return Path(path).read_text().splitlines()
