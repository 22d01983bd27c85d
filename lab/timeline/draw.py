"""Events as one picture: a self-contained SVG, and a page of such pictures. No script, no network.

Drawn by a template of our own: the lanes of nodes and faults under curves on one time axis, light and dark by the
reader's setting, are no plotting library's strength, and none is light (Matplotlib with NumPy takes 100 MB).
"""

import hashlib
import textwrap
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from lab.model.errors import UsageError
from lab.timeline.events import Event, Kind
from lab.timeline.layout import LEFT, RIGHT, WIDTH, lay_out

_LETTERS_A_LINE = 72
_TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined, trim_blocks=True
)


def draw(events: Sequence[Event], title: str, subtitle: str = "") -> str:
    """The picture of events as SVG. Raises UsageError where there is nothing to draw."""
    if not events:
        raise UsageError("there is nothing to draw", where=title, mend="draw it once something has happened")
    ordered = sorted(events, key=lambda event: event.at)
    parts = textwrap.wrap(subtitle, _LETTERS_A_LINE)
    return _TEMPLATES.get_template("timeline.svg.j2").render(
        layout=lay_out(ordered),
        title=title,
        subtitle=parts,
        summary=summary(ordered),
        head=34 + 17 * len(parts),
        # Two pictures on one page must not share their ids.
        id="t" + hashlib.sha256(f"{title}{subtitle}{ordered[0].at}".encode()).hexdigest()[:8],
        width=WIDTH,
        left=LEFT,
        right=RIGHT,
    )


def page(title: str, drawings: Sequence[str], lead: str, lists: Mapping[str, Sequence[str]]) -> str:
    """A web page: the `lead` sentence, pictures from `draw`, and below them each of the lists under its heading.

    Pictures stand side by side where there is room, below each other on a phone.
    """
    return _TEMPLATES.get_template("page.html.j2").render(title=title, drawings=drawings, lead=lead, lists=lists)


def summary(events: Sequence[Event]) -> str:
    """What the picture shows, for those who do not see it."""
    length = max(event.at for event in events) - min(event.at for event in events)
    told = [f"{length:.0f} seconds on one time axis."]
    errors = sum(float(e.fields.get("errors") or 0) * float(e.fields.get("span_s", 1)) for e in events)
    slowest = max((float(e.fields["p99_ms"]) for e in events if e.fields.get("p99_ms") is not None), default=None)
    told += [f"About {errors:.0f} errors."] if any("errors" in e.fields for e in events) else []
    told += [f"The slowest second had 99 of 100 answers within {slowest:.0f} ms."] if slowest is not None else []
    faults = Counter(event.what for event in events if event.kind is Kind.FAULT)
    told += ["Faults: " + ", ".join(f"{n} times {name}" for name, n in sorted(faults.items())) + "."] if faults else []
    nodes = sorted({event.what for event in events if event.kind is Kind.NODE})
    told += [f"Nodes: {', '.join(nodes)}."] if nodes else []
    return " ".join(told)
