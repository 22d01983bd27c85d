"""Which decisions are noted: what is done, and each reason for doing nothing, however its figures change."""

from lab.scaling.decisions import Decision, Grow, Hold
from lab.scaling.news import News

DRAINS, LEAST = Hold(1, "worker-2 is draining"), Hold(1, "1 worker, and --min is 1")


def noted(*decisions: tuple[float, Decision]) -> list[float]:
    """When something was noted, of what was decided at these moments."""
    news, found = News(), []
    for at_s, decision in decisions:
        if news.is_news(decision, at_s):
            found.append(at_s)
            news = news.after(decision, at_s)
    return found


def looking(seconds: int) -> Hold:
    return Hold(2, f"looking at the load for another {seconds} s before a worker may go")


def test_what_holds_on_is_noted_once_an_hour_whatever_its_figures() -> None:
    assert noted((0, DRAINS), (1, DRAINS), (3599, DRAINS), (3600, DRAINS), (3601, DRAINS)) == [0, 3600]
    assert noted(*((60 - left, looking(left)) for left in range(60, 0, -1))) == [0]
    peak = "up to {:.1f} requests at a time in the last 60 s need 2 workers"
    assert noted((0, Hold(2, peak.format(5.0))), (1, Hold(2, peak.format(4.7)))) == [0]


def test_another_reason_another_worker_and_another_number_of_workers_are_news() -> None:
    assert noted((0, DRAINS), (1, LEAST)) == [0, 1]
    assert noted((0, DRAINS), (1, Hold(1, "worker-12 is draining"))) == [0, 1]
    assert noted((0, looking(60)), (1, Hold(3, looking(59).why))) == [0, 1]


def test_what_is_done_is_news_each_time_and_so_is_what_holds_after_it() -> None:
    grow = Grow(2, "20 requests at a time need 2 workers", 1)
    assert noted((0, LEAST), (1, grow), (2, LEAST), (3, grow), (4, grow)) == [0, 1, 2, 3, 4]


def test_of_reasons_that_take_turns_each_is_noted_once_a_minute_and_the_one_that_stays_is_noted_last() -> None:
    turns = [(float(at_s), DRAINS if at_s % 2 else LEAST) for at_s in range(121)]
    assert noted(*turns) == [0, 1, 60, 61, 120]
    stays = [(0.0, LEAST), (1.0, DRAINS), *((float(at_s), LEAST) for at_s in range(2, 200))]
    assert noted(*stays) == [0, 1, 60]
