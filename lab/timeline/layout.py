"""Where things lie in a drawing: scales, ticks, lines, lanes. Pure numbers; the template makes the picture of them."""

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from lab.timeline.events import Event, Kind

WIDTH = 520
LEFT, RIGHT = 114, 14
CHART_HEIGHT, LANE_HEIGHT, GAP, HEAD = 96, 20, 16, 28
_SIGN_WIDTH, _LETTER_WIDTH = 36, 6.2
_STEPS = (1, 2, 5)
_NEVER_THINNER = 3.0


@dataclass(frozen=True)
class Tick:
    """A mark on an axis."""

    at: float
    label: str


@dataclass(frozen=True)
class Line:
    """One series; `style` names its look in the template, so that it is told by more than its colour."""

    label: str
    style: str
    path: str


@dataclass(frozen=True)
class Span:
    """A stretch of a lane; `hint` is shown when pointed at, and read aloud."""

    x: float
    width: float
    style: str
    hint: str


@dataclass(frozen=True)
class Lane:
    """One row of spans."""

    label: str
    y: float
    spans: Sequence[Span]


@dataclass(frozen=True)
class Sign:
    """One sign of a legend."""

    x: float
    style: str
    label: str


@dataclass(frozen=True)
class Panel:
    """A part of the drawing with a title: a chart with its own vertical axis, or lanes."""

    title: str
    y: float
    height: float
    ticks: Sequence[Tick] = ()
    lines: Sequence[Line] = ()
    lanes: Sequence[Lane] = ()
    legend: Sequence[Sign] = ()


@dataclass(frozen=True)
class Layout:
    """A whole drawing."""

    height: float
    axis_y: float
    ticks: Sequence[Tick]
    axis_label: str
    panels: Sequence[Panel]


@dataclass(frozen=True)
class Axis:
    """Unix time to horizontal place."""

    start: float
    end: float

    def x(self, at: float) -> float:
        """The place of a time; what lies outside is put at the edge."""
        part = (min(max(at, self.start), self.end) - self.start) / (self.end - self.start)
        return round(LEFT + part * (WIDTH - LEFT - RIGHT), 1)

    def ticks(self) -> tuple[str, list[Tick]]:
        """The unit, and some round times since the start."""
        length = self.end - self.start
        unit_s, unit = next((s, name) for s, name in _UNITS if length >= s * 3 or s == 1)
        step = nice_step(length / unit_s / 5)
        count = int(length / unit_s / step + 1e-9)
        return unit, [Tick(self.x(self.start + n * step * unit_s), f"{n * step:g}") for n in range(count + 1)]


_UNITS = ((3600, "hours"), (60, "minutes"), (1, "seconds"))


def nice_step(rough: float) -> float:
    """The smallest of 1, 2, 5, 10, 20 ... (or a tenth of those ...) that is not below `rough`."""
    power = 10.0 ** math.floor(math.log10(rough))
    return float(next((n * power for n in _STEPS if n * power >= rough * (1 - 1e-9)), 10 * power))


def axis_of(events: Sequence[Event]) -> Axis:
    """The time axis on which all of these events have a place; there must be one at least."""
    return Axis(min(_begin(event) for event in events), max(*(_end(event) for event in events), events[0].at + 1))


def lay_out(events: Sequence[Event], axis: Axis | None = None) -> Layout:
    """The drawing of events, which must not be empty. A panel of which nothing is known is left out."""
    axis = axis or axis_of(events)
    samples = [event for event in events if event.kind is Kind.SAMPLE]
    stack = _Stack()
    stack.chart(axis, _series(samples, ["users"]), "Users")
    stack.chart(axis, _series(samples, ["requests", "answers", "errors"]), "Requests a second")
    stack.chart(axis, _series(samples, ["queue"]), "Requests that wait")
    stack.chart(axis, _series(samples, ["workers"]) or _counted(axis, events), "Workers that serve")
    stack.chart(axis, _series(samples, ["p50_ms", "p99_ms", "response_ms"]), "Time to answer", is_log=True)
    stack.lanes("Faults", _faults(axis, events), _FAULT_LEGEND)
    stack.lanes("Nodes", _nodes(axis, events), _NODE_LEGEND)
    stack.lanes("Decisions and changes", _marks(axis, events), ())
    unit, ticks = axis.ticks()
    return Layout(stack.y + 44, stack.y, ticks, f"{unit} since the start", stack.panels)


