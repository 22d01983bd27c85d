"""The pictures: well-formed, told in words too, coloured by the page, and the same at each call."""

import re
from collections import Counter
from xml.etree import ElementTree as ET

import pytest

from lab.comparison import canvas, plots
from lab.comparison.report import Cell, Report, RowResult
from lab.comparison.svg import Ink
from tests.unit.comparison import made_up

SVG = "{http://www.w3.org/2000/svg}"
REPORT = made_up.report(fast_runs=5)


def _row(name: str, report: Report = REPORT) -> RowResult:
    found = report.row(name)
    assert found is not None
    return found


PARTS = [row for row in REPORT.rows if row.phases_of == "start"]
DRAWN = {
    "dots": plots.dots(REPORT, _row("start")),
    "phases": plots.phases(REPORT, _row("start"), PARTS),
    "shares": plots.shares(REPORT, _row("start"), PARTS),
    "glance": plots.glance(REPORT),
}


NOTHING = Cell(state="not measured", reason="needs root")


def _words(drawing: str) -> list[str]:
    return [text for element in ET.fromstring(drawing).iter(f"{SVG}text") if (text := (element.text or "").strip())]


@pytest.mark.parametrize("name", DRAWN)
def test_a_picture_is_told_in_words(name: str) -> None:
    root = ET.fromstring(DRAWN[name])
    assert root.attrib["role"] == "img"
    told = [root.find(f"{SVG}*[@id='{one}']") for one in root.attrib["aria-labelledby"].split()]
    assert [one is not None and bool(one.text) for one in told] == [True, True]
    assert "Docker container" in (root.findtext(f"{SVG}desc") or "")


@pytest.mark.parametrize("name", DRAWN)
def test_the_page_gives_a_picture_all_its_colours_and_its_font(name: str) -> None:
    text = DRAWN[name]
    assert {*re.findall(r"#[0-9a-f]{6}\b", text)} <= {"#000000"}, "a colour that is the same in light and dark"
    assert "#000000" not in re.sub(r"stroke-opacity: 0|fill-opacity: 0", "", text)
    assert {*re.findall(r"font-family: ([^;\"]+)", text)} == {"inherit"}
    assert "<style" not in text
    assert not re.search(r"\d{4}-\d{2}-\d{2}", text), "a date makes each run another"


def test_pictures_on_one_page_share_no_name() -> None:
    ids = Counter(re.findall(r'\bid="([^"]+)"', "".join(DRAWN.values())))
    assert [name for name, count in ids.items() if count > 1] == []
    for text in DRAWN.values():
        own = {*re.findall(r'\bid="([^"]+)"', text)}
        assert {*re.findall(r'(?:url\(|href=")#([^")]+)', text)} <= own


def test_the_same_report_gives_the_same_picture() -> None:
    assert plots.dots(REPORT, _row("start")) == DRAWN["dots"]


def test_an_axis_has_the_unit_of_what_is_drawn() -> None:
    labels = {name: plots.dots(REPORT, _row(name)) for name in ("start", "round-trip", "memory", "hash", "density")}
    assert [word for name in labels for word in _words(labels[name]) if "better" in word] == [
        "seconds (s); less is better",
        "milliseconds (ms); less is better",
        "megabytes (MB); less is better",
        "GB a second; more is better",
        "workers; more is better",
    ]


def test_there_are_no_halves_of_what_is_counted() -> None:
    ticks = [word for word in _words(plots.dots(REPORT, _row("replace-failed"))) if re.fullmatch(r"[\d.]+", word)]
    assert ticks == ["0", "1", "2", "3"]


def test_a_guess_stands_beside_its_column_also_where_it_is_far_off() -> None:
    assert "Docker container\u2003× guess 5 s" in _words(DRAWN["dots"])
    # Ten times too high: the axis still shows what was measured.
    ticks = [float(word) for word in _words(plots.dots(REPORT, _row("memory"))) if re.fullmatch(r"\d+", word)]
    assert max(ticks) < 1000


def test_what_was_not_measured_takes_no_room_and_what_failed_does() -> None:
    words = _words(plots.dots(REPORT, _row("stop")))
    assert "failed" in words
    assert "Bare process" not in _words(plots.dots(REPORT, _row("memory")))


def test_what_is_doubtful_says_so() -> None:
    assert any(
        re.fullmatch(r"[\d.]+ workers, extrapolated", word) for word in _words(plots.dots(REPORT, _row("density")))
    )


def test_a_row_that_failed_before_its_first_run_says_why() -> None:
    row = _row("stop").model_copy(update={"cells": {made_up.COLD: Cell(state="failed", reason="it never came up")}})
    assert "failed: it never came up" in _words(plots.dots(REPORT, row))


def test_nothing_is_drawn_beyond_zero() -> None:
    row = _row("stop").model_copy(update={"cells": {made_up.BOX: Cell(state="measured", samples=(0.0, 0.0, 0.0))}})
    assert "0.00 s" in _words(plots.dots(REPORT, row)) or "0 s" in _words(plots.dots(REPORT, row))


def test_rates_are_turned_round_so_that_more_is_always_worse() -> None:
    found = plots.multiples(REPORT, _row("requests-direct"))
    assert found[made_up.BOX] == 1
    assert found[made_up.COLD] > 5
    assert plots.multiples(REPORT, _row("start"))[made_up.COLD] > 5


