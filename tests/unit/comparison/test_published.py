"""What others published stands beside rows that there are, with its source and its date."""

import re

from lab.comparison import published
from lab.comparison.catalogue import ROWS


def test_each_figure_stands_beside_rows_that_there_are_and_has_source_date_and_figures() -> None:
    known = {row.name for row in ROWS}
    for one in published.figures():
        assert one.rows
        assert not {*one.rows} - known
        assert one.source
        assert re.fullmatch(r"\d{4}|no date given", one.date)
        assert re.search(r"\d", one.says)


def test_a_line_names_what_it_is_of_and_where_it_comes_from() -> None:
    [line] = published.by_row()["replace"]
    assert line == (
        "a virtual machine in a cloud: 243 s from nothing, 36 s from the warm pool (6.75 x) "
        "(AWS's sample of warm pools, no date given)"
    )
    assert re.fullmatch(r"\d{4}-\d{2}-\d{2}", published.copied())
