"""How long something took, and on what and when it was measured."""

import os
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from lab.host import computer

# What a computer has whatever runs on it.
_LASTING = ("processor", "memory")


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