_FAULT_LEGEND = (("fault", "until healed"), ("doubtful", "not verified"))
_NODE_LEGEND = (
    *(("ready", "ready"), ("between", "starting or draining")),
    *(("asleep", "asleep"), ("down", "stopped or failed")),
)
_LOOK = {"ready": "ready", "running": "ready", "sleeping": "asleep", "failed": "down", "stopped": "down"}
_NAMES = {
    **{"requests": "due", "answers": "answered", "errors": "errors"},
    **{"p50_ms": "half of all", "p99_ms": "99 of 100", "response_ms": "mean"},
}
# Between two samples that are further apart, in their own lengths and in seconds, nothing is known.
_GAP_SPANS, _GAP_S = 3, 5
_FIRST_SOURCE, _LONGEST_SOURCE = "visitors", 13


@dataclass
class _Stack:
    """Panels, one below the other."""

    y: float = 8
    panels: list[Panel] = field(default_factory=list)

    def chart(self, axis: Axis, series: "Sequence[_Series]", title: str, *, is_log: bool = False) -> None:
        if not series:
            return
        top = self.y + HEAD
        most = max(value for one in series for piece in one.pieces for _, value in piece)
        scale = _log_scale(most) if is_log else _linear_scale(most)
        lines = [Line(one.told, one.style, _path(axis, one.pieces, scale, top)) for one in series]
        ticks = [Tick(round(top + CHART_HEIGHT * (1 - scale.part(value)), 1), label) for value, label in scale.ticks]
        others = dict.fromkeys(one.source[:_LONGEST_SOURCE] for one in series if one.is_other)
        signs = [(one.style, one.label) for one in series if not one.is_other]
        legend = _legend(signs + ([("source", "others" if len(others) > 1 else next(iter(others)))] if others else []))
        self._add(Panel(title, self.y, CHART_HEIGHT, ticks, lines, (), legend))

    def lanes(self, title: str, rows: dict[str, list[Span]], legend: Sequence[tuple[str, str]]) -> None:
        if not rows:
            return
        lanes = [Lane(name, self.y + HEAD + n * LANE_HEIGHT, spans) for n, (name, spans) in enumerate(rows.items())]
        used = {span.style for spans in rows.values() for span in spans}
        shown = _legend([(style, label) for style, label in legend if style in used])
        self._add(Panel(title, self.y, len(lanes) * LANE_HEIGHT, (), (), lanes, shown))

    def _add(self, panel: Panel) -> None:
        self.panels.append(panel)
        self.y += HEAD + panel.height + GAP


@dataclass(frozen=True)
class _Scale:
    least: float
    most: float
    ticks: Sequence[tuple[float, str]]
    is_log: bool

    def part(self, value: float) -> float:
        """The height of a value, from 0 to 1."""
        if self.is_log:
            return math.log(max(value, self.least) / self.least) / math.log(self.most / self.least)
        return value / self.most


def _linear_scale(most: float) -> _Scale:
    step = nice_step(max(most, 1) / 3)
    top = step * max(1, math.ceil(most / step - 1e-9))
    return _Scale(0, top, [(n * step, f"{n * step:g}") for n in range(round(top / step) + 1)], is_log=False)


def _log_scale(most_ms: float) -> _Scale:
    decades = max(1, math.ceil(math.log10(max(most_ms, 1)) - 1e-9))
    ticks = [(10.0**n, f"{10**n} ms" if n < 3 else f"{10 ** (n - 3)} s") for n in range(decades + 1)]
    return _Scale(1, 10.0**decades, ticks, is_log=True)


def _legend(signs: Sequence[tuple[str, str]]) -> list[Sign]:
    """Signs side by side, the last one ending at the right edge."""
    x, placed = float(WIDTH - RIGHT), []
    for style, label in reversed(signs):
        x -= _SIGN_WIDTH + _LETTER_WIDTH * len(label)
        placed.append(Sign(round(x + 8, 1), style, label))
    return placed[::-1]


_Point = tuple[float, float]


@dataclass(frozen=True)
class _Series:
    """One line of a chart, in pieces between which nothing is known; `is_other` where a first source tells the same."""

    name: str
    pieces: Sequence[Sequence[_Point]]
    source: str = ""
    is_other: bool = False

    @property
    def label(self) -> str:
        return _NAMES.get(self.name, self.name)

    @property
    def told(self) -> str:
        return f"{self.label}, {self.source}" if self.source else self.label

    @property
    def style(self) -> str:
        return f"{self.name} other" if self.is_other else self.name


