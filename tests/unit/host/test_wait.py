"""Waiting: what is seen is told when it changes, not at every look, and stands in the error at the end."""

import itertools
import time
from collections.abc import Iterator

import pytest

from lab.host import wait
from lab.host.wait import await_until
from lab.model.deadline import Deadline
from lab.model.errors import LabError


def looks(*seen: str | None) -> Iterator[str | None]:
    yield from seen


def waited(monkeypatch: pytest.MonkeyPatch, quiet_s: float, *seen: str | None) -> list[str]:
    """What was told of these looks, the last of which is None."""
    monkeypatch.setattr(wait, "QUIET_S", quiet_s)
    told: list[str] = []
    answers = looks(*seen)
    by = Deadline.after(60, "test")
    await_until(lambda: next(answers), by, what="it", mend="wait", every_s=0.01, tell=told.append)
    return told


def test_what_is_seen_is_told_once_each_time_that_it_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    told = waited(monkeypatch, 0, "no answer", "no answer", "503: source missing", "503: source missing", None)
    assert told == ["no answer", "503: source missing"]


def test_what_passes_soon_is_not_told(monkeypatch: pytest.MonkeyPatch) -> None:
    assert waited(monkeypatch, 30, "no answer", "503", None) == []


def test_changes_that_come_fast_are_told_at_intervals(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wait, "QUIET_S", 0.2)
    counts, told_at = itertools.count(), [time.monotonic()]

    def probe() -> str | None:
        return None if len(told_at) > 3 else f"{next(counts)} requests in flight"

    def tell(_: str) -> None:
        told_at.append(time.monotonic())

    await_until(probe, Deadline.after(60, "test"), what="it", mend="wait", every_s=0.01, tell=tell)
    assert min(after - before for before, after in itertools.pairwise(told_at)) >= 0.19


def test_the_error_at_the_deadline_says_what_was_seen_last() -> None:
    with pytest.raises(LabError) as raised:
        await_until(lambda: "no answer", Deadline.after(0.1, "0.1 s"), what="its start", mend="look")
    assert (raised.value.message, raised.value.where) == (
        "its start did not come about in time (0.1 s)",
        "last seen: no answer",
    )
