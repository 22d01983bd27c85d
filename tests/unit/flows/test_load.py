"""A load at a real site in a process of its own: exact numbers, the timeline's samples, and what is refused."""

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from lab.flows import deployment, load, prove, read_all
from lab.flows.deployment import Deployed, Deployment
from lab.ledger.files import audit_file
from lab.model.deadline import Deadline
from lab.model.errors import UsageError
from lab.model.node import LOADBALANCER, Mode
from lab.timeline.events import Kind
from lab.traffic.profiles import Profile, profile
from tests.unit.faults.ground import KEYS, ground
from tests.unit.model.test_plan import TOPOLOGY
from tests.unit.traffic.test_run import responder

STEP = profile("step", peak=80, duration_s=1)


def asked(*, shape: Profile = STEP, cpu_ms: int = 0, proves: bool = False) -> load.Asked:
    return load.Asked("blue", "docker", shape, cpu_ms, 1, proves)


def deployed_at(url: str) -> Deployment:
    """A lab whose load balancer is this site; nobody answers for its figures."""
    plan = ground().plan
    nodes = tuple(replace(n, address="127.0.0.1") if n.name == LOADBALANCER else n for n in plan.nodes)
    plan = replace(plan, port=urlsplit(url).port or 80, nodes=nodes)
    return Deployment("blue", ground().substrate, Deployed(0, Mode.STATELESS, (1, 2), TOPOLOGY, KEYS), plan)


@pytest.fixture
def blue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Deployment]:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    with responder() as (url, _):
        lab = deployed_at(url)
        monkeypatch.setattr(deployment, "load", lambda *_: lab)
        file = deployment.topology_file()
        deployment.intend("blue", "docker", mode=Mode.STATELESS, workers=2, topology=TOPOLOGY, file=file, keys=KEYS)
        yield lab


def run(what: load.Asked) -> tuple[load.Loaded, list[load.Progress]]:
    seen: list[load.Progress] = []
    return load.run(what, seen.append, lambda _: None, Deadline.after(60, "one load")), seen


@pytest.mark.usefixtures("blue")
def test_a_step_sends_exactly_what_its_profile_says() -> None:
    loaded, seen = run(asked(cpu_ms=20))
    told = loaded.as_json()
    assert [(row["name"], row["requests"], row["errors"]) for row in told["phases"]] == [
        *(("before", 5, 0), ("during", 40, 0), ("after", 5, 0))
    ]
    assert {name: told[name] for name in ("lab", "substrate", "profile", "peak", "base", "work_ms", "requests")} == {
        **{"lab": "blue", "substrate": "docker", "profile": "step", "peak": 80, "base": 20, "work_ms": 20},
        "requests": 50,
    }
    assert (told["errors"], told["refused"]) == (0, 0)
    assert 0 < told["p50_ms"] <= told["p99_ms"]
    assert "proof" not in told
    assert 0.5 < time.time() - told["began_at"] < 10
    assert loaded.exit_code == 0
    assert seen


def test_each_second_stands_in_the_timeline(blue: Deployment) -> None:
    run(asked(shape=profile("step", peak=40, duration_s=2)))
    events = blue.timeline().read().events
    marks = [event for event in events if event.kind is Kind.CHANGE]
    samples = [event for event in events if event.kind is Kind.SAMPLE]
    assert [event.what for event in marks] == ["load", "load"]
    assert marks[0].fields["why"] == "began: 50 requests in 2 s, step, 10 to 40 a second"
    assert marks[1].fields["why"] == "ended: 0 of 50 requests failed"
    assert 2 <= len(samples) <= 4
    for name in ("requests", "answers"):
        assert sum(event.fields[name] * event.fields["span_s"] for event in samples) == pytest.approx(50, abs=0.5)
    assert {event.fields["workers"] for event in samples} == {None}
    assert max(event.fields["users"] for event in samples) == 5


def test_a_load_on_a_lab_that_is_destroyed_meanwhile_leaves_no_timeline(blue: Deployment) -> None:
    def destroyed(_progress: load.Progress) -> None:
        deployment.forget("blue", "docker", volumes=True)

    load.run(asked(), destroyed, lambda _: None, Deadline.after(60, "one load"))
    assert not blue.timeline().path.exists()


@pytest.mark.usefixtures("blue")
def test_a_load_that_proves_has_a_journal_of_all_its_writes(monkeypatch: pytest.MonkeyPatch) -> None:
    # There is no store to be read past the site.
    monkeypatch.setattr(read_all, "_read_straight", lambda *_: None)
    loaded, _ = run(asked(proves=True))
    assert loaded.journal is not None
    account = audit_file(loaded.journal)
    assert account.is_whole
    assert account.acknowledged == account.attempted > 20
    assert loaded.as_json()["proof"]["run"] == loaded.journal.stem
    assert loaded.total["requests"] == 50
    assert loaded.exit_code == 1  # what the responder gives back is not what was written
    assert prove.journals("blue") == [loaded.journal]


def test_a_lab_that_does_not_answer_is_one_clear_error_and_nothing_is_noted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    with responder() as (url, _):
        lab = deployed_at(url)
    monkeypatch.setattr(deployment, "load", lambda *_: lab)
    for tried in (lambda: run(asked()), lambda: load.forecast(asked(), Deadline.after(5, "look"))):
        with pytest.raises(UsageError) as refused:
            tried()
        assert str(refused.value) == (
            "lab blue on docker does not answer: "
            "no answer from /readyz: [Errno 111] Connection refused\n"
            f"  where: {url}\n  mend:  `lab up docker --name blue`"
        )
    assert not list(tmp_path.rglob("*"))


@pytest.mark.usefixtures("blue")
def test_a_dry_run_says_how_many_requests_each_phase_has() -> None:
    lines = load.forecast(asked(cpu_ms=20), Deadline.after(5, "look"))
    assert lines[0].startswith(
        "would send 50 requests in 1 s, step, 20 to 80 a second, most of them work of 20 ms of CPU, to http://127.0.0.1:"
    )
    assert lines[1:] == [
        "before, from 0 s to 0.25 s: 5 requests",
        "during, from 0.25 s to 0.75 s: 40 requests",
        "after, from 0.75 s to 1 s: 5 requests",
    ]


@pytest.mark.parametrize("cpu_ms", [-1, 2001])
def test_work_that_the_app_does_not_allow_is_refused(cpu_ms: int) -> None:
    with pytest.raises(UsageError) as refused:
        load.checked_work(cpu_ms)
    assert str(refused.value) == (
        f"{cpu_ms} ms of CPU is not possible\n  where: --work\n  mend:  give more than 0 and at most 2000"
    )
