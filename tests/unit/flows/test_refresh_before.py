"""What a refresh makes of a lab where not all is as `deploy` left it: some workers run the new version already, and not
all tell what they run."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lab.flows import deploy, fleet, refresh, unfinished
from lab.flows.deployment import Deployment
from lab.loadbalancer.config import Server
from lab.model.deadline import Deadline
from lab.model.errors import LabError
from lab.model.node import NodeName, Role
from lab.scaling.places import Fleet
from lab.scaling.rolling import Served
from lab.store.source import Version
from tests.unit.flows.paper import NEW, OLD, W1, W2, W3, Paper, have, laid_out, refreshed

W4 = NodeName(Role.WORKER, 4)
NEWER = Version("d" * 40, "t3", 3, "Third")


@pytest.fixture
def paper(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Paper:
    return laid_out(tmp_path, monkeypatch)


def before_first(paper: Paper, step: str) -> list[str]:
    """What was reported before such a step began."""
    return paper.said[: next(n for n, line in enumerate(paper.said) if line.startswith(step))]


def without_traffic(paper: Paper, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refresh, "_WATCH_S", 0.05)
    monkeypatch.setattr(paper, "servers", lambda _by: [Server(str(name), "UP", 0, 0, 0, 0) for name in paper.serving])


def test_a_worker_that_ran_the_new_version_already_does_not_excuse_it(paper: Paper) -> None:
    paper.workers[W1] = NEW.commit
    paper.wrong = "some requests"
    done = refreshed(paper)
    assert done.why is not None
    assert done.why.startswith("new workers failed ")
    assert done.version.tree == OLD.tree
    assert "watching worker-1, where the new version runs already" in paper.said
    assert paper.log[:2] == ["back to First", "launch worker-3"], "it was seen before anything was changed"
    assert paper.workers == {W2: OLD.commit, W3: "c" * 40}, "who ran it already gives way as well"
    assert done.replaced == (W1,)
    assert done.traffic.new.errors >= 2
    assert paper.fewest == 2


def test_a_version_that_a_killed_refresh_gave_traffic_to_is_watched_before_an_old_worker_leaves(
    paper: Paper, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as cut:
        cut.setattr(refresh._Run, "_watch", killed)
        with pytest.raises(KeyboardInterrupt):
            refreshed(paper)
    assert paper.serving == {W1, W2, W3}
    paper.log.clear()
    paper.wrong = "some requests"
    done = refreshed(paper)
    assert done.why is not None
    assert paper.log == ["back to First", "leave worker-3"]
    assert paper.workers == {W1: OLD.commit, W2: OLD.commit}


def killed(*_: object) -> None:
    raise KeyboardInterrupt


def test_a_worker_that_comes_meanwhile_is_one_of_the_new_ones_too(
    paper: Paper, monkeypatch: pytest.MonkeyPatch
) -> None:
    def admit(*words: Any) -> Deployment:
        """Somebody types `lab up --workers 3` at this moment."""
        if W4 not in paper.workers:
            have(paper, W4, NEW.commit)
            unfinished.begin("blue", "docker", 3)
        return paper.admit(*words)

    monkeypatch.setattr(fleet, "admit", admit)
    assert refreshed(paper).why is None
    assert "watching worker-4, where the new version runs already" in before_first(paper, "drain and remove")
    assert set(paper.workers.values()) == {NEW.commit}
    assert len(paper.workers) == 3


def test_what_was_counted_before_the_watch_does_not_end_it(paper: Paper, monkeypatch: pytest.MonkeyPatch) -> None:
    paper.workers[W1] = NEW.commit
    paper.counted["worker-1"] = Served(1000, 900)
    came: list[int] = []

    def launch(*words: Any, **more: Any) -> tuple[Deployment, tuple[NodeName, ...]]:
        came.append(paper.counted["worker-1"].requests - 1000)
        return paper.launch(*words, **more)

    monkeypatch.setattr(fleet, "launch", launch)
    assert refreshed(paper).why is None
    assert came[0] >= 50


def test_where_no_request_comes_to_those_that_run_it_already_that_is_said(
    paper: Paper, monkeypatch: pytest.MonkeyPatch
) -> None:
    paper.workers[W1] = NEW.commit
    without_traffic(paper, monkeypatch)
    assert refreshed(paper).why is None
    said = "no request came to worker-1 in 0.05 s: what only traffic shows, this did not see"
    assert said in before_first(paper, "launch")


def test_where_all_run_the_new_version_there_is_nothing_to_go_back_to_and_nothing_is_watched(paper: Paper) -> None:
    paper.workers = dict.fromkeys((W1, W2), NEW.commit)
    paper.wrong = "some requests"
    done = refreshed(paper)
    assert (done.why, paper.log, paper.said) == (None, [], [])


def test_new_workers_that_somebody_scales_away_did_not_die(paper: Paper, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (W3, W4):
        have(paper, name, NEW.commit)
    seen = paper.seen

    def scaled(lab: Deployment, by: Deadline) -> Fleet:
        found = seen(lab, by)
        if "launch worker-5" not in paper.log:
            return found
        going = {name for name in (W3, W4) if f"leave {name}" not in paper.log}
        return replace(found, serving=tuple(sorted(set(found.serving) - going)), draining=tuple(sorted(going)))

    monkeypatch.setattr(fleet, "seen", scaled)
    assert refreshed(paper).why is None
    assert {"leave worker-3", "leave worker-4"} < set(paper.log)
    assert set(paper.workers.values()) == {NEW.commit}


def test_a_new_worker_with_the_number_of_one_that_is_gone_is_checked(
    paper: Paper, monkeypatch: pytest.MonkeyPatch
) -> None:
    have(paper, W3, NEW.commit)

    def launch(*words: Any, **more: Any) -> tuple[Deployment, tuple[NodeName, ...]]:
        if not paper.log:
            del paper.workers[W3]
            paper.serving.discard(W3)
        return paper.launch(*words, **more)

    monkeypatch.setattr(fleet, "launch", launch)
    refreshed(paper)
    assert paper.log[:2] == ["launch worker-3", "check worker-3"]


@pytest.mark.parametrize(
    ("is_checked", "serves"),
    [(False, False), (True, False), (False, True)],
    ids=["unchecked", "without traffic", "unchecked, and got traffic by hand"],
)
def test_a_version_that_never_served_anybody_is_not_gone_back_to(paper: Paper, is_checked: bool, serves: bool) -> None:
    paper.workers[W3] = NEW.commit
    paper.serving |= {W3} if serves else set()
    unfinished.begin("blue", "docker", 2)
    if not is_checked:
        unfinished.launched("blue", "docker", [W3])
    paper.history, paper.bad, paper.wrong = [NEWER, NEW, OLD], NEWER.commit, "never ready"
    done = refreshed(paper)
    assert done.why is not None
    assert done.version.tree == OLD.tree
    assert len(paper.workers) == 2
    assert NEW.commit not in paper.workers.values()


Running = Callable[[object, object], dict[NodeName, str | None]]


def silent_while(paper: Paper, is_silent: Callable[[], bool]) -> Running:
    """What old workers say that are too busy to say what they run."""

    def running(*_: object) -> dict[NodeName, str | None]:
        silence = is_silent()
        return {name: None if silence and ran == OLD.commit else ran for name, ran in paper.workers.items()}

    return running


def test_workers_that_miss_the_first_questions_are_asked_again(paper: Paper, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = iter(range(100))
    monkeypatch.setattr(deploy, "running", silent_while(paper, lambda: next(asked) < 3))
    paper.workers[W2] = NEW.commit
    paper.wrong = "some requests"
    assert refreshed(paper).version.tree == OLD.tree
    began = paper.lab().timeline().read().events[0]
    assert (began.what, began.fields["before"]) == ("refresh began", OLD.commit)


def test_workers_that_miss_all_questions_are_asked_again_when_it_goes_back(
    paper: Paper, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refresh, "_LOOK_S", 0.05)
    monkeypatch.setattr(deploy, "running", silent_while(paper, lambda: "check worker-3" not in paper.log))
    paper.wrong = "answers 500"
    done = refreshed(paper)
    assert done.why is not None
    assert done.version.tree == OLD.tree
    assert paper.workers == {W1: OLD.commit, W2: OLD.commit}


def test_where_nobody_ever_says_what_ran_before_nothing_is_gone_back_to(
    paper: Paper, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refresh, "_LOOK_S", 0.05)
    monkeypatch.setattr(deploy, "running", silent_while(paper, lambda: True))
    paper.wrong = "answers 500"
    with pytest.raises(LabError) as raised:
        refreshed(paper)
    assert str(raised.value) == (
        "no worker ran an earlier version to go back to: worker-3, before it got traffic: POST /entries said 500: oh\n"
        "  where: lab blue on docker\n"
        "  mend:  `lab deploy docker --name blue` a version that works, then `lab refresh docker --name blue`"
    )
    assert paper.history == [NEW, OLD]
