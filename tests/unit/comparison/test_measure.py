"""On what and when something was measured."""

from lab.comparison.measure import circumstances


def test_the_circumstances_name_date_and_processor() -> None:
    assert all(circumstances()[key] for key in ("date", "system", "processor", "memory"))
