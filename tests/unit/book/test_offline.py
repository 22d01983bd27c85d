"""A built site that opens a foreign address by itself is found, whatever opens it; a link to click is none."""

from pathlib import Path

import pytest

from book.offline import faults, foreign

URL = "https://example.org/x"


@pytest.mark.parametrize(
    "text",
    [
        f'<script src="{URL}"></script>',
        f"<SCRIPT SRC='{URL}'></SCRIPT>",
        f'<img src="{URL}">',
        f'<img srcset="a.png 1x, {URL} 2x">',
        f'<iframe src="{URL}"></iframe>',
        f'<link rel="stylesheet" href="{URL}">',
        f'<link rel="preconnect" href="{URL}" crossorigin>',
        f'<link rel="icon" href="{URL}">',
        f'<object data="{URL}"></object>',
        f'<video poster="{URL}"></video>',
        f"<style>@import '{URL}';</style>",
        f'<p style="background: url({URL})">',
        '<script src="//example.org/x"></script>',
    ],
)
def test_what_a_page_opens_elsewhere_is_found(text: str) -> None:
    assert len(foreign("page.html", f"<html><body>{text}</body></html>")) == 1


@pytest.mark.parametrize(
    "text",
    [
        f'<a href="{URL}">click</a>',
        f'<link rel="canonical" href="{URL}">',
        '<script src="../assets/x.js"></script>',
        '<img src="data:image/svg+xml;base64,AAAA">',
        f"<pre><code>&lt;script src={URL}&gt; and {URL}</code></pre>",
    ],
)
def test_what_opens_nothing_is_let_through(text: str) -> None:
    assert foreign("page.html", text) == []


def test_style_sheets_are_read_too() -> None:
    assert foreign("a.css", f'@font-face{{src:url("{URL}.woff2")}}') == [f"a.css: {URL}.woff2"]
    assert foreign("a.css", f"/* see {URL} */ a{{background:url(b.png)}}") == []


def test_a_site_that_is_not_there_or_cannot_be_searched_is_no_good(tmp_path: Path) -> None:
    assert [*faults(tmp_path)] == ["index.html is not there", "search/search_index.js is not there"]
    (tmp_path / "search").mkdir()
    (tmp_path / "search/search_index.js").write_text("")
    (tmp_path / "index.html").write_text("<p>")
    assert [*faults(tmp_path)] == []
    (tmp_path / "search/page.html").write_text(f'<img src="{URL}">')
    assert [*faults(tmp_path)] == [f"search/page.html: {URL}"]
