"""The kit's pages as a real browser shows them: on a phone, on a screen, on a projector, in print, light and dark."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from lab.comparison import page as comparison
from lab.comparison.report import Report
from tests.browser import timelines
from tests.unit.comparison import made_up

Scheme = Literal["light", "dark"]
LOOK = (Path(__file__).parent / "looked_at.js").read_text()
WIDTHS = (390, 1280, 1920)
# A4 between its margins of 14 mm, in the browser's pixels.
PAPER_WIDTH, PAPER_HEIGHT = (round((length - 2 * 14) / 25.4 * 96) for length in (210, 297))
UNIT = re.compile(
    r"\((s|ms|µs|min|B|kB|MB|GB|%)\)|\b(B|kB|MB|GB|calls|requests|flushes) a second|\b(workers|writes|requests|times)\b"
)


def _one_engine() -> Report:
    """Of an interrupted comparison of one engine: nearly nothing is there, and of one run each."""
    whole = made_up.report(fast_runs=1)
    columns = tuple(column for column in whole.columns if column.substrate == "docker")
    rows = tuple(row.model_copy(update={"cells": {made_up.BOX: row.cells[made_up.BOX]}}) for row in whole.rows[:9])
    return whole.model_copy(update={"columns": columns, "rows": rows, "predictions": (), "notes": ()})


PAGES: dict[str, Callable[[], str]] = {
    "comparison": lambda: comparison.render(made_up.report()),
    "comparison-tuned": lambda: comparison.render(made_up.report(tuned=True)),
    "comparison-one-engine": lambda: comparison.render(_one_engine()),
    "timeline": timelines.page,
}


@pytest.fixture(scope="session")
def written(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("pages")
    for name, make in PAGES.items():
        (folder / f"{name}.html").write_text(make(), encoding="utf-8")
    return {name: folder / f"{name}.html" for name in PAGES}


@pytest.fixture(params=PAGES)
def file(request: pytest.FixtureRequest, written: dict[str, Path]) -> Path:
    return written[request.param]


def _opened(browser: Browser, file: Path, width: int, scheme: Scheme = "light") -> Page:
    # The pages allow no script; the tests' own come through.
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme, bypass_csp=True)
    page.goto(file.as_uri())
    return page


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
def test_all_of_a_page_can_be_read(browser: Browser, file: Path, width: int, scheme: Scheme, tmp_path: Path) -> None:
    page = _opened(browser, file, width, scheme)
    page.screenshot(path=tmp_path / f"{file.stem}-{width}-{scheme}.png", full_page=True)
    assert page.evaluate(LOOK) == []
    found = Axe().run(page).response["violations"]
    bad = [one for one in found if one["impact"] in ("serious", "critical")]
    assert [(one["id"], [node["html"][:200] for node in one["nodes"][:3]]) for one in bad] == []
    page.close()


def test_a_page_is_as_light_or_dark_as_the_reader_wants_it(browser: Browser, file: Path) -> None:
    grounds = []
    for scheme in ("light", "dark"):
        page = _opened(browser, file, 1280, scheme)
        grounds.append(page.evaluate("getComputedStyle(document.body).backgroundColor"))
        page.close()
    assert grounds == ["rgb(255, 255, 255)", "rgb(22, 22, 22)"]


@pytest.mark.parametrize("name", [name for name in PAGES if name.startswith("comparison")])
def test_each_plot_has_an_axis_with_a_unit_and_figures(browser: Browser, written: dict[str, Path], name: str) -> None:
    page = _opened(browser, written[name], 1280)
    plots = page.locator("svg.plot").all()
    labels = [plot.locator(".axis-label").all_text_contents() for plot in plots]
    assert len(plots) > 3
    assert [label for label in labels if len(label) != 1 or not UNIT.search(label[0])] == []
    ticks = [plot.locator("text", has_text=re.compile(r"^[\d.,]+×?$")).count() for plot in plots]
    assert min(ticks) >= 2
    page.close()


def test_a_page_is_one_file_and_asks_for_no_other(browser: Browser, file: Path) -> None:
    page = browser.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(file.as_uri(), wait_until="networkidle")
    assert asked == [file.as_uri()]
    assert page.locator("script").count() == 0
    page.close()


def test_no_table_or_picture_is_cut_in_print_and_paper_is_white(browser: Browser, file: Path, tmp_path: Path) -> None:
    page = _opened(browser, file, PAPER_WIDTH, "dark")
    page.emulate_media(media="print", color_scheme="dark")
    assert page.evaluate(LOOK) == []
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    tables = page.evaluate("[...document.querySelectorAll('table')].map(t => t.getBoundingClientRect().right)")
    assert all(right <= PAPER_WIDTH + 1 for right in tables)
    pictures = page.evaluate("[...document.querySelectorAll('svg')].map(s => s.getBoundingClientRect().height)")
    assert max(pictures) <= PAPER_HEIGHT
    split = "[...document.querySelectorAll('tr, .card, figure')].map(e => getComputedStyle(e).breakInside)"
    assert set(page.evaluate(split)) <= {"avoid"}
    made = page.pdf(path=tmp_path / f"{file.stem}.pdf", prefer_css_page_size=True)
    assert made.startswith(b"%PDF")
    page.close()
