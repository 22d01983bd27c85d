"""How the first exercise knows the learner's program from others."""

from types import ModuleType

import pytest

from tests.unit.exercise import loaded

LISTING = """\
COMMAND
/usr/bin/python3 /usr/bin/gunicorn
sleep 4711
/usr/bin/sleep 4711s
timeout 300 sleep 4711
docker exec -i box sleep 4711
sleep 47110
"""


@pytest.fixture(scope="module")
def check() -> ModuleType:
    return loaded.check_of("01-two-boxes")


def test_only_programs_that_sleep_for_the_number_count(check: ModuleType) -> None:
    assert check.programs(LISTING, "4711") == 2
    assert check.programs(LISTING, "471") == 0


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


CONTAINERS, MACHINES = "the one in the container is in the list", "the one in the virtual machine is not in the list"


@pytest.mark.parametrize(
    ("here", "contained", "has_machine", "told"),
    [
        ([True], [1], False, CONTAINERS),
        ([True, True], [2], True, f"{CONTAINERS}; {MACHINES}"),
        ([], [], True, MACHINES),
        # Others' programs are not shown to us.
        ([], [1], True, None),
        # One that no container knows of: it may be the machine's.
        ([True, True], [1], True, CONTAINERS),
        ([True, False], [1], True, CONTAINERS),
        ([False], [], True, None),
    ],
)
def test_of_a_machines_program_it_is_said_that_it_is_not_listed_only_where_all_that_are_listed_are_known(
    check: ModuleType, here: list[bool], contained: list[int], has_machine: bool, told: str | None
) -> None:
    assert check.in_the_list(here, contained, has_machine=has_machine) == told
