"""Which texts the site has, in which order, and how their Markdown is read. Only reads the kit's folder."""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath

Nav = Sequence[Mapping[str, str | Sequence[Mapping[str, str]]]]
"""Titles in reading order, each with its page or with the pages below it."""

_HOW = ("proof", "load", "autoscale", "deploy", "sleep", "topology")
_FIGURES = (
    *("measured", "proof-results", "capacity", "autoscale-results", "replace", "refresh", "ledger-figures", "scale"),
    "long",
)
_CLOUD = ("cloud-names", "stateless-sentence-by-sentence")
_AUTHORS = ("CONTRIBUTING.md", "docs/architecture.md", "exercises/FORMAT.md", "CHANGELOG.md")

_LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)\s]*)?\)")
_ITEM = re.compile(r"(?:[-*]|\d+\.) ")
_FENCE = re.compile(r" *(```|~~~)")


def nav(kit: Path) -> Nav:
    """The site's table of contents: the ideas and their exercises by turns, then all else."""
    docs = {path.stem: f"docs/{path.name}" for path in sorted((kit / "docs").glob("*.md"))}
    named = {*_FIGURES, *_CLOUD, "architecture"}
    how = [*(name for name in _HOW if name in docs), *(name for name in docs if name not in {*named, *_HOW})]
    parts = {
        "The path": _path(kit),
        "In a cloud": [docs[name] for name in _CLOUD if name in docs],
        "How it works": [docs[name] for name in how],
        "Figures": [docs[name] for name in _FIGURES if name in docs],
        "For authors": list(_AUTHORS),
    }
    titled = {part: [{_title(kit, page): page} for page in pages] for part, pages in parts.items() if pages}
    return [{"Start here": "README.md"}, *({part: pages} for part, pages in titled.items())]


def _path(kit: Path) -> list[str]:
    """The ideas in their order, each followed by its exercise."""
    numbered = [*kit.glob("docs/ideas/[0-9]*.md"), *kit.glob("exercises/[0-9]*/README.md")]
    names = sorted((str(path.relative_to(kit)) for path in numbered), key=_place)
    return ["docs/ideas/README.md", "exercises/README.md", *names]


def _place(name: str) -> tuple[str, bool]:
    return PurePosixPath(name).parts[-1 if _is_idea(name) else 1][:2], not _is_idea(name)


def _is_idea(name: str) -> bool:
    return name.startswith("docs/ideas/")


def _title(kit: Path, page: str) -> str:
    first = (kit / page).read_text().partition("\n")[0].removeprefix("# ").replace("`", "")
    number, _, rest = first.partition(" ")
    return f"{int(number)} {'Read' if _is_idea(page) else 'Do'}: {rest}" if number.isdecimal() else first


def pages(contents: Nav) -> Iterator[str]:
    """The pages of a table of contents, in its order."""
    for part in contents:
        for found in part.values():
            yield from [found] if isinstance(found, str) else pages(found)


def linked(kit: Path, texts: Sequence[str]) -> set[str]:
    """The files of the kit that these pages link to or show and that are no pages themselves."""
    found = set()
    for name in texts:
        for target in _LINK.findall((kit / name).read_text()):
            path = (kit / name).parent.joinpath(target).resolve()
            if path.is_file() and path.is_relative_to(kit.resolve()):
                found.add(str(path.relative_to(kit.resolve())))
    return found - {*texts}


def for_site(text: str) -> str:
    """Markdown as everybody writes it, in the dialect of Python's library: there what belongs to an item of a list is
    indented by four, and a list or a table needs an empty line above."""
    lines: list[str] = []
    is_fenced = in_list = False
    for line in text.splitlines():
        if _FENCE.match(line):
            is_fenced = not is_fenced
        elif not is_fenced:
            starts = bool(_ITEM.match(line))
            in_list = starts or (in_list and (not line or line[0] == " "))
            if _begins(line, lines[-1] if lines else "", starts):
                lines.append("")
            line = _indented(line, in_list)
        lines.append(line)
    return "\n".join(lines) + "\n"


def _begins(line: str, above: str, is_item: bool) -> bool:
    """Whether a list or a table begins right below a paragraph."""
    if not above or above[0] == " ":
        return False
    return (is_item and not _ITEM.match(above)) or (line.startswith("|") and not above.startswith("|"))


def _indented(line: str, in_list: bool) -> str:
    """A line of a list's item: two or three blanks before it become four, as do those of an item in an item."""
    blanks = len(line) - len(line.lstrip(" "))
    return " " * 4 + line.lstrip(" ") if in_list and 0 < blanks < 4 else line
