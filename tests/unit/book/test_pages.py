"""Every text of the kit is in the site, in reading order, and is read there as it is elsewhere."""

import re
from pathlib import Path

import pytest

from book.pages import for_site, linked, nav, pages
from lab.host import paths

TEXTS = [*pages(nav(paths.REPO))]


def test_each_text_is_in_the_site_once() -> None:
    folders = ("*.md", "docs/*.md", "docs/ideas/*.md", "exercises/*.md", "exercises/*/README.md")
    there = [str(path.relative_to(paths.REPO)) for folder in folders for path in paths.REPO.glob(folder)]
    assert sorted(TEXTS) == sorted(there)


def small(kit: Path, *names: str) -> Path:
    for name in names:
        (kit / name).parent.mkdir(parents=True, exist_ok=True)
        (kit / name).write_text(f"# {Path(name).parts[-2][:2] if '/' in name else ''} A title\n")
    return kit


def test_each_idea_is_followed_by_its_exercise(tmp_path: Path) -> None:
    base = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "docs/architecture.md", "exercises/FORMAT.md")
    path = ("docs/ideas/README.md", "exercises/README.md", "docs/ideas/01-b.md", "exercises/01-a/README.md")
    last = ("docs/ideas/02-a.md", "docs/ideas/10-x.md", "exercises/10-a/README.md")
    kit = small(tmp_path, *base, *reversed(path), *reversed(last), "docs/load.md", "docs/later.md")
    found = [*pages(nav(kit))]
    assert found[: len(path + last) + 1] == ["README.md", *path, *last]
    # A page that nobody gave a place is in the site all the same.
    assert found[len(path + last) + 1 :] == ["docs/load.md", "docs/later.md", *base[1:2], *base[3:], base[2]]


def test_what_to_read_and_what_to_do_are_told_apart() -> None:
    parts = [inner for part in nav(paths.REPO) for inner in part.values() if not isinstance(inner, str)]
    titles = {title for part in parts for one in part for title in one}
    assert titles >= {"2 Read: A server without a disk", "2 Do: Destroy a worker, lose nothing"}


def test_what_pages_link_to_comes_along_and_nothing_from_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "kit/docs").mkdir(parents=True)
    for name in ("outside", "kit/role.yml", "kit/docs/picture.svg", "kit/docs/other.md"):
        (tmp_path / name).write_text("")
    text = "[a](../role.yml) ![b](picture.svg) [c](other.md#part) [d](../../outside) [e](https://x.org/y) [f](gone)"
    (tmp_path / "kit/docs/page.md").write_text(text)
    found = linked(tmp_path / "kit", ["docs/page.md", "docs/other.md"])
    assert found == {"role.yml", "docs/picture.svg"}


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("1. a\n\n        code\n\n   more\n\n2. b\n", "1. a\n\n        code\n\n    more\n\n2. b\n"),
        ("- a\n  goes on\n  - inner\n- b\n", "- a\n    goes on\n    - inner\n- b\n"),
        ("Words:\n- a\n- b\n", "Words:\n\n- a\n- b\n"),
        ("Words:\n1. a\n", "Words:\n\n1. a\n"),
        ("Words:\n| a |\n| --- |\n", "Words:\n\n| a |\n| --- |\n"),
        ("- a\n\nNo item any more.\n   Three blanks.\n", "- a\n\nNo item any more.\n   Three blanks.\n"),
        ("- a\n\n~~~~ text\n  $ b\n- c\n~~~~\n", "- a\n\n~~~~ text\n  $ b\n- c\n~~~~\n"),
        ("Words.\n\n    code\n", "Words.\n\n    code\n"),
    ],
)
def test_markdown_means_the_same_in_the_dialect_of_the_site(text: str, wanted: str) -> None:
    assert for_site(text) == wanted


@pytest.mark.parametrize(
    "path", sorted((paths.REPO / "exercises").glob("*/README.md")), ids=lambda path: path.parent.name
)
def test_answers_that_are_folded_away_are_written_in_html(path: Path) -> None:
    # Inside of <details> no reader of Markdown takes `…`, *…* and [..](..) for what they are.
    answers = re.findall(r"<details>.*?</details>", path.read_text(), re.DOTALL)
    assert answers
    assert not [found for answer in answers for found in re.findall(r"`[^`]+`|\*[^*\n]+\*|\]\([^)]*\)", answer)]
