"""The phases of a start: they add up to the whole, whatever the clocks say, and each is what it is called."""

import random
from dataclasses import replace

import pytest

from lab.comparison import catalogue
from lab.comparison.phases import START, Made, Woken, marks
from lab.model.errors import LabError

MADE = Made(asked_s=100, tool_s=2, born_s=103, script_s=110, source_s=111.5, ready_s=114, served_s=114.5, ended_s=113)
WOKEN = Woken(asked_s=50, called_s=50.25, born_s=50.5, awake_s=52, ready_s=52.5, fresh_s=53, known_s=53.5, served_s=54)


def test_a_worker_made_from_nothing() -> None:
    assert MADE.phases() == {
        "start": 14.5,
        "start-tool": 2,
        "start-create": 1,
        "start-boot": 7,
        "start-source": 1.5,
        "start-ready": 2.5,
        "start-service": 0.5,
    }


def test_what_a_tool_goes_on_with_while_the_worker_serves_already_is_no_part_of_the_start() -> None:
    later = Made(100, 2, 103, 110, 111.5, 114, 114.5, ended_s=120)
    assert later.phases() == MADE.phases()
    assert (later.tail_s, MADE.tail_s) == (5.5, 0)


def test_a_worker_that_was_woken() -> None:
    assert WOKEN.phases() == {
        "start": 3.5,
        "start-tool": 0.25,
        "start-create": 0.25,
        "start-boot": 1.5,
        "start-ready": 0.5,
        "start-source": 0.5,
        "start-service": 0.5,
    }


def test_the_kits_login_to_a_machine_that_answers_already_is_no_boot_but_the_kits_own_work() -> None:
    # It answered at 51.25, half a second after it was there; the login took until 52.
    early = replace(WOKEN, ready_s=51.25).phases()
    assert (early["start-boot"], early["start-ready"]) == (0.75, 0)
    assert (early["start-tool"], early["start-source"]) == (0.25 + 0.75, 1)
    assert early["start"] == WOKEN.phases()["start"]


def test_what_the_lab_does_so_that_the_load_balancer_knows_a_worker_again_is_no_part_of_its_start() -> None:
    later = replace(WOKEN, known_s=56.5, served_s=57)
    assert later.phases() == WOKEN.phases()
    assert (later.told_s, WOKEN.told_s) == (3.5, 0.5)
    # It was looked for late: it served, and was known, before it was certain to be the newest.
    assert replace(WOKEN, known_s=52.6, served_s=52.7).told_s == 0


@pytest.mark.parametrize("seed", range(50))
def test_phases_add_up_to_the_whole_and_none_is_below_zero_whatever_the_clocks_say(seed: int) -> None:
    draw = random.Random(seed)
    moments = sorted(draw.uniform(0, 100) for _ in range(8))
    # Clocks that tell hundredths, or are read over a network, may tell two of them in the wrong order.
    told = [max(0.0, moment + draw.uniform(-3, 3)) for moment in moments]
    made = Made(told[0], draw.uniform(0, 30), *told[1:8][:6])
    for phases in (made.phases(), Woken(*told).phases()):
        whole = phases.pop(START)
        assert min(phases.values()) >= 0
        assert sum(phases.values()) == pytest.approx(whole)


def test_the_catalogue_has_a_row_for_each_phase() -> None:
    rows = {row.name for row in catalogue.ROWS}
    assert MADE.phases().keys() == WOKEN.phases().keys()
    assert MADE.phases().keys() <= rows


def test_what_a_machine_noted_by_its_own_clock_is_brought_to_ours() -> None:
    told = "3.10 4.25\n30.00 58.11\n"
    # It said 30 s somewhere between our 999.9 and 1000.1: its boot was at our 970.
    assert marks(told, 999.9, 1000.1, own_clock=True) == pytest.approx((973.1, 974.25))
    assert marks(told, 999.9, 1000.1, own_clock=False) == (3.10, 4.25)


@pytest.mark.parametrize("told", ["", "30.00 58.11\n", "a b\n30.00 58.11\n", "1 2 3\n30.00 58.11\n"])
def test_marks_that_are_none_are_refused(told: str) -> None:
    with pytest.raises(LabError, match="a worker's marks are no marks"):
        marks(told, 1, 2, own_clock=True)
