"""A journal as events of the timeline: what users asked and got, the faults, the nodes."""

import math
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable
from typing import Any

from lab.ledger.journal import Record
from lab.ledger.records import FaultNote, Header, Kind, Seen, Stage
from lab.timeline import events
from lab.timeline.events import Event

_MOST_SAMPLES = 240


def story(records: Iterable[Record]) -> list[Event]:
    """The events of one run; none where not even its header is whole. Latencies stand where a request was due."""
    header: Header | None = None
    told: list[Event] = []
    faults: dict[int, dict[str, Any]] = {}
    requests = _Requests()
    for record in records:
        if record["kind"] == Kind.RUN:
            header = Header.of(record)
        elif record["kind"] == Kind.FAULT:
            _note_fault(faults, FaultNote.of(record))
        elif record["kind"] == Kind.NODE:
            told.append(Event(record["at_s"], events.Kind.NODE, record["name"], {"state": record["state"]}))
        else:
            requests.note(record)
    if header is None:
        return []
    told += [Event(about["at_s"], events.Kind.FAULT, about["name"], about["fields"]) for about in faults.values()]
    told += requests.samples(_span_s(header.duration_s))
    return sorted((_at_unix_time(event, header.began_at) for event in told), key=lambda event: event.at)


def _span_s(duration_s: float) -> float:
    return float(max(1, math.ceil(duration_s / _MOST_SAMPLES)))


def _at_unix_time(event: Event, began_at: float) -> Event:
    fields = dict(event.fields)
    if fields.get("until") is not None:
        fields["until"] += began_at
    return Event(event.at + began_at, event.kind, event.what, fields)


def _note_fault(faults: dict[int, dict[str, Any]], note: FaultNote) -> None:
    fields = {"target": note.target, "until": None, "verified": False}
    about = faults.setdefault(note.number, {"at_s": note.at_s, "name": note.name, "fields": fields})
    if note.stage is Stage.VERIFIED:
        about["fields"]["verified"] = True
    elif note.stage is Stage.HEALED:
        about["fields"]["until"] = note.at_s


class _Requests:
    """When requests were due, answered, and failed."""

    def __init__(self) -> None:
        self._due_s: dict[str, float] = {}
        self._done_s: dict[str, float] = {}
        self._reads: list[tuple[float, float]] = []
        self._answered: list[float] = []
        self._failed: list[float] = []

    def note(self, record: Record) -> None:
        if record["kind"] == Kind.INTENTS:
            self._due_s |= {key: due_s for _, key, due_s, _ in record["rows"]}
        elif record["kind"] == Kind.ATTEMPTS:
            for key, _, _, done_s, status, _, failure, _ in record["rows"]:
                self._done_s[key] = done_s
                (self._failed if failure or status >= 500 else self._answered).append(done_s)
        elif record["kind"] == Kind.LOOKS:
            for _, due_s, _, done_s, _, _, _, seen, _ in record["rows"]:
                self._reads.append((due_s, done_s))
                (self._failed if seen in (Seen.CUT, Seen.FAILED) else self._answered).append(done_s)

    def samples(self, span_s: float) -> list[Event]:
        answered = Counter(int(done_s / span_s) for done_s in self._answered)
        failed = Counter(int(done_s / span_s) for done_s in self._failed)
        latencies = self._latencies(span_s)
        last = max([*answered, *failed, *latencies], default=-1)
        return [
            _sample(number, span_s, answered[number], failed[number], latencies[number]) for number in range(last + 1)
        ]

    def _latencies(self, span_s: float) -> defaultdict[int, list[float]]:
        found: defaultdict[int, list[float]] = defaultdict(list)
        ended = [(self._due_s[key], done_s) for key, done_s in self._done_s.items()]
        for due_s, done_s in ended + self._reads:
            found[int(due_s / span_s)].append(done_s - due_s)
        return found


def _sample(number: int, span_s: float, answered: int, failed: int, latencies_s: list[float]) -> Event:
    fields = {
        "span_s": span_s,
        "requests": len(latencies_s) / span_s,
        "answers": answered / span_s,
        "errors": failed / span_s,
        "p50_ms": percentile_ms(latencies_s, 0.50),
        "p99_ms": percentile_ms(latencies_s, 0.99),
    }
    return Event((number + 1) * span_s, events.Kind.SAMPLE, "visitors", fields)


def percentile_ms(latencies_s: Collection[float], share: float) -> float | None:
    """The latency, in milliseconds, that this share of all did not exceed; None where there is none."""
    if not latencies_s:
        return None
    return round(sorted(latencies_s)[math.ceil(share * len(latencies_s)) - 1] * 1000, 1)
