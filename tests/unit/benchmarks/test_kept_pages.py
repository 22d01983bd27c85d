"""On the pages of figures nothing is typed: each is what its script writes from the figures that are kept beside it."""

from collections.abc import Sequence
from typing import Any

import pytest

from benchmarks import autoscale, capacity, long_report, proof, refresh, replace, scale, speed
from lab.host import records
from lab.substrates import registry

# A script, and what its page is made from besides the figures.
PAGES: dict[str, tuple[Any, Sequence[Any]]] = {
    "autoscale": (autoscale, ()),
    "capacity": (capacity, [registry.NAMES]),
    "proof": (proof, ()),
    "refresh": (refresh, ()),
    "replace": (replace, [replace.DEMANDS, replace._HEAD, replace._FOOT]),
    "scale": (scale, [registry.NAMES]),
    "speed": (speed, ()),
}


@pytest.mark.parametrize("name", PAGES)
def test_the_page_that_is_kept_is_what_the_figures_give(name: str) -> None:
    script, more = PAGES[name]
    assert script.PAGE.read_text() == script.page(records.read_json(script.RESULTS) or {}, *more)


def test_the_page_of_the_long_tests_has_each_that_there_is_as_it_last_ended() -> None:
    there = {name: long_report.collected(name) for name in registry.NAMES}
    assert long_report.PAGE.read_text() == long_report.page(records.read_json(long_report.RESULTS) or {}, there)
