"""The page: one file, without script, which says all that the report has, and nothing that somebody put in as HTML."""

import re
import tomllib
from functools import cache
from pathlib import Path

import pytest

from lab.comparison import page
from lab.comparison.catalogue import Group
from lab.comparison.report import Cell, Prediction, Report, RowResult
from tests.unit.comparison import made_up

REPORT = made_up.report(fast_runs=5)
# Most of the time goes into pictures, of which a report of one row has few.
ONE = REPORT.model_copy(update={"rows": REPORT.rows[:1], "predictions": ()})


@cache
def html() -> str:
    return page.render(REPORT)


@cache
def text() -> str:
    """What somebody reads on it."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html()))


def test_a_page_needs_no_network_and_no_script() -> None:
    assert "<script" not in html()
    assert not re.search(r'(?:src|href)="(?!#)', html())
    assert not re.search(r"url\((?!#)", html())
    assert "default-src 'none'" in html()


def test_it_says_first_what_is_compared_with_what() -> None:
    said = html().index("Vagrant is a <em>front end</em>")
    assert said < html().index("<svg")
    assert said < html().index('<div class="headlines">')


@pytest.mark.parametrize("row", REPORT.rows, ids=lambda row: row.name)
def test_each_row_says_what_it_is_and_why_the_columns_differ(row: RowResult) -> None:
    said = text().replace("&#39;", "'").replace("&lt;", "<")
    assert row.measures in said
    assert row.why in said


def test_reasons_notes_and_circumstances_are_told() -> None:
    for said in (*REPORT.notes, "needs root", "Not finished", "noisy", "extrapolated", "accelerator TCG", "overlay2"):
        assert said in text()


def test_each_picture_and_each_table_says_with_what_it_was_measured() -> None:
    captions = re.findall(r"<(?:figcaption|caption)>(.*?)</(?:figcaption|caption)>", html(), re.DOTALL)
    figures = html().count("<svg ")
    assert len(captions) >= figures
    assert [one for one in captions if "overlay2" not in one and "TCG" not in one] == []
    assert [one for one in captions if "Bare process" in one and "chroot" not in one] == []


def test_the_figures_above_all_others_say_with_what_they_were_measured() -> None:
    short = html().partition('<section id="short"')[2].partition("</section>")[0]
    assert "Docker container" in short
    assert "overlay2" in short
    assert "TCG" in short
    assert "chroot" in short


def _words(part: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", part))


def test_a_noisy_figure_says_so_also_above_all_others_and_beside_a_guess() -> None:
    short = _words(html().partition('<section id="short"')[2].partition("</section>")[0])
    assert re.search(r"Vagrant VM, warm [\d.]+ s noisy [\d.]+ x", short)
    assert re.search(r"Docker container [\d.]+ s Vagrant VM, cold [\d.]+ s [\d.]+ x", short)
    assert re.search(r"Memory of one worker Vagrant VM, cold 4 GB [\d]+ MB, noisy guessed", text())


def test_a_bare_start_above_all_others_says_which_phase_it_lacks_and_no_other_figure_does() -> None:
    for name in ("start", "requests-direct"):
        row = REPORT.row(name)
        assert row is not None
        marks = {title: marks for title, _, marks, _ in page._headline(REPORT, row).values}
        assert marks.pop("Bare process") == (('without "in service"',) if name == "start" else ())
        assert not any("without" in mark for found in marks.values() for mark in found)


def test_what_failed_half_way_is_nothing_that_others_are_held_against() -> None:
    cell = REPORT.rows[0].cells[made_up.BOX].model_copy(update={"state": "failed", "reason": "it broke"})
    row = REPORT.rows[0].model_copy(update={"cells": {**REPORT.rows[0].cells, made_up.BOX: cell}})
    headline = page._headline(REPORT, row)
    assert {times for _, _, _, times in headline.values} == {""}
    assert "Docker container" not in {title for title, _, _, _ in headline.values}


def test_what_is_not_seen_at_a_glance_is_named_beside_it() -> None:
    beside = _words(html().partition('<section id="glance"')[2].partition("</section>")[0])
    assert "Docker container has 0, of which nothing is a multiple: Writes lost with fsync off" in beside
    assert "A hollow sign is doubtful" in beside
    alone = {"rows": (REPORT.row("restart"), *REPORT.rows[:7]), "predictions": ()}
    assert "Not in this picture" not in page.render(REPORT.model_copy(update=alone))


def test_each_group_of_rows_has_its_question() -> None:
    asked = tomllib.loads(Path(page.__file__).with_name("questions.toml").read_text(encoding="utf-8"))
    assert [*asked] == [group.value for group in Group]
    assert all([*said] == ["title", "intro"] for said in asked.values())


def test_a_finished_comparison_does_not_say_that_it_is_not() -> None:
    told, finished = (page.render(ONE.model_copy(update={"complete": is_so})) for is_so in (False, True))
    assert "Not finished" in told
    assert "Not finished" not in finished


def test_how_often_it_was_measured_is_told_as_it_was_asked_for() -> None:
    usual, asked = (page.render(ONE.model_copy(update={"repeats": times})) for times in (None, 3))
    assert "there are twenty of them at least" in usual
    assert "was to be measured 3 times: somebody asked for that" in asked
    assert "twenty" not in asked


def test_what_was_put_together_does_not_say_that_it_was_measured_in_turns() -> None:
    alone, both = (re.sub(r"\s+", " ", page.render(ONE.model_copy(update={"parts": parts}))) for parts in (1, 2))
    assert "<p>In rounds: in each, every column has its turn" in alone
    assert "ut together" not in alone
    assert "<p>In rounds" not in both
    assert "<strong>Put together of 2 comparisons</strong>, which were measured one after the other" in both
    assert "there are twenty of them at least" not in both, "each of them may have been asked for another number"


def test_guesses_stand_beside_what_was_measured() -> None:
    assert re.search(r"Start of a worker\s+Docker container\s+5 s\s+1\.\d\d s\s+guessed [\d.]+ x too high", text())
    assert "Your guesses" in text()
    assert "Your guesses" not in page.render(ONE)


def test_a_guess_of_what_was_not_measured_is_not_judged() -> None:
    guess = (Prediction(row="restart", column=made_up.WARM, guess=3),)
    row = REPORT.row("restart")
    said = re.sub(r"<[^>]+>", " ", page.render(REPORT.model_copy(update={"rows": (row,), "predictions": guess})))
    assert re.search(r"Restart of the site\s+Vagrant VM, warm\s+3 s\s+not measured\s", said)
    assert not re.search(r"(well|exactly as) guessed|guessed (too|\d)", said)


def beginning_with(row: RowResult) -> Report:
    """The report with another first row, and of the others only its phases."""
    rows = (row, *(one for one in REPORT.rows if one.phases_of == row.name))
    guesses = tuple(one for one in REPORT.predictions if one.row == row.name)
    return REPORT.model_copy(update={"rows": rows, "predictions": guesses})


def test_what_comes_from_a_report_is_text() -> None:
    bad = "<script>alert(1)</script>"
    row = REPORT.rows[0].model_copy(
        update={"title": bad, "cells": {made_up.BOX: Cell(state="failed", reason=bad, samples=(1.0,))}}
    )
    evil = page.render(beginning_with(row).model_copy(update={"notes": (bad,)}))
    assert "<script" not in evil
    assert evil.count("&lt;script&gt;alert(1)") >= 3


@pytest.mark.filterwarnings("error")
def test_an_engines_words_in_colour_do_not_break_the_page() -> None:
    loud = Cell(state="failed", reason="\x1b[31mit broke\x1b[0m\x00")
    row = REPORT.rows[0].model_copy(
        update={"title": "Start\x1b[1m", "cells": {**REPORT.rows[0].cells, made_up.BOX: loud}}
    )
    shown = page.render(beginning_with(row))
    assert ">failed: it broke<" in shown


def test_a_report_without_any_row_is_a_page() -> None:
    empty = REPORT.model_copy(update={"rows": (), "predictions": ()})
    assert "First: what is compared with what" in page.render(empty)
