"""A clock that is wrong, told from the date of an answer; and who gets the right time then."""

import time
from email.utils import formatdate
from pathlib import Path

import pytest

from lab.flows import clocks, deployment
from lab.host import http
from lab.model.deadline import Deadline
from lab.model.node import Mode
from tests.unit.model.test_plan import KEYS, TOPOLOGY

NOON = 1767268800.0
CASES = [
    ("Thu, 01 Jan 2026 12:00:00 GMT", NOON, NOON + 0.1, 0.0),
    # Whole seconds: what is told may be up to one second old.
    ("Thu, 01 Jan 2026 12:00:00 GMT", NOON + 0.9, NOON + 1.2, 0.0),
    # An answer that took long says nothing against the clock.
    ("Thu, 01 Jan 2026 12:00:00 GMT", NOON - 4, NOON, 0.0),
    ("Thu, 01 Jan 2026 11:50:00 GMT", NOON, NOON + 0.1, 599.0),
    ("Thu, 01 Jan 2026 12:10:00 GMT", NOON, NOON + 0.5, 599.5),
    (None, NOON, NOON, 0.0),
]


@pytest.mark.parametrize(("date", "asked", "answered", "wrong_by"), CASES)
def test_a_clock_is_wrong_by_what_no_delay_explains(
    date: str | None, asked: float, answered: float, wrong_by: float
) -> None:
    assert clocks.off_s(date, asked, answered) == pytest.approx(wrong_by)


@pytest.mark.parametrize(
    ("substrate", "ahead_s", "is_set"),
    [("vagrant", -600, True), ("vagrant", 600, True), ("vagrant", 0, False), ("docker", -600, False)],
)
def test_all_nodes_get_the_right_time_where_the_clock_of_one_worker_is_wrong(
    substrate: str, ahead_s: float, is_set: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    file = deployment.topology_file()
    lab = deployment.intend("blue", substrate, mode=Mode.STATELESS, workers=2, topology=TOPOLOGY, file=file, keys=KEYS)
    second = lab.plan.workers()[1].address

    def answer(url: str, _by: Deadline) -> http.Answer:
        return http.Answer(200, "", {"Date": formatdate(time.time() + ahead_s * (second in url), usegmt=True)})

    woken: list[str] = []
    monkeypatch.setattr(http, "get", answer)
    monkeypatch.setattr(type(lab.substrate), "wake", lambda _self, _lab, names, _by: woken.extend(map(str, names)))
    said: list[str] = []
    clocks.mend(lab, said.append, Deadline.after(20, "test"))
    assert woken == (["loadbalancer-1", "store-1", "worker-1", "worker-2"] if is_set else [])
    assert len(said) == is_set