def _series(samples: Sequence[Event], names: Sequence[str]) -> list[_Series]:
    """A line for each of the figures and each source that tells of it; visitors come first."""
    found = []
    for name in names:
        told: dict[str, list[Event]] = defaultdict(list)
        for event in samples:
            value = event.fields.get(name)
            if value is not None and math.isfinite(value):
                told[event.what].append(event)
        for number, source in enumerate(sorted(told, key=lambda source: source != _FIRST_SOURCE)):
            found.append(_Series(name, _pieces(told[source], name), source, is_other=number > 0))
    return found


def _pieces(samples: Sequence[Event], name: str) -> list[list[_Point]]:
    """Each sample in the middle of the time that it is about."""
    pieces: list[list[_Point]] = []
    known_until = -math.inf
    for event in samples:
        begin = _begin(event)
        if begin - known_until > max(_GAP_S, _GAP_SPANS * (event.at - begin)):
            pieces.append([])
        pieces[-1].append(((begin + event.at) / 2, float(event.fields[name])))
        known_until = event.at
    return pieces


def _counted(axis: Axis, events: Iterable[Event]) -> list[_Series]:
    """How many workers were ready, as far as the events of nodes tell."""
    ready: set[str] = set()
    points: list[_Point] = []
    for event in events:
        if event.kind is Kind.NODE and event.what.startswith("worker-"):
            before = len(ready)
            is_ready = _LOOK.get(str(event.fields.get("state"))) == "ready"
            (ready.add if is_ready else ready.discard)(event.what)
            points += [(event.at, before), (event.at, len(ready))]
    return [_Series("workers", [[*points[1:], (axis.end, len(ready))]])] if points else []


def _path(axis: Axis, pieces: Iterable[Sequence[_Point]], scale: _Scale, top: float) -> str:
    placed = (
        " L".join(f"{axis.x(at):g},{top + CHART_HEIGHT * (1 - scale.part(value)):.1f}" for at, value in piece)
        for piece in pieces
    )
    # A sample that stands alone is a dot.
    return " ".join(f"M{piece}" if " L" in piece else f"M{piece} h0.1" for piece in placed)


def _span(axis: Axis, begin: float, end: float, style: str, hint: str) -> Span:
    x = axis.x(begin)
    return Span(x, max(_NEVER_THINNER, round(axis.x(end) - x, 1)), style, hint)


def _faults(axis: Axis, events: Iterable[Event]) -> dict[str, list[Span]]:
    rows: dict[str, list[Span]] = defaultdict(list)
    for event in events:
        if event.kind is Kind.FAULT:
            style = "fault" if event.fields.get("verified") else "doubtful"
            hint = f"{event.what} of {event.fields.get('target', '?')} at {event.at - axis.start:.1f} s"
            rows[event.what].append(_span(axis, event.at, _end(event, axis.end), style, hint))
    return dict(sorted(rows.items()))


def _nodes(axis: Axis, events: Iterable[Event]) -> dict[str, list[Span]]:
    changes: dict[str, list[Event]] = defaultdict(list)
    for event in events:
        if event.kind is Kind.NODE:
            changes[event.what].append(event)
    return {name: _states(axis, changes[name]) for name in sorted(changes, key=lambda name: (len(name), name))}


def _states(axis: Axis, changes: Sequence[Event]) -> list[Span]:
    spans = []
    ends = [event.at for event in changes[1:]] + [axis.end]
    for event, end in zip(changes, ends, strict=True):
        state = str(event.fields.get("state", "absent"))
        if state != "absent":
            hint = f"{event.what} {state} from {event.at - axis.start:.1f} s to {end - axis.start:.1f} s"
            spans.append(_span(axis, event.at, end, _LOOK.get(state, "between"), hint))
    return spans


def _marks(axis: Axis, events: Iterable[Event]) -> dict[str, list[Span]]:
    rows: dict[str, list[Span]] = defaultdict(list)
    for event in events:
        if event.kind in (Kind.DECISION, Kind.CHANGE):
            why = event.fields.get("why")
            hint = f"{event.what} at {event.at - axis.start:.1f} s" + (f": {why}" if why else "")
            rows[str(event.kind)].append(_span(axis, event.at, event.at, "mark", hint))
    return dict(rows)


def _begin(event: Event) -> float:
    return event.at - float(event.fields.get("span_s", 0))


def _end(event: Event, otherwise: float | None = None) -> float:
    until = event.fields.get("until")
    return float(until) if until is not None else event.at if otherwise is None else otherwise
