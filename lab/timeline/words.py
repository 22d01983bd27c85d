"""Events in plain words, a line each; samples that follow each other become one line. Pure."""

import time
from collections.abc import Iterable, Iterator, Sequence

from lab.timeline.events import Event, Kind

_LONGEST_S = 60.0
"""Samples of so much time are told together."""

_GAP_S = 5.0


def told(events: Iterable[Event]) -> Iterator[tuple[float, str]]:
    """When something happened, Unix time, and what, in the order in which the events come."""
    held: list[Event] = []
    for event in events:
        if held and not _goes_on(held, event):
            yield held[0].at, _samples(held)
            held = []
        if event.kind is Kind.SAMPLE:
            held.append(event)
        else:
            yield event.at, _words(event)
    if held:
        yield held[0].at, _samples(held)


def clock(at: float) -> str:
    """A Unix time as this computer's clock showed it."""
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(at))


def _goes_on(held: Sequence[Event], event: Event) -> bool:
    is_like = event.kind is Kind.SAMPLE and event.what == held[0].what
    return is_like and event.at - held[-1].at < _GAP_S and event.at - held[0].at < _LONGEST_S


def _words(event: Event) -> str:
    why = event.fields.get("why")
    because = f": {why}" if why else ""
    match event.kind:
        case Kind.NODE:
            return f"{event.what} is {event.fields.get('state', 'absent')}{because}"
        case Kind.FAULT:
            seen = "" if event.fields.get("verified") else ", which was not seen to happen"
            return f"fault {event.what} of {event.fields.get('target', '?')}{seen}"
        case Kind.DECISION:
            return f"decided: {event.what}{because}"
        case _:
            return f"{event.what}{because}"


def _samples(samples: Sequence[Event]) -> str:
    """What samples of one source, one after the other, say together."""
    span_s = sum(_span_s(event) for event in samples)
    said = [f"{samples[0].what}, {span_s:.0f} s"]
    for name, unit in (("requests", "requests"), ("errors", "errors")):
        if any(event.fields.get(name) is not None for event in samples):
            count = sum((event.fields.get(name) or 0) * _span_s(event) for event in samples)
            said.append(f"{count:,.0f} {unit}")
    for name, words in (("p50_ms", "half of all within {} ms"), ("response_ms", "{} ms on average")):
        said += [words.format(_range(values))] if (values := _values(samples, name)) else []
    for name in ("users", "workers", "queue"):
        said += [f"{name} {_range(values)}"] if (values := _values(samples, name)) else []
    return "; ".join(said)


def _span_s(event: Event) -> float:
    return float(event.fields.get("span_s") or 1)


def _values(samples: Sequence[Event], name: str) -> list[float]:
    return [float(event.fields[name]) for event in samples if event.fields.get(name) is not None]


def _range(values: Sequence[float]) -> str:
    low, high = f"{min(values):.0f}", f"{max(values):.0f}"
    return low if low == high else f"{low} to {high}"
