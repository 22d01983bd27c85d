"""A Matplotlib figure as SVG that belongs into a page: told in words, coloured by the page, at odds with no other.

Light and dark are the reader's setting, not ours, so a figure is drawn in stand-ins for colours (`Ink`) that the page's
style sheet resolves. Its letters are letters, in the page's font, which can be read aloud, searched and copied.
"""

import hashlib
import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import Any
from xml.etree import ElementTree as ET

import matplotlib as mpl
from matplotlib.figure import Figure
from matplotlib.text import Text

from lab.comparison import words

_SVG, _XLINK = "http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"
ET.register_namespace("", _SVG)
ET.register_namespace("xlink", _XLINK)
_HASH_SALT = "lab compare"
PART = "part-"
"""What the name (`gid`) of a part of a figure begins with that is to have a class of its own: the rest of the name."""


class Ink(StrEnum):
    """What stands in for a colour while a figure is drawn; the page calls it `--NAME`, in small letters."""

    INK = "#010101"
    QUIET = "#010102"
    GRID = "#010103"
    PAPER = "#010104"
    BLUE = "#010105"
    RED = "#010106"
    YELLOW = "#010107"
    GREEN = "#010108"
    PURPLE = "#010109"
    SKY = "#01010a"


_VARIABLES = {ink.value: f"var(--{ink.name.lower()})" for ink in Ink}
_COLOUR = re.compile("|".join(_VARIABLES))
_FAMILY = re.compile(r"(?<=font-family: )[^;]+|(?<=px )'[^;]+")


_SETTINGS: Any = {
    **{"svg.fonttype": "none", "svg.hashsalt": _HASH_SALT, "font.size": 11, "hatch.linewidth": 1.0},
    **{"text.color": Ink.INK.value, "axes.labelcolor": Ink.QUIET.value, "axes.edgecolor": Ink.GRID.value},
    **{"xtick.color": Ink.GRID.value, "xtick.labelcolor": Ink.QUIET.value, "text.parse_math": False},
}


@contextmanager
def drawing() -> Iterator[None]:
    """The settings under which a figure is to be drawn, and made SVG by `inline`."""
    # Nothing of a matplotlibrc of the reader's: the same report gives the same page everywhere.
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(_SETTINGS)
        yield


def inline(figure: Figure, name: str, title: str, description: str) -> str:
    """The figure as an SVG element for a page, which has nothing else of that `name`."""
    # Before it is drawn: no font has a glyph for what colours a terminal, and XML none of it.
    for part in figure.findobj():
        if isinstance(part, Text):
            part.set_text(words.printable(part.get_text()))
    written = io.StringIO()
    figure.savefig(written, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    root = ET.fromstring(written.getvalue())
    _leave_out(root, "metadata", "style")
    prefix = "p" + hashlib.sha256(name.encode()).hexdigest()[:8]
    for element in root.iter():
        _adapt(element, prefix)
    _tell(root, prefix, title, description)
    return ET.tostring(root, encoding="unicode")


def _leave_out(root: ET.Element, *tags: str) -> None:
    """Its own style sheet would be in force for the whole page."""
    for parent in list(root.iter()):
        for child in [child for child in parent if child.tag.removeprefix(f"{{{_SVG}}}") in tags]:
            parent.remove(child)


def _adapt(element: ET.Element, prefix: str) -> None:
    """Names of its own for what is referred to, classes for parts that were named; the page's colours and font."""
    for key in [key for key in element.attrib if key.startswith(f"{{{_XLINK}}}")]:
        element.set("href", element.attrib.pop(key).replace("#", f"#{prefix}-"))
    if name := element.attrib.pop("id", ""):
        is_part = element.tag == f"{{{_SVG}}}g"
        if not is_part:
            element.set("id", f"{prefix}-{name}")
        elif name.startswith(PART):
            element.set("class", name.removeprefix(PART))
    if element.get("transform", "").startswith("rotate(-0 "):
        del element.attrib["transform"]
    style = [element.attrib.pop("style", "")]
    style += [f"{key}: {element.attrib.pop(key)}" for key in ("fill", "stroke") if key in element.attrib]
    if told := "; ".join(filter(None, style)):
        coloured = _COLOUR.sub(lambda found: _VARIABLES[found[0]], told)
        element.set("style", _FAMILY.sub("inherit", coloured).replace("url(#", f"url(#{prefix}-"))
    if clip := element.get("clip-path"):
        element.set("clip-path", clip.replace("url(#", f"url(#{prefix}-"))
    element.text = (element.text or "").strip()
    element.tail = ""


def _tell(root: ET.Element, prefix: str, title: str, description: str) -> None:
    for name in ("width", "height", "version"):
        root.attrib.pop(name, None)
    root.set("class", "plot")
    root.set("role", "img")
    root.set("aria-labelledby", f"{prefix}-title {prefix}-desc")
    for place, (tag, text) in enumerate((("title", title), ("desc", description))):
        told = ET.Element(f"{{{_SVG}}}{tag}", {"id": f"{prefix}-{tag}"})
        told.text = words.printable(text)
        root.insert(place, told)
