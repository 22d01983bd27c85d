"""What probes compute, and that there is one for each batch of rows."""

import signal
import socket
import subprocess
import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from lab.comparison import catalogue
from lab.comparison.columns import Place, Way
from lab.comparison.probes import bare, durability, traffic
from lab.comparison.probes.base import Ground, Seen
from lab.comparison.probes.durability import lost
from lab.comparison.probes.every import probes
from lab.comparison.probes.room import fitting
from lab.comparison.probes.traffic import CLIENTS, Asked, ask, half_of, values
from lab.comparison.probes.worker import answered_by
from lab.host import http
from lab.ledger.audit import Account
from lab.ledger.records import Source
from lab.ledger.sorts import Sort
from lab.ledger.struck import FaultSeen
from lab.ledger.writes import What
from lab.model.deadline import Deadline
from lab.model.errors import LabError
from lab.model.node import STORE, State
from tests.conftest import REPO
from tests.unit.model.test_plan import make
from tests.unit.traffic.test_run import responder


def test_there_is_a_probe_for_each_batch_and_no_other() -> None:
    assert probes().keys() == {batch.name for batch in catalogue.BATCHES}


@pytest.mark.parametrize(
    ("first", "taken", "budget", "value", "is_computed"),
    [
        # The budget was used up by the fourth: three fit.
        (2, [200, 300, 400], 350, 3, False),
        # Two take 200, each further one takes 100: ten in 1000.
        (2, [200, 300, 400], 1000, 10, True),
        # None more was started: each is taken to need half of what two did.
        (2, [200], 1000, 10, True),
        # Not even those that were there fit.
        (2, [200], 100, 1, True),
        (2, [200], 99, 0, True),
    ],
)
def test_how_many_fit(first: int, taken: list[int], budget: int, value: float, is_computed: bool) -> None:
    found = fitting(first, taken, budget)
    assert (found.value, found.extrapolated) == (value, is_computed)


def test_workers_that_took_less_each_time_do_not_fit_for_ever() -> None:
    assert fitting(2, [200, 200, 200], 1000).value < 2000


STRUCK = FaultSeen("store-off", "store-1", at_s=3.0, healed_s=6.0, verified_s=3.5)
REFUSES = "last seen: no answer from its database"


def account(lost_: int, acknowledged: int, *, is_whole: bool, faults: tuple[FaultSeen, ...] = (STRUCK,)) -> Account:
    found = Account(acknowledged=acknowledged, is_whole=is_whole)
    found.sorts[Sort.LOST, What.ENTRY] = lost_
    found.faults = [*faults]
    found.first_acknowledged_s = dict.fromkeys(What, 1.0)
    return found


def test_writes_that_are_gone_are_counted_and_a_database_that_is_gone_has_lost_all() -> None:
    said = "of 100 acknowledged writes, at 30 requests a second"
    assert lost(account(3, 100, is_whole=True), 30.0) == Seen(3, said)
    all_of_them = "all that were acknowledged, files on the drive among them, at 3 requests a second: "
    gone = f"the database did not come back ({REFUSES})"
    assert lost(account(0, 100, is_whole=False), 3.0, REFUSES) == Seen(100, all_of_them + gone)


UNREAD = account(0, 9, is_whole=True)
UNREAD.unread = [(Source.STORE, What.ENTRY)]
NEVER_READ = account(0, 9, is_whole=True)
NEVER_READ.sorts[Sort.NEVER_READ, What.ENTRY] = 2
UNSEEN = replace(STRUCK, verified_s=None)


@pytest.mark.parametrize(
    ("nothing", "refusal", "why"),
    [
        (account(0, 0, is_whole=False), REFUSES, "not one write was acknowledged"),
        (account(0, 9, is_whole=False, faults=()), REFUSES, "the journal stops before the end of the run"),
        (account(0, 9, is_whole=False), None, "the journal stops before the end of the run"),
        (account(0, 9, is_whole=False, faults=(UNSEEN,)), REFUSES, "it was not seen that store-off"),
        (account(0, 9, is_whole=True, faults=(UNSEEN,)), None, "it was not seen that store-off"),
        (account(4, 9, is_whole=True, faults=(UNSEEN,)), None, "it was not seen that store-off"),
        (UNREAD, None, "entries were not read back straight from the store"),
        (NEVER_READ, None, "it was not seen that 2 writes are there on both sides"),
    ],
)
def test_a_run_after_which_not_everything_was_looked_at_says_nothing(
    nothing: Account, refusal: str | None, why: str
) -> None:
    with pytest.raises(LabError, match=f"the run says nothing: .*{why}"):
        lost(nothing, 30.0, refusal)


@pytest.mark.parametrize(
    ("state", "answers", "told"),
    [
        (State.RUNNING, ["no answer from its database"], REFUSES),
        (State.RUNNING, ["its database says: it is starting up", None], None),
        (State.STOPPED, [], None),
    ],
)
def test_a_database_is_said_not_to_come_back_only_where_it_was_asked_in_a_store_that_runs(
    monkeypatch: pytest.MonkeyPatch, state: State, answers: list[str | None], told: str | None
) -> None:
    def refusal(_address: str, _by: Deadline) -> str | None:
        return answers.pop(0) if len(answers) > 1 else answers[0]

    monkeypatch.setattr(durability, "_COME_BACK_S", 0.2)
    monkeypatch.setattr("lab.store.database.refusal", refusal)
    lab: Any = SimpleNamespace(plan=make(), states=lambda _by: {STORE: state})
    assert durability.refused(lab, Deadline.after(60, "test")) == told


