"""The loop's turns: what is decided is begun beside it, once, and what failed is tried again after a pause."""

import os
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from lab.flows import autoscale, deployment, fleet, leases, unfinished
from lab.flows.autoscale import Asked, Look
from lab.flows.fleet import ScaleIn
from lab.flows.leases import leased
from lab.host import lock, processes
from lab.loadbalancer import gauge
from lab.model.errors import LabError, UsageError
from lab.model.node import NodeName, Role
from lab.scaling.decisions import Finish, Grow, Hold, Refill, Replace
from lab.scaling.limits import Limits, Victim
from lab.scaling.places import Fleet
from lab.timeline.events import Kind
from tests.unit.flows.loop import LIMITS, W1, W2, W3, Scene, at, kinds, staged


@pytest.fixture
def scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    with staged(tmp_path, monkeypatch) as scene:
        yield scene


def test_a_breach_makes_workers_once_while_it_goes_on_looking(scene: Scene) -> None:
    loop = scene.loop()
    scene.turn(loop, 2)
    scene.sessions = 50
    scene.turn(loop, 4)
    assert kinds(scene.looks) == [Hold, Hold, Hold, Grow, Hold, Hold]
    assert scene.asked == [("grow", 2)]
    assert scene.looks[-1].decision.why == "workers are on their way"
    scene.fleet = Fleet(serving=(W1, W2, W3))
    scene.finish(loop)
    scene.turn(loop)
    assert scene.asked == [("grow", 2)]


@pytest.mark.parametrize("back_s", [3600, 10_000_000])
def test_a_clock_that_is_set_back_keeps_nobody_from_coming(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, back_s: float
) -> None:
    loop, set_back = scene.loop(), time.time() - back_s
    scene.turn(loop, 2)
    monkeypatch.setattr(time, "time", lambda: set_back)
    scene.sessions = 50
    scene.turn(loop, 2)
    assert kinds(scene.looks) == [Hold, Hold, Hold, Grow]
    # What is told has the time that everybody has.
    assert [event.at for event in scene.lab.timeline().read().events if event.what == "add 2, to 3"] == [
        pytest.approx(set_back, abs=0.01)
    ]


