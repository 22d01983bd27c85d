"""Events as one picture: a self-contained SVG, and a page of such pictures. No script, no network.

Drawn by a template of our own: lanes of nodes and faults under curves, with hints where one points at them, are no
plotting library's strength. What has ordinary axes, Matplotlib draws: `lab/comparison/plots.py`.
"""

import hashlib
import textwrap
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from lab.model.errors import UsageError
from lab.timeline.events import Event, Kind
from lab.timeline.layout import LEFT, RIGHT, WIDTH, Axis, axis_of, lay_out

_LETTERS_A_LINE = 72
_TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined, trim_blocks=True
)


@dataclass(frozen=True)
class Picture:
    """What is to be drawn under a title; events in any order."""

    events: Sequence[Event]
    title: str
    subtitle: str = ""


def draw(events: Sequence[Event], title: str, subtitle: str = "") -> str:
    """The picture of events as SVG. Raises UsageError where there is nothing to draw."""
    return draw_all([Picture(events, title, subtitle)])[0]


def draw_all(pictures: Sequence[Picture]) -> list[str]:
    """Each picture as SVG, all on the same time axis. Raises UsageError for one in which there is nothing to draw."""
    axis = _shared_axis(pictures)
    return [_svg(picture, axis) for picture in pictures]


def sheet(pictures: Sequence[Picture]) -> str:
    """All pictures side by side, on the same time axis, as one SVG; raises as `draw_all` does."""
    axis = _shared_axis(pictures)
    if len(pictures) == 1:
        return _svg(pictures[0], axis)
    drawn = [_svg(picture, axis, x=number * WIDTH) for number, picture in enumerate(pictures)]
    height = max(lay_out(_ordered(picture), axis).height + _head(_wrapped(picture)) for picture in pictures)
    return _TEMPLATES.get_template("sheet.svg.j2").render(drawings=drawn, width=WIDTH * len(drawn), height=height)


def _shared_axis(pictures: Sequence[Picture]) -> Axis:
    for picture in pictures:
        if not picture.events:
            raise UsageError(
                "there is nothing to draw", where=picture.title, mend="draw it once something has happened"
            )
    return axis_of([event for picture in pictures for event in picture.events])


def _svg(picture: Picture, axis: Axis, x: float | None = None) -> str:
    """One picture; `x` is where it stands in a larger one."""
    ordered, parts = _ordered(picture), _wrapped(picture)
    about = f"{picture.title}{picture.subtitle}{ordered[0].at}"
    return _TEMPLATES.get_template("timeline.svg.j2").render(
        layout=lay_out(ordered, axis),
        title=picture.title,
        subtitle=parts,
        summary=summary(ordered),
        head=_head(parts),
        # Two pictures on one page must not share their ids.
        id="t" + hashlib.sha256(about.encode()).hexdigest()[:8],
        width=WIDTH,
        left=LEFT,
        right=RIGHT,
        x=x,
    )


def _ordered(picture: Picture) -> list[Event]:
    return sorted(picture.events, key=lambda event: event.at)


def _wrapped(picture: Picture) -> list[str]:
    return textwrap.wrap(picture.subtitle, _LETTERS_A_LINE)


def _head(subtitle: Sequence[str]) -> int:
    """The height of what stands above the panels."""
    return 34 + 17 * len(subtitle)


def page(title: str, drawings: Sequence[str], lead: str, lists: Mapping[str, Sequence[str]]) -> str:
    """A web page: the `lead` sentence, pictures from `draw`, and below them each of the lists under its heading.

    Pictures stand side by side where there is room, below each other on a phone.
    """
    return _TEMPLATES.get_template("page.html.j2").render(title=title, drawings=drawings, lead=lead, lists=lists)


def summary(events: Sequence[Event]) -> str:
    """What the picture shows, for those who do not see it."""
    length = max(event.at for event in events) - min(event.at for event in events)
    told = [f"{length:.0f} seconds on one time axis."]
    errors = [_errors(events, source) for source in sorted({e.what for e in events if "errors" in e.fields})]
    slowest = max((float(e.fields["p99_ms"]) for e in events if e.fields.get("p99_ms") is not None), default=None)
    # Visitors and the load balancer tell of the same requests.
    told += [f"About {max(errors):.0f} errors."] if errors else []
    told += [f"The slowest second had 99 of 100 answers within {slowest:.0f} ms."] if slowest is not None else []
    faults = Counter(event.what for event in events if event.kind is Kind.FAULT)
    told += ["Faults: " + ", ".join(f"{n} times {name}" for name, n in sorted(faults.items())) + "."] if faults else []
    nodes = sorted({event.what for event in events if event.kind is Kind.NODE})
    told += [f"Nodes: {', '.join(nodes)}."] if nodes else []
    return " ".join(told)


def _errors(events: Sequence[Event], source: str) -> float:
    samples = [event.fields for event in events if event.what == source]
    return sum(float(fields.get("errors") or 0) * float(fields.get("span_s", 1)) for fields in samples)
