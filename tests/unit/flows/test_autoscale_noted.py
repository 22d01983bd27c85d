"""What the autoscaler's loop notes in the timeline: each second, and each decision that is news."""

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from lab.flows import autoscaler
from lab.host import processes
from lab.loadbalancer.gauge import Sample
from lab.scaling.places import Fleet
from lab.timeline import words
from lab.timeline.events import Kind
from tests.unit.flows.loop import W1, W2, W3, Scene, at, staged


@pytest.fixture
def scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    with staged(tmp_path, monkeypatch) as scene:
        yield scene


def test_what_is_decided_after_nothing_could_be_is_noted_also_where_it_is_as_before(scene: Scene) -> None:
    loop = scene.loop()
    for is_silent in (False, True, True, False, False):
        scene.silent = is_silent
        scene.turn(loop)
    noted = [event["what"] for event in scene.events(Kind.DECISION)]
    assert noted == ["keep 1", "nothing can be decided", "keep 1"]


def test_samples_and_decisions_stand_in_the_timeline(scene: Scene) -> None:
    loop = scene.loop()
    scene.turn(loop, 5)
    samples, decisions = scene.events(Kind.SAMPLE), scene.events(Kind.DECISION)
    assert len(samples) == 5
    assert samples[0] == {
        **{"what": "autoscale", "users": 5, "requests": 7, "errors": 0.0, "workers": 1, "queue": 0, "sessions": 0},
        **{"response_ms": 12, "span_s": 0.01, "decision": "keep 1", "why": "1 worker, and --min is 1"},
    }
    assert decisions == [{"what": "keep 1", "why": "1 worker, and --min is 1", "wanted": 1}]


def test_a_decision_that_holds_on_is_noted_once_an_hour(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    loop, now, booted_s = scene.loop(), time.time(), processes.now_s()
    for minutes in (0, 1, 59, 61, 62):
        at(monkeypatch, now + 60 * minutes, booted_s + 60 * minutes)
        scene.turn(loop)
    noted = [event.at for event in scene.lab.timeline().read().events if event.kind is Kind.DECISION]
    assert noted == [round(now, 3), round(now + 61 * 60, 3)]


def test_a_sample_stands_for_the_time_since_the_one_before_and_not_for_more_than_a_look_may_take(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop, now, booted_s = scene.loop(), time.time(), processes.now_s()
    for ago_s in (60, 59.3, 58, 54.5, 1):
        at(monkeypatch, now - ago_s, booted_s - ago_s)
        scene.turn(loop)
    assert [sample["span_s"] for sample in scene.events(Kind.SAMPLE)] == [0.01, 0.7, 1.3, 3.5, 5.0]
    samples = [event for event in scene.lab.timeline().read().events if event.kind is Kind.SAMPLE]
    assert [text for _, text in words.told(samples)] == [
        "autoscale, 6 s; 39 requests; 0 errors; 12 ms on average; users 5; workers 1; queue 0",
        "autoscale, 5 s; 35 requests; 0 errors; 12 ms on average; users 5; workers 1; queue 0",
    ]


def test_another_reason_for_the_same_decision_is_noted_and_told_at_once(scene: Scene) -> None:
    loop = scene.loop()
    scene.fleet = Fleet(serving=(W1,), draining=(W2,))
    scene.turn(loop, 2)
    scene.fleet = Fleet(serving=(W1,))
    scene.finish(loop)
    scene.turn(loop, 2)
    assert [event["why"] for event in scene.events(Kind.DECISION)] == [
        "worker-2 was left draining",
        "worker-2 is draining",
        "1 worker, and --min is 1",
    ]


def test_what_was_decided_last_is_told_also_where_it_is_no_news(scene: Scene) -> None:
    loop = scene.loop()
    whys = []
    for _ in range(2):
        scene.fleet = Fleet(serving=(W1,), warming=(W2,))
        scene.turn(loop)
        for frozen in ((), (W3,)):
            scene.fleet = Fleet(serving=(W1,), warming=(W2,), frozen=frozen)
            scene.turn(loop)
            _, decision = autoscaler.said("blue", "docker")
            whys.append(decision and decision.fields["why"])
    assert whys == ["worker-2 is not in service yet", "worker-3 sleeps and is wanted in service"] * 2
    assert len(scene.events(Kind.DECISION)) == 3, "neither of the two reasons is noted twice within a minute"


def test_errors_are_told_by_the_second_also_after_the_load_balancer_was_started_anew(scene: Scene) -> None:
    loop = scene.loop()
    one = Sample(100.0, 0, 0, 0, 0, 7, 0, {})
    for errors, expected in ((17, 5.0), (3, 0.0)):
        loop._samples = [one, replace(one, at_s=102.0, errors=errors)]
        assert loop._errors() == expected
