"""The queueing formulas, held against each other and against what books say."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.scaling import waiting


@pytest.mark.parametrize(
    ("work", "workers", "requests"), [(0.5, 1, 1.0), (0.8, 1, 4.0), (1.0, 2, 4 / 3), (0.0, 3, 0.0)]
)
def test_known_values(work: float, workers: int, requests: float) -> None:
    assert waiting.requests(work, workers) == pytest.approx(requests)


@given(share=st.floats(0.01, 0.99), workers=st.integers(1, 50))
def test_the_work_is_found_from_the_requests_that_it_makes(share: float, workers: int) -> None:
    found = waiting.work(waiting.requests(share * workers, workers), workers)
    assert found == pytest.approx(share * workers, rel=1e-4, abs=1e-4)


@given(requests=st.floats(0, 1000), workers=st.integers(2, 50))
def test_fewer_workers_never_have_fewer_requests(requests: float, workers: int) -> None:
    work = waiting.work(requests, workers)
    assert waiting.requests(work, workers - 1) >= waiting.requests(work, workers)


def test_more_work_than_workers_waits_for_ever() -> None:
    assert waiting.requests(2.0, 2) == float("inf")
