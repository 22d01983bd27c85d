"""An autoscaler in another process can be ended, whatever it is doing."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from lab.flows import autoscaler
from lab.model.deadline import Deadline
from lab.model.errors import LabError, UsageError
from lab.timeline import events, recording
from lab.timeline.events import Event, Kind
from tests.conftest import REPO

_HOLD = """
import signal, sys, time
from lab.flows.leases import leased
if sys.argv[1] == "deaf":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
with leased("blue", "autoscale", "autoscale docker"):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def by(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Deadline:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    return Deadline.after(60, "one test")


def holder(how: str) -> "subprocess.Popen[str]":
    process = subprocess.Popen(
        [sys.executable, "-c", _HOLD, how], stdout=subprocess.PIPE, text=True, cwd=REPO, env=os.environ.copy()
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


@pytest.mark.parametrize(("how", "ends_by"), [("polite", signal.SIGTERM), ("deaf", signal.SIGKILL)])
def test_it_is_asked_to_end_and_then_ended(
    by: Deadline, monkeypatch: pytest.MonkeyPatch, how: str, ends_by: signal.Signals
) -> None:
    monkeypatch.setattr(autoscaler, "_POLITELY_S", 0.5)
    process, told = holder(how), list[str]()
    assert autoscaler.stop("blue", ["vagrant", "docker"], told.append, by)
    assert (process.wait(), told) == (-ends_by, ["ended the autoscaler of docker"])
    assert not autoscaler.stop("blue", ["vagrant", "docker"], told.append, by)


def test_that_of_the_other_substrate_goes_on(by: Deadline) -> None:
    process = holder("polite")
    assert not autoscaler.stop("blue", ["vagrant"], lambda _: None, by)
    assert process.poll() is None
    process.kill()
    process.wait()


@pytest.mark.usefixtures("by")
def test_what_it_saw_and_decided_last_is_in_the_timeline() -> None:
    timeline = recording.recorder("blue", "docker")
    timeline.path.parent.mkdir(parents=True)
    for at, kind, what in [
        (1.0, Kind.SAMPLE, "autoscale"),
        (2.0, Kind.DECISION, "keep 1"),
        (3.0, Kind.SAMPLE, "autoscale"),
        (4.0, Kind.SAMPLE, "visitors"),
    ]:
        timeline.note(Event(at, kind, what))
    sample, decision = autoscaler.said("blue", "docker")
    assert (sample and sample.at, decision and decision.at) == (3.0, 2.0)


@pytest.mark.usefixtures("by")
def test_what_it_decided_last_is_told_by_its_last_sample_or_by_what_it_noted_after_that() -> None:
    timeline = recording.recorder("blue", "docker")
    timeline.path.parent.mkdir(parents=True)
    timeline.note(Event(2.0, Kind.DECISION, "keep 1", {"why": "worker-2 is draining"}))
    timeline.note(Event(3.0, Kind.SAMPLE, "autoscale", {"decision": "keep 1", "why": "1 worker, and --min is 1"}))
    _, decision = autoscaler.said("blue", "docker")
    assert decision == Event(3.0, Kind.DECISION, "keep 1", {"why": "1 worker, and --min is 1"})
    noted = Event(4.0, Kind.DECISION, "nothing can be decided", {"why": "the load balancer does not answer"})
    timeline.note(noted)
    assert autoscaler.said("blue", "docker")[1] == noted


@pytest.mark.usefixtures("by")
def test_to_know_what_it_saw_last_not_all_of_the_timeline_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    timeline = recording.recorder("blue", "docker")
    timeline.path.parent.mkdir(parents=True)
    many = [Event(float(n), Kind.SAMPLE, "autoscale", {}).line() for n in range(20_000)]
    timeline.path.write_text("".join([*many, Event(30_000, Kind.DECISION, "keep 1", {}).line(), many[-1]]))
    read, real = list[str](), events.read

    def reading(lines: list[str], name: str) -> list[Event]:
        read.extend(lines)
        return real(lines, name)

    monkeypatch.setattr(events, "read", reading)
    sample, decision = autoscaler.said("blue", "docker")
    assert (sample and sample.at, decision and decision.at) == (19_999, 30_000)
    assert len(read) < 10


def test_one_that_ends_at_once_is_told_with_its_own_words(by: Deadline) -> None:
    with pytest.raises(LabError, match="lab blue is not up on docker"):
        autoscaler.begin("blue", "docker", ["autoscale", "docker", "--name", "blue"], by)


def test_a_second_one_is_refused_and_leaves_the_log_of_the_first(by: Deadline) -> None:
    process, log = holder("polite"), autoscaler.log_of("blue", "docker")
    log.parent.mkdir(parents=True)
    log.write_text("what the first one said\n")
    with pytest.raises(UsageError, match=rf"`lab autoscale docker` \(pid {process.pid}\) is at work on this"):
        autoscaler.begin("blue", "docker", ["autoscale", "docker", "--name", "blue"], by)
    assert log.read_text() == "what the first one said\n"
    process.kill()
    process.wait()


@pytest.mark.usefixtures("by")
def test_one_that_does_not_begin_in_time_does_not_go_on_unseen(monkeypatch: pytest.MonkeyPatch) -> None:
    started = list["subprocess.Popen[bytes]"]()

    def popen(_words: object, **how: Any) -> "subprocess.Popen[bytes]":
        started.append(real([sys.executable, "-c", "import time; time.sleep(60)"], **how))
        return started[0]

    real = subprocess.Popen
    monkeypatch.setattr(subprocess, "Popen", popen)
    with pytest.raises(LabError, match="the autoscaler beginning did not come about in time"):
        autoscaler.begin("blue", "docker", ["autoscale"], Deadline.after(0.1, "0.1 s"))
    assert started[0].wait() == -signal.SIGTERM
