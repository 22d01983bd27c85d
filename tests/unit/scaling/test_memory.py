"""What is remembered of decisions, from their beginning to their end."""

from dataclasses import replace

import pytest

from lab.scaling.decisions import Finish, Grow, Lack, Memory, Refill, Replace, Shrink
from lab.scaling.places import Fleet
from tests.unit.scaling.queueing import sample, worker, workers
from tests.unit.scaling.situations import LONG_AGO, NOW


def test_what_is_remembered_follows_from_what_was_decided() -> None:
    lack = Lack(NOW, 1, 30.0)
    grow, shrink = Grow(2, "why", 1, lack), Shrink(1, "why", worker(2))
    growing = LONG_AGO.begun(grow)
    assert (growing.adding, growing.removing, growing.lacks) == (True, None, (lack,))
    assert growing.ended(grow, NOW) == Memory(NOW, lacks=(lack,))
    both = growing.begun(shrink)
    assert both.ended(grow, NOW).removing == worker(2)
    assert both.ended(shrink, NOW).adding
    doubt = replace(shrink, doubt=lack)
    assert LONG_AGO.begun(doubt).ended(doubt, NOW) == Memory(NOW, doubt=lack)
    replaced = Replace(1, "why", workers(1))
    assert LONG_AGO.begun(replaced).ended(replaced, NOW).changed_at_s == LONG_AGO.changed_at_s
    failed = LONG_AGO.begun(grow).failed(grow, NOW, 5.0)
    assert (failed.retry_at_s, failed.retry_add_at_s) == (NOW + 5, NOW + 5)
    failed = LONG_AGO.begun(shrink).failed(shrink, NOW, 5.0)
    assert (failed.retry_at_s, failed.retry_add_at_s) == (NOW + 5, 0.0)
    finish = Finish(1, "why", workers(3))
    assert LONG_AGO.begun(finish).ended(finish, NOW) == replace(LONG_AGO, finished=frozenset({worker(3)}))
    assert not LONG_AGO.begun(finish).adding, "who hangs keeps nobody from coming"
    assert growing.begun(finish).ended(finish, NOW).adding
    refill = Refill(1, "why", 1)
    assert growing.begun(refill) == replace(growing, refilling=True)
    assert growing.begun(refill).ended(refill, NOW) == growing


@pytest.mark.parametrize(
    ("then", "is_known"),
    [
        (Fleet(warming=workers(3)), True),
        (Fleet(serving=workers(3)), False),
        (Fleet(dead=workers(3)), False),
        (Fleet(draining=workers(3)), False),
        (Fleet(), False),
    ],
)
def test_who_was_brought_into_service_once_is_known_while_it_is_on_the_way_and_its_successor_is_another(
    then: Fleet, is_known: bool
) -> None:
    begun = LONG_AGO.begun(Finish(1, "why", workers(3))).seen(Fleet(warming=workers(3)), None, [])
    again = begun.seen(then, None, []).seen(Fleet(warming=workers(3)), None, [])
    assert again.finished == ({worker(3)} if is_known else frozenset())


@pytest.mark.parametrize(
    ("learnt_s", "rates", "is_kept"),
    [
        (5, [1] * 55 + [4] * 5, True),
        (20, [1] * 40 + [4] * 20, False),
        (20, [1] * 40 + [4] * 5 + [1] * 15, True),
        (60, [4] * 60, False),
        (61, [4] * 60, True),
        (5, [4] * 20 + [1] * 60, True),
        (5, [], True),
    ],
    ids=["chance", "a crowd", "a moment's crowd", "a minute later", "a crowd of later", "one of before", "silence"],
)
def test_that_one_was_taken_away_too_early_is_unlearnt_where_a_crowd_goes_on(
    learnt_s: int, rates: list[int], is_kept: bool
) -> None:
    lack = Lack(NOW - learnt_s, 1, 1.0)
    samples = [sample(NOW - len(rates) + 1 + n, 0, rate) for n, rate in enumerate(rates)]
    seen = replace(LONG_AGO, lacks=(lack,)).seen(Fleet(), None, samples)
    assert seen.lacks == ((lack,) if is_kept else ())