def test_what_failed_is_told_and_tried_again_after_a_pause(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    loop, scene.failure = scene.loop(), LabError("the engine is on strike", where="lab blue", mend="wait")
    scene.fleet = Fleet(serving=(W1,), dead=(W2,))
    scene.turn(loop)
    scene.finish(loop)
    scene.turn(loop, 3)
    assert kinds(scene.looks) == [Replace, Hold, Hold, Hold]
    assert [step for step in scene.told if "on strike" in step] != []
    at(monkeypatch, time.time() + 6, processes.now_s() + 6)
    scene.turn(loop)
    assert scene.asked == [("replace_dead", (W2,))] * 2


def test_one_that_adds_and_one_that_removes_can_be_under_way(scene: Scene) -> None:
    loop = scene.loop()
    scene.fleet = Fleet(serving=(W1,), draining=(W2,))
    scene.turn(loop, 3)
    scene.sessions = 50
    scene.turn(loop, 3)
    assert scene.asked == [("shrink", W2), ("grow", 2)]


def test_a_breach_is_not_kept_waiting_by_one_that_hangs(scene: Scene) -> None:
    loop = scene.loop()
    scene.fleet = Fleet(serving=(W1,), warming=(W2,))
    scene.turn(loop, 3)
    scene.sessions = 50
    scene.turn(loop, 3)
    assert scene.asked == [("finish", (W2,)), ("grow", 1)]


def test_who_was_left_on_the_way_is_brought_home(scene: Scene) -> None:
    loop = scene.loop()
    scene.fleet = Fleet(serving=(W1,), warming=(W2,))
    scene.turn(loop, 2)
    assert kinds(scene.looks) == [Finish, Hold]
    assert scene.asked == [("finish", (W2,))]


def test_who_could_not_be_brought_home_is_tried_again_after_a_pause_and_keeps_nobody_from_coming(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop, scene.failure = scene.loop(), LabError("no source", where="lab blue", mend="wait")
    scene.fleet = Fleet(serving=(W1,), warming=(W2,))
    scene.turn(loop)
    scene.finish(loop)
    scene.sessions = 50
    scene.turn(loop, 3)
    assert scene.asked == [("finish", (W2,)), ("grow", 1)]
    scene.failure = None
    scene.finish(loop)
    at(monkeypatch, time.time() + 6, processes.now_s() + 6)
    scene.turn(loop)
    assert scene.asked[2:] == [("finish", (W2,))]


def test_a_silent_load_balancer_is_told_once_and_nothing_is_done(scene: Scene) -> None:
    loop = scene.loop()
    scene.silent, scene.fleet = True, Fleet(dead=(W1,))
    scene.turn(loop, 3)
    assert (scene.looks, scene.asked) == ([], [])
    assert scene.told == ["nothing can be decided: the load balancer does not answer"]
    noted = {"what": "nothing can be decided", "why": "the load balancer does not answer"}
    assert scene.events(Kind.DECISION) == [noted]


def test_engine_and_load_balancer_are_asked_side_by_side(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    both = threading.Barrier(2, timeout=10)

    def read(*_: object, **__: object) -> None:
        both.wait()

    def seen(*_: object) -> Fleet:
        both.wait()
        return scene.fleet

    monkeypatch.setattr(gauge, "read", read)
    monkeypatch.setattr(fleet, "seen", seen)
    scene.turn(scene.loop())
    assert scene.looks[0].sample is None


def test_nothing_is_begun_while_a_refresh_is_at_work(scene: Scene) -> None:
    loop = scene.loop()
    scene.fleet = Fleet(serving=(W1,), dead=(W2,))
    with leased("blue", leases.REFRESH, leases.refreshing("docker")):
        scene.turn(loop)
    assert scene.looks[0].decision == Hold(2, "`lab refresh` is at work; who is missing may be about to come")
    scene.turn(loop)
    assert kinds(scene.looks) == [Hold, Replace]


def test_nothing_else_is_begun_either_while_a_refresh_is_at_work(scene: Scene) -> None:
    scene.fleet = Fleet(serving=(W1,), draining=(W2,))
    with leased("blue", leases.REFRESH, leases.refreshing("docker")):
        scene.turn(scene.loop())
    assert scene.looks[0].decision == Hold(1, "`lab refresh` is at work; after it: worker-2 was left draining")


def test_who_is_about_to_be_made_by_another_verb_is_not_told_as_dead(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop, ours = scene.loop(), os.getpid()
    scene.fleet = Fleet(serving=(W1,), dead=(W2,))
    with lock.held(leases.changes("blue"), "up"):
        # As another process that looks on.
        monkeypatch.setattr(os, "getpid", lambda: ours + 1)
        scene.turn(loop)
        assert scene.looks[0].decision == Hold(2, "`lab up` is at work; who is missing may be about to come")
        monkeypatch.setattr(os, "getpid", lambda: ours)
        scene.turn(loop)
    assert kinds(scene.looks) == [Hold, Replace], "a change of its own, of the warm pool perhaps, keeps it from nothing"


@pytest.mark.parametrize(
    ("limits", "seen", "why"),
    [
        (LIMITS, Fleet(serving=(W1,), draining=(W2,)), "worker-2 was left draining"),
        (replace(LIMITS, most=1), Fleet(serving=(W1,), dead=(W2,)), "2 workers, and --max is 1"),
    ],
)
def test_one_that_another_verb_makes_anew_is_not_taken_for_one_that_was_left(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, limits: Limits, seen: Fleet, why: str
) -> None:
    scene.fleet, loop, ours = seen, scene.loop(limits), os.getpid()
    with lock.held(leases.changes("blue"), "up"):
        # As another process that looks on.
        monkeypatch.setattr(os, "getpid", lambda: ours + 1)
        scene.turn(loop)
        monkeypatch.setattr(os, "getpid", lambda: ours)
    assert scene.looks[0].decision.why == f"`lab up` is at work; after it: {why}"
    assert scene.asked == []
    scene.turn(loop)
    assert scene.asked == [("shrink", W2)]


@pytest.mark.parametrize(
    ("seen", "was"),
    [(Fleet(serving=(W1,), draining=(W2,)), "draining"), (Fleet(serving=(W1,), dead=(W2,)), "dead")],
)
def test_who_removes_a_worker_is_told_what_it_was_when_that_was_decided_and_how_many_have_to_serve(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, seen: Fleet, was: str
) -> None:
    told: list[object] = []
    monkeypatch.setattr(fleet, "shrink", lambda *_, **words: told.append(words))
    scene.fleet, loop = seen, scene.loop(replace(LIMITS, most=1))
    scene.turn(loop)
    scene.finish(loop)
    assert told == [{"was": was, "least": 1}]


@pytest.mark.parametrize("victim", Victim)
@pytest.mark.parametrize("sticky", [True, False])
def test_whose_users_there_are_is_asked_only_where_it_decides_who_goes(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, victim: Victim, sticky: bool
) -> None:
    asked: list[bool] = []
    monkeypatch.setattr(gauge, "read", lambda *_, whose: asked.append(whose))
    scene.lab = replace(scene.lab, deployed=replace(scene.lab.deployed, sticky=sticky))
    scene.turn(scene.loop(replace(LIMITS, victim=victim)))
    assert asked == [sticky and victim is Victim.FEWEST]


@pytest.mark.parametrize("other", [leases.refreshing("vagrant"), leases.deploying("docker")])
def test_who_died_is_replaced_beside_a_refresh_of_the_other_substrate_and_beside_a_deploy(
    scene: Scene, other: str
) -> None:
    scene.fleet = Fleet(serving=(W1,), dead=(W2,))
    with leased("blue", leases.REFRESH, other):
        scene.turn(scene.loop())
    assert kinds(scene.looks) == [Replace]


def test_it_runs_until_it_is_told_and_a_second_one_is_refused(scene: Scene) -> None:
    asked = Asked("blue", "docker", LIMITS, ScaleIn.DELETE, 0.0)
    autoscale.run(asked, scene.looks.append, scene.told.append, until=lambda: len(scene.looks) == 3)
    changes = scene.events(Kind.CHANGE)
    assert [change["why"].partition(":")[0] for change in changes] == ["began", "ended"]
    with leased("blue", "autoscale", "autoscale vagrant"), pytest.raises(UsageError, match="`lab autoscale vagrant`"):
        autoscale.run(asked, scene.looks.append, scene.told.append)


def test_a_lab_that_is_gone_ends_it(scene: Scene) -> None:
    asked = Asked("blue", "docker", LIMITS, ScaleIn.DELETE, 0.0)

    def watch(look: Look) -> None:
        scene.looks.append(look)
        deployment.forget("blue", "docker", volumes=True)

    with pytest.raises(UsageError, match="lab blue is not up on docker"):
        autoscale.run(asked, watch, scene.told.append)
    assert len(scene.looks) == 1


def test_a_worker_that_sleeps_though_it_was_to_be_woken_is_the_pools_again(scene: Scene) -> None:
    deployment.restaff(scene.lab, [1, 2], [5])
    scene.fleet = Fleet(serving=(W1,), frozen=(W2,), asleep=(NodeName(Role.WORKER, 5),))
    autoscale._disown_sleepers(scene.lab, scene.told.append)
    found = deployment.load("blue", "docker").deployed
    assert (found.workers, found.pool) == ((1,), (2, 5))
    scene.silent = True
    autoscale._disown_sleepers(scene.lab, scene.told.append)
    assert deployment.load("blue", "docker").deployed == found


def test_a_worker_that_could_not_be_woken_is_the_pools_again(scene: Scene) -> None:
    loop, scene.failure = scene.loop(), LabError("it does not wake", where="lab blue", mend="wait")
    scene.fleet = Fleet(serving=(W1,), dead=(W3,), asleep=(W2,))
    scene.turn(loop)
    # As it is written down before it is woken.
    deployment.restaff(scene.lab, [1, 2], [])
    scene.fleet = Fleet(serving=(W1,), dead=(W3,), frozen=(W2,))
    scene.finish(loop)
    found = deployment.load("blue", "docker").deployed
    assert (found.workers, found.pool) == ((1,), (2,))


def test_what_a_cut_off_refresh_wanted_holds_until_the_load_says_otherwise(scene: Scene) -> None:
    unfinished.begin("blue", "docker", 2)
    loop = scene.loop()
    scene.turn(loop, 2)
    assert unfinished.wanted("blue", "docker") == 2
    scene.sessions = 50
    scene.turn(loop, 3)
    assert kinds(scene.looks)[-1] in (Grow, Hold)
    assert scene.asked == [("grow", 2)]
    assert unfinished.wanted("blue", "docker") is None


def test_one_of_the_pool_that_was_left_awake_is_put_to_sleep_first_of_all(scene: Scene) -> None:
    scene.lab, loop = deployment.restaff(scene.lab, [1], [5, 6, 7]), scene.loop()
    w5, w6, w7 = (NodeName(Role.WORKER, number) for number in (5, 6, 7))
    scene.fleet = Fleet(serving=(W1,), asleep=(w5,), sleepy=(w6,), lost=(w7,))
    scene.turn(loop, 2)
    assert scene.looks[0].decision == Refill(1, "worker-6 does not sleep yet", 2)
    assert kinds(scene.looks) == [Refill, Hold]
    assert scene.asked == [("fill_pool", 2)]


def test_one_of_the_pool_that_is_outdated_sleeps_and_goes(scene: Scene) -> None:
    scene.lab = deployment.restaff(scene.lab, [1], [5, 6])
    w5, w6 = (NodeName(Role.WORKER, number) for number in (5, 6))
    scene.fleet = Fleet(serving=(W1,), asleep=(w5,), outdated=(w6,))
    scene.turn(scene.loop())
    why = "worker-6 in the warm pool was made otherwise than is wanted by now"
    assert scene.looks[0].decision == Refill(1, why, 1)
    assert scene.asked == [("fill_pool", 1)]


@pytest.mark.parametrize("pool", [None, 0])
def test_for_those_of_the_pool_that_are_gone_none_is_made_unless_somebody_says_so(
    scene: Scene, pool: int | None
) -> None:
    scene.lab = deployment.restaff(scene.lab, [1], [2, 3])
    scene.fleet = Fleet(serving=(W1,), lost=(W2, W3))
    scene.turn(scene.loop(replace(LIMITS, pool=pool)))
    assert scene.asked == [("fill_pool", 0)]
    assert scene.looks[0].decision == Refill(1, "worker-2, worker-3 was in the warm pool, and is gone", 0)


def test_a_bug_in_a_change_ends_it(scene: Scene) -> None:
    loop, scene.failure = scene.loop(), ZeroDivisionError("a bug")
    scene.fleet = Fleet(serving=(W1,), dead=(W2,))
    scene.turn(loop)
    scene.finish(loop)
    with pytest.raises(ZeroDivisionError):
        scene.turn(loop)
