"""The page: one file, without script, which says all that the report has, and nothing that somebody put in as HTML."""

import re
import tomllib
from pathlib import Path

import pytest

from lab.comparison import page
from lab.comparison.catalogue import Group
from lab.comparison.report import Cell, Prediction, RowResult
from tests.unit.comparison import made_up

REPORT = made_up.report(fast_runs=5)
HTML = page.render(REPORT)
TEXT = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", HTML))


def test_a_page_needs_no_network_and_no_script() -> None:
    assert "<script" not in HTML
    assert not re.search(r'(?:src|href)="(?!#)', HTML)
    assert not re.search(r"url\((?!#)", HTML)
    assert "default-src 'none'" in HTML


def test_it_says_first_what_is_compared_with_what() -> None:
    assert HTML.index("Vagrant is a <em>front end</em>") < HTML.index("<svg")


@pytest.mark.parametrize("row", REPORT.rows, ids=lambda row: row.name)
def test_each_row_says_what_it_is_and_why_the_columns_differ(row: RowResult) -> None:
    said = TEXT.replace("&#39;", "'").replace("&lt;", "<")
    assert row.measures in said
    assert row.why in said


def test_reasons_notes_and_circumstances_are_told() -> None:
    for said in (*REPORT.notes, "needs root", "Not finished", "noisy", "extrapolated", "accelerator TCG", "overlay2"):
        assert said in TEXT


def test_each_picture_and_each_table_says_with_what_it_was_measured() -> None:
    captions = re.findall(r"<(?:figcaption|caption)>(.*?)</(?:figcaption|caption)>", HTML, re.DOTALL)
    figures = HTML.count("<svg ")
    assert len(captions) >= figures
    assert [one for one in captions if "overlay2" not in one and "TCG" not in one] == []


def test_each_group_of_rows_has_its_question() -> None:
    asked = tomllib.loads(Path(page.__file__).with_name("questions.toml").read_text(encoding="utf-8"))
    assert [*asked] == [group.value for group in Group]
    assert all([*said] == ["title", "intro"] for said in asked.values())


def test_a_finished_comparison_does_not_say_that_it_is_not() -> None:
    assert "Not finished" not in page.render(REPORT.model_copy(update={"complete": True}))


def test_how_often_it_was_measured_is_told_as_it_was_asked_for() -> None:
    assert "there are twenty of them at least" in TEXT
    asked = page.render(REPORT.model_copy(update={"repeats": 3}))
    assert "was to be measured 3 times: somebody asked for that" in asked
    assert "twenty" not in asked


def test_guesses_stand_beside_what_was_measured() -> None:
    assert re.search(r"Start of a worker\s+Docker container\s+5 s\s+1\.\d\d s\s+guessed [\d.]+ x too high", TEXT)
    assert "Your guesses" not in page.render(REPORT.model_copy(update={"predictions": ()}))


def test_a_guess_of_what_was_not_measured_is_not_judged() -> None:
    guess = (Prediction(row="restart", column=made_up.WARM, guess=3),)
    said = re.sub(r"<[^>]+>", " ", page.render(REPORT.model_copy(update={"predictions": guess})))
    assert re.search(r"Restart of the site\s+Vagrant VM, warm\s+3 s\s+not measured\s", said)
    assert not re.search(r"(well|exactly as) guessed|guessed (too|\d)", said)


def test_what_comes_from_a_report_is_text() -> None:
    bad = "<script>alert(1)</script>"
    row = REPORT.rows[0].model_copy(
        update={"title": bad, "cells": {made_up.BOX: Cell(state="failed", reason=bad, samples=(1.0,))}}
    )
    evil = REPORT.model_copy(update={"rows": (row, *REPORT.rows[1:]), "notes": (bad,)})
    assert "<script" not in page.render(evil)


def test_an_engines_words_in_colour_do_not_break_the_page() -> None:
    loud = Cell(state="failed", reason="\x1b[31mit broke\x1b[0m\x00")
    row = REPORT.rows[0].model_copy(
        update={"title": "Start\x1b[1m", "cells": {**REPORT.rows[0].cells, made_up.BOX: loud}}
    )
    shown = page.render(REPORT.model_copy(update={"rows": (row, *REPORT.rows[1:])}))
    assert ">failed: it broke<" in shown


def test_a_report_without_any_row_is_a_page() -> None:
    empty = REPORT.model_copy(update={"rows": (), "predictions": ()})
    assert "First: what is compared with what" in page.render(empty)
