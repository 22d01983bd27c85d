"""Visitors stay for as long as something is done to a lab, and are gone, with their account, after it."""

import time
from pathlib import Path

import pytest

from lab.comparison.visitors import visiting, watching
from lab.flows import read_all
from lab.host import paths
from lab.model.deadline import Deadline
from tests.unit.flows.test_load import deployed_at
from tests.unit.traffic.test_run import responder


def test_visitors_come_until_the_block_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    # There is no store to be read past the site.
    monkeypatch.setattr(read_all, "_read_straight", lambda *_: None)
    paths.lab("blue").mkdir(parents=True)
    with responder() as (url, _):
        lab, by = deployed_at(url), Deadline.after(60, "visitors")
        with visiting(lab, 100, by) as visit, watching(lab, by) as ready:
            assert not visit.has_ended
            begun, until = visit.requests, time.monotonic() + 0.8
            assert begun > 0
            while time.monotonic() < until:
                time.sleep(0.05)
    assert visit.has_ended
    assert visit.told.is_whole
    assert 50 <= visit.requests - begun < 500, "its plan is for a day, and was left at the end of the block"
    assert visit.told.errors == visit.failures == 0
    assert ready.looks == 0, "nobody answers for the load balancer's figures"
    assert ready.missed > 0
    assert ready.fewest is None
