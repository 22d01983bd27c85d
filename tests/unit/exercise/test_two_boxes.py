"""How the first exercise knows the learner's program from others."""

from types import ModuleType

import pytest

from tests.unit.exercise import loaded

LISTING = """\
ELAPSED COMMAND
   4711 /usr/bin/python3 /usr/bin/gunicorn
     90 sleep 4711
      7 /usr/bin/sleep 4711s
     80 timeout 300 sleep 4711
     81 docker exec -i box sleep 4711
     82 sleep 47110
"""


@pytest.fixture(scope="module")
def check() -> ModuleType:
    return loaded.check_of("01-two-boxes")


def test_only_programs_that_sleep_for_the_number_count(check: ModuleType) -> None:
    assert check.ages_s(LISTING, "4711") == [90, 7]
    assert check.ages_s(LISTING, "471") == []


@pytest.mark.parametrize(
    ("status", "is_boxed"),
    [
        ("Name:\tsleep\nNSpid:\t20126\nThreads:\t1\n", False),
        ("Name:\tsleep\nNSpid:\t20126\t17\nThreads:\t1\n", True),
        ("Name:\tsleep\nThreads:\t1\n", False),
    ],
)
def test_a_program_with_a_second_number_is_in_a_box(check: ModuleType, status: str, is_boxed: bool) -> None:
    assert check.is_boxed(status) is is_boxed
