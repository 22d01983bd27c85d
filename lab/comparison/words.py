"""How a value with its unit is written for people, and read from them. Pure."""

import math
import re

from lab.comparison.report import MOST

_Steps = tuple[tuple[str, float], ...]
_SCALES: dict[str, _Steps] = {
    "s": (("min", 60.0), ("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)),
    "B": (("GB", 1e9), ("MB", 1e6), ("kB", 1e3), ("B", 1.0)),
    "B/s": (("GB/s", 1e9), ("MB/s", 1e6), ("kB/s", 1e3), ("B/s", 1.0)),
}
# 90 s reads better than 1.5 min.
_FIRST_MINUTE = 180.0
_NUMBER = re.compile(r"(?P<number>\d+(?:\.\d+)?)\s*(?P<unit>[a-zµ/]*)", re.IGNORECASE)
# 12,000 has one; in 1,5 it may be meant for a point.
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
_CONTROLS = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
# What people type for a scale.
_ALSO = {
    **{"us": "µs", "sec": "s", "second": "s", "seconds": "s", "minute": "min", "minutes": "min"},
    **{"kb": "kB", "mb": "MB", "gb": "GB", "kib": "kB", "mib": "MB", "gib": "GB"},
}


def value(number: float, unit: str) -> str:
    """A value with its unit, to three digits: `1.23 s`, `45.6 ms`, `395 MB`, `12,300 requests/s`; whole counts as they
    are: `8 workers`."""
    name, factor = scale(number, unit)
    if unit not in _SCALES and number == round(number):
        return f"{number:,.0f} {name}"
    return f"{digits(number / factor)} {name}"


def scale(number: float, unit: str) -> tuple[str, float]:
    """The unit in which a number of this size is written, and how many of the row's own unit that one is."""
    steps: _Steps = _SCALES.get(unit, ((unit, 1.0),))
    number = _rounded(number)
    if unit == "s" and number < _FIRST_MINUTE:
        steps = steps[1:]
    if number == 0:
        return unit, 1.0
    return next((step for step in steps if number >= step[1]), steps[-1])


def digits(number: float) -> str:
    """A number to three digits, with commas; nothing behind the point from 100 on."""
    number = _rounded(number)
    if not math.isfinite(number):
        return "∞"
    decimals = 2 - math.floor(math.log10(abs(number))) if number else 0
    return f"{number:,.{max(0, decimals)}f}"


def _rounded(number: float) -> float:
    return float(f"{number:.3g}")


def times(factor: float) -> str:
    """How many times as much, in words: `3.2 x`."""
    return f"{digits(factor)} x"


def span_s(seconds: float) -> str:
    """A length of time that somebody waits: `40 s`, `12 min`, `1 h 5 min`."""
    if seconds < 90:
        return f"{math.ceil(seconds)} s"
    minutes = math.ceil(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"


def printable(text: str) -> str:
    """A text without what colours a terminal or moves its cursor; ends of lines and tabs stay."""
    return _CONTROLS.sub("", text)


def asked_in(unit: str) -> str:
    """The unit in which people are asked for a value of this one: bytes are too small."""
    return {"B": "MB", "B/s": "MB/s"}.get(unit, unit)


def read(text: str, unit: str) -> float | None:
    """The number that somebody typed for a row of this unit, in the row's unit; None where it cannot be told.

    A scale of that unit may stand behind it: `300 ms`, `1.5 GB`; without one it is in what `asked_in` says.
    """
    match = _NUMBER.fullmatch(_THOUSANDS.sub("", text.strip()))
    if match is None:
        return None
    typed = match["unit"] or asked_in(unit)
    per_second = typed[:-2] if unit.endswith("/s") and typed.endswith("/s") else typed
    factors = {name.removesuffix("/s"): factor for name, factor in _SCALES.get(unit, ((unit, 1.0),))}
    factor = factors.get(_ALSO.get(per_second.lower(), per_second))
    number = float(match["number"]) * (factor or 0)
    return number if factor is not None and number <= MOST else None