def test_requests_are_answered_and_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    full_s, half_s = 0.3, 0.4
    monkeypatch.setattr(traffic, "FULL_S", full_s)
    monkeypatch.setattr(traffic, "LEAST_S", half_s)
    monkeypatch.setattr(traffic, "MOST_S", half_s)
    with responder() as (url, _):
        asked = ask(url)
    assert asked.rate > CLIENTS / full_s
    assert len(asked.latencies_s) == pytest.approx(asked.rate / 2 * half_s, abs=2)
    found = values(asked, "-direct")
    assert list(found) == ["requests-direct", "p50-direct", "p99-direct"]
    half, nearly = found["p50-direct"], found["p99-direct"]
    assert isinstance(half, Seen)
    assert isinstance(nearly, Seen)
    assert 0 < half.value <= nearly.value


def test_percentiles_are_of_all_latencies_and_say_of_how_many() -> None:
    found = values(Asked(10, [number / 100 for number in range(100, 0, -1)]), "", "and so on")
    note = "100 answers at 5 requests a second, half of what it can; and so on"
    assert found == {"requests": Seen(10, "and so on"), "p50": Seen(0.5, note), "p99": Seen(0.99, note)}


def test_of_few_answers_99_of_100_is_the_slowest_and_is_called_so() -> None:
    found = values(Asked(10, [number / 100 for number in range(99, 0, -1)]), "")
    assert found["p99"] == Seen(0.99, "the slowest of 99 answers at 5 requests a second, half of what it can")


@pytest.mark.parametrize(
    ("rate", "requests", "duration_s"),
    # Enough in the least time; enough in more time; as many as the most time has.
    [(800, 1000, 2.5), (100, 200, 4.0), (40, 100, 5.0), (0.5, 10, 5.0)],
)
def test_requests_are_due_until_there_are_enough_of_them(rate: float, requests: int, duration_s: float) -> None:
    pace = half_of(rate)
    assert (pace.requests, pace.duration_s) == (requests, duration_s)


class Draining:
    """A process that ends once it was told to, and somebody has looked twice."""

    def __init__(self, looks: list[float]) -> None:
        self.looks = looks
        self.told_s: float | None = None

    def send_signal(self, number: int) -> None:
        assert number == signal.SIGTERM
        self.told_s = time.monotonic()

    def poll(self) -> int | None:
        return 0 if len(self.looks) == 2 else None


def test_a_bare_process_that_drains_is_looked_at_as_seldom_as_a_load_balancer_looks(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    looks: list[float] = []
    process: Any = Draining(looks)
    monkeypatch.setattr(http, "get", lambda *_: looks.append(time.monotonic()))
    bare.Bare(process, "bare-1", "http://bare", 0.0, tmp_path, looks_s=0.2).stop(Deadline.after(30, "test"))
    assert looks[0] - process.told_s >= 0.1
    assert looks[1] - process.told_s >= 0.3


def test_a_site_that_is_not_there_is_an_error() -> None:
    with pytest.raises(LabError, match="a request got no answer"):
        ask("http://127.0.0.1:9")


def test_who_answered_is_read_whatever_the_letters() -> None:
    assert answered_by({"x-worker": "worker-2"}) == answered_by({"X-Worker": "worker-2"}) == "worker-2"
    assert answered_by({}) == ""


def test_only_root_can_have_a_bare_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    place = Place("bare", "Bare process", "docker", Way.BARE, is_machine=False)
    assert bare.impossible(place) == "needs root"
    assert bare.impossible(replace(place, way=Way.FRESH)) is None
    monkeypatch.setattr("os.geteuid", lambda: 0)
    assert bare.impossible(place) is None


@pytest.mark.parametrize("name", ["machine", "fsync", "direct", "isolation"])
def test_without_root_none_of_the_rows_that_ask_a_worker_is_measured_of_a_bare_process(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    batch = next(one for one in catalogue.BATCHES if one.name == name)
    ground = Ground(Place("bare", "Bare process", "docker", Way.BARE, is_machine=False), "lab", tmp_path, print)
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    assert probes()[name].impossible(ground) == {row.name: "needs root" for row in batch.rows}
    boxed = replace(ground, place=replace(ground.place, way=Way.FRESH))
    assert probes()[name].impossible(boxed) == {}


def test_a_port_that_somebody_uses_is_found_out_before_a_bare_process_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bare, "_FREE_S", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(LabError, match=f"port {port} of 127.0.0.1 being free .*in time") as error:
            bare._check_free("127.0.0.1", port)
        assert "Address already in use" in error.value.where
    bare._check_free("127.0.0.1", port)


@pytest.mark.parametrize("script", [bare._FENCE, (REPO / "playbooks/roles/worker/files/worker").read_text()])
def test_what_a_shell_is_given_it_can_read(script: str) -> None:
    done = subprocess.run(["sh", "-n"], input=script, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
