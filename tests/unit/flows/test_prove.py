"""A run whose visitors are gone does not go on without them, no fault strikes before there is something to lose, and
how far it is is told all the while."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.faults.catalogue import Planned
from lab.flows import prove, readiness
from lab.flows.deployment import Deployed, Deployment
from lab.flows.prove import Progress
from lab.ledger.files import audit_file
from lab.ledger.plan import Plan
from lab.ledger.records import Header
from lab.ledger.writer import Journal
from lab.ledger.writes import What
from lab.model.deadline import Deadline
from lab.model.errors import LabError, UsageError
from lab.model.node import Mode, NodeName
from lab.substrates.base import Report
from lab.traffic.run import Traffic
from lab.traffic.visits import Patience
from tests.unit.faults.ground import KEYS, ground
from tests.unit.model.test_plan import TOPOLOGY
from tests.unit.traffic.test_run import responder


def run_of(plan: Plan, watch: prove.Watch = lambda _: None, report: Report = lambda _: None) -> prove._Run:
    on = ground()
    lab = Deployment("blue", on.substrate, Deployed(0, Mode.STATELESS, (1, 2), TOPOLOGY, KEYS), on.plan)
    kill = Planned("kill", NodeName.parse("worker-1"))
    return prove._Run(lab, on, plan, [kill], watch, report)


def header(plan: Plan) -> Header:
    return Header(plan.run, "blue", "docker", "stateless", None, plan.seed, plan.rate, plan.duration_s, time.time())


def test_a_fault_that_cannot_be_made_here_is_one_clear_error() -> None:
    asked, by = prove.Asked("blue", "docker", 1, ("clock",), 3, 10, seed=1), Deadline.after(30, "one test")
    with pytest.raises(UsageError) as raised:
        prove._schedule(asked, ground(), by)
    assert str(raised.value) == (
        "clock: not on this substrate: a container's clock is this computer's\n"
        "  where: --fault\n"
        "  mend:  choose another fault or substrate"
    )


def test_a_run_whose_visitors_have_gone_ends(tmp_path: Path) -> None:
    plan = Plan("r1", 1, rate=20, duration_s=0.2)
    with responder() as (url, _), Journal(tmp_path / "j", header(plan)) as journal, Traffic(url, plan, journal) as gone:
        gone.join()
        with pytest.raises(LabError, match="the visitors are gone"):
            run_of(plan)._keep_calm(gone, until=lambda: False)


def test_a_fault_waits_until_each_kind_of_write_was_acknowledged(tmp_path: Path) -> None:
    plan = Plan("r1", 1, rate=200, duration_s=60)
    with responder() as (url, _), Journal(tmp_path / "j", header(plan)) as journal, Traffic(url, plan, journal) as some:
        assert some.tally().kinds == set()
        run_of(plan)._await_writes(some)
        assert some.tally().kinds == set(What)
        some.stop()


def test_without_an_acknowledged_write_no_fault_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prove, "_BEGIN_S", 0.35)
    plan = Plan("r1", 1, rate=400, duration_s=60)
    with responder() as (url, _):
        pass
    with (
        Journal(tmp_path / "j", header(plan)) as journal,
        Traffic(url, plan, journal, Patience(repeat_s=0.1)) as nobody,
        pytest.raises(LabError, match="no entry and no file and no login was acknowledged within 1 s"),
    ):
        run_of(plan)._await_writes(nobody)


def test_a_lab_is_whole_again_when_each_worker_reaches_the_store(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    monkeypatch.setattr(readiness, "await_node", lambda _lab, name, *_: told.append(str(name)))
    monkeypatch.setattr(readiness, "await_store_reached", lambda _lab, name, _by: told.append(f"{name}: store"))
    monkeypatch.setattr(readiness, "await_serving", lambda _lab, names, *_: told.append(f"served: {len(names)}"))
    run_of(Plan("r1", 1, rate=20, duration_s=1))._await_whole(Deadline.after(10, "one test"))
    nodes = ["loadbalancer-1", "store-1", "worker-1", "worker-2"]
    assert told == [*nodes, "worker-1: store", "worker-2: store", "served: 2"]


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A trivial site where the lab should be, of which nothing is read back."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setattr(prove, "read_all", lambda *_: None)
    with responder() as (url, _):
        monkeypatch.setattr(type(ground().substrate), "url", lambda *_: url)
        yield


@pytest.mark.usefixtures("site")
def test_how_far_a_run_is_is_told_again_and_again_while_visitors_write() -> None:
    plan, told = Plan("r1", 1, rate=100, duration_s=2), list[Progress]()
    run_of(plan, told.append).go(plan.duration_s, Deadline.after(60, "one test"))
    counts = [progress.tally.acknowledged for progress in told]
    assert counts == sorted(counts)
    # Once in a tenth of a second; a busy computer may miss some of them.
    assert len(set(counts)) > 4
    assert {(progress.doing, progress.injected, progress.planned) for progress in told} == {
        ("visitors write and read", 0, 1)
    }


@pytest.mark.usefixtures("site")
def test_who_watches_and_fails_ends_the_run_and_is_heard_of() -> None:
    def watch(_progress: Progress) -> None:
        raise ZeroDivisionError

    plan = Plan("r1", 1, rate=100, duration_s=0.5)
    with pytest.raises(ZeroDivisionError):
        run_of(plan, watch).go(plan.duration_s, Deadline.after(60, "one test"))
    assert not audit_file(prove.journal("blue", "r1")).is_whole
