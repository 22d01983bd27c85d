"""Whether a built site opens any foreign address by itself. A link that somebody may click is none.

python -P -m book.offline html
"""

import re
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

# What a browser fetches without being asked, by tag.
_LOADS = {
    **dict.fromkeys(("script", "iframe", "embed", "audio", "track", "input", "frame"), ("src",)),
    **dict.fromkeys(("img", "source"), ("src", "srcset")),
    "video": ("src", "poster"),
    "object": ("data",),
    "link": ("href",),
    "use": ("href", "xlink:href"),
    "image": ("href", "xlink:href"),
}
# Links in a page's head that say where something is, and fetch nothing.
_ONLY_TELL = {"canonical", "alternate", "next", "prev", "author", "license"}
_FOREIGN = re.compile(r"\s*(?:https?:)?//")
_IN_STYLE = re.compile(r"""(?:url\(\s*["']?|@import\s+["'])\s*((?:https?:)?//[^"')\s]+)""")


def foreign(name: str, text: str) -> list[str]:
    """The foreign addresses that a page or a style sheet opens by itself, each as `where: address`."""
    found = _IN_STYLE.findall(text)
    if name.endswith(".html"):
        reader = _Reader()
        reader.feed(text)
        found += reader.found
    return [f"{name}: {address}" for address in found]


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "link" and {*given.get("rel", "").lower().split()} <= _ONLY_TELL:
            return
        for name in _LOADS.get(tag, ()):
            # srcset holds several, with commas between.
            self.found += [one.strip() for one in given.get(name, "").split(", ") if _FOREIGN.match(one)]


def faults(site: Path) -> Iterator[str]:
    """What keeps a built site from being read without a network, a line each."""
    for needed in ("index.html", "search/search_index.js"):
        if not (site / needed).is_file():
            yield f"{needed} is not there"
    for path in sorted(site.rglob("*")):
        if path.suffix in (".html", ".css", ".svg"):
            yield from foreign(str(path.relative_to(site)), path.read_text())


def main() -> int:
    """Says what is wrong, and gives the exit status."""
    wrong = [*faults(Path(sys.argv[1]))]
    print(*wrong or ["the site opens no foreign address"], sep="\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