def test_nothing_is_a_multiple_of_what_is_not_known() -> None:
    row = _row("start")
    cells = {**row.cells, made_up.BOX: Cell(state="not measured", reason="no engine")}
    assert plots.multiples(REPORT, row.model_copy(update={"cells": cells})) == {}


def test_what_failed_half_way_is_no_multiple() -> None:
    row = _row("stop")
    assert row.cells[made_up.WARM].samples
    assert plots.multiples(REPORT, row).keys() == {made_up.BARE, made_up.BOX, made_up.COLD}


def _glance(*names: str) -> str:
    return plots.glance(REPORT.model_copy(update={"rows": tuple(map(_row, names)), "predictions": ()}))


def _hollow(drawing: str) -> int:
    """How many signs are drawn hollow: the page shines through."""
    return len(re.findall(r"<use [^>]*fill: var\(--paper\); stroke: var\(--(?!paper)", drawing))


def test_what_is_doubtful_is_hollow_at_a_glance_too_and_all_that_is_held_against_it() -> None:
    assert [_hollow(_glance(name)) for name in ("restart", "start", "memory")] == [0, 1, 1]
    assert _hollow(_glance("requests")) == 2, "that of the container is noisy, and nothing else can be held against it"
    said = ET.fromstring(_glance("start")).findtext(f"{SVG}desc") or ""
    assert re.search(r"Vagrant VM, cold [\d.]+ x; Vagrant VM, warm [\d.]+ x, noisy\.", said)
    assert any(re.fullmatch(r"[\d.]+ x, noisy", word) for word in _words(_glance("memory")))


def test_a_start_that_ends_before_the_others_do_says_so_wherever_it_is_held_against_them() -> None:
    said = ET.fromstring(DRAWN["glance"]).findtext(f"{SVG}desc") or ""
    assert re.search(
        r'Start of a worker: Bare process [\d.]+ x, without "in service"; Docker container 1.00 x; V', said
    )
    alone = _glance("start", *(part.name for part in PARTS))
    assert _hollow(alone) == _hollow(_glance("start")) + 1
    assert any(re.fullmatch(r'[\d.]+ ms, without "in service"', word) for word in _words(DRAWN["dots"]))
    # What was not measured at all lacks nothing of it.
    row = _row("start").model_copy(update={"cells": {**_row("start").cells, made_up.BARE: NOTHING}})
    assert "without" not in plots.dots(REPORT, row)


def test_what_is_not_at_a_glance_is_told_with_its_reason() -> None:
    left = plots.left_out(REPORT)
    assert "Docker container has 0, of which nothing is a multiple: Writes lost with fsync off" in left
    assert "neither more nor less is better: Disk that workers share" in left
    assert "Bare process has 0, for which there is no place on this axis: Disk of one more worker" in left
    shown = ET.fromstring(DRAWN["glance"]).findtext(f"{SVG}desc") or ""
    for row in REPORT.rows:
        if row.kind != "words" and row.phases_of is None:
            assert (f"{row.title}: " in shown) or any(row.title in said for said in left), row.name


@pytest.mark.parametrize(
    ("cells", "why"),
    [
        (
            {made_up.COLD: _row("stop").cells[made_up.COLD]},
            ["there is no figure of Docker container: Stop of a worker"],
        ),
        (
            {made_up.BOX: _row("stop").cells[made_up.BOX], made_up.WARM: _row("stop").cells[made_up.WARM]},
            ["there is no figure but that of Docker container: Stop of a worker"],
        ),
    ],
)
def test_a_row_with_nothing_to_hold_against_is_left_out(cells: dict[str, Cell], why: list[str]) -> None:
    row = _row("stop").model_copy(update={"cells": cells})
    report = REPORT.model_copy(update={"rows": (row,), "predictions": ()})
    assert plots.left_out(report) == why
    assert plots.glance(report) == ""


def test_a_bar_of_phases_says_what_is_odd_about_its_figure() -> None:
    assert any(re.fullmatch(r"[\d.]+ s, noisy", word) for word in _words(DRAWN["phases"]))
    assert "noisy" in _words(DRAWN["shares"])
    cell = _row("start").cells[made_up.COLD].model_copy(update={"state": "failed", "reason": "it broke"})
    failed = _row("start").model_copy(update={"cells": {**_row("start").cells, made_up.COLD: cell}})
    for drawn in (plots.phases(REPORT, failed, PARTS), plots.shares(REPORT, failed, PARTS)):
        assert "failed" in _words(drawn)


def test_without_two_columns_there_is_no_glance() -> None:
    rows = tuple(
        row.model_copy(update={"cells": {key: cell for key, cell in row.cells.items() if key == made_up.BOX}})
        for row in REPORT.rows
    )
    assert plots.glance(REPORT.model_copy(update={"rows": rows})) == ""


def test_columns_differ_by_more_than_their_colour() -> None:
    looks = canvas.looks(made_up.report(tuned=True).columns)
    assert len({look.marker for look in looks.values()}) == len(looks)
    assert looks[made_up.BARE].ink is Ink.QUIET
