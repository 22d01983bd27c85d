"""On the pages of figures nothing is typed: each is what its script writes from the figures that are kept beside it."""

from collections.abc import Sequence
from typing import Any

import pytest

from benchmarks import autoscale, capacity, proof, refresh, replace, scale, speed
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
