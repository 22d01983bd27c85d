"""One event format: a JSON object a line, with a time, a kind, what it is about, and fields."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from lab.model.errors import UsageError


class Kind(StrEnum):
    """The kinds of events, and the fields that drawing knows. More fields do no harm.

    SAMPLE: figures of the `span_s` before `at` by whom `what` names; any of `requests`, `answers`, `errors` (a second),
    `users`, `workers` (that serve), `queue` (requests that wait), `p50_ms`, `p99_ms`, `response_ms` (the mean).
    NODE: `what` is the node's name; `state` from now on: creating, waking, starting, ready, draining, sleeping,
    stopped, failed, absent; with draining `requests`, how many it had under way then.
    FAULT: `what` is its name; `target`, `until` (Unix time; None where it was never healed), `verified`.
    DECISION: `what` was decided, and `why`.
    CHANGE: `what` somebody did, and `why` or how it went: a load, a deploy, a refresh, putting a lab to sleep.
    """

    SAMPLE = "sample"
    NODE = "node"
    FAULT = "fault"
    DECISION = "decision"
    CHANGE = "change"


@dataclass(frozen=True)
class Event:
    """Something that happened `at` a Unix time."""

    at: float
    kind: Kind
    what: str
    fields: Mapping[str, Any] = field(default_factory=dict)

    def line(self) -> str:
        """The event as a line of a file, with its end."""
        about = {"at": round(self.at, 3), "kind": self.kind, "what": self.what, "fields": dict(self.fields)}
        return json.dumps(about, separators=(",", ":")) + "\n"


def read(lines: Iterable[str], name: str) -> list[Event]:
    """The events of the file that is called `name`, in order of time. A last line that is not whole is left out.

    Raises UsageError, with the line's number, for any other that is no event.
    """
    events = []
    for number, line in enumerate(lines, 1):
        if not line.endswith("\n"):
            break
        try:
            told = json.loads(line)
            fields = dict(told["fields"])
            events.append(Event(float(told["at"]), Kind(told["kind"]), str(told["what"]), fields))
        except (ValueError, KeyError, TypeError) as wrong:
            raise UsageError(
                "a line is no event", where=f"{name}, line {number}", mend="remove the line, or the file"
            ) from wrong
    return sorted(events, key=lambda event: event.at)
