"""What is remembered of decisions, from their beginning to their end."""

from dataclasses import replace

from lab.scaling.decisions import Finish, Grow, Lack, Memory, Refill, Replace, Shrink
from tests.unit.scaling.queueing import worker, workers
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
