"""A refresh from its first step to its last, on a lab that stands on paper: what it does when a version is no good."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lab.flows import deployment, fleet, leases, refresh, unfinished
from lab.flows.deployment import Deployment
from lab.flows.readiness import UnreadyError
from lab.host import lock
from lab.model.deadline import Deadline
from lab.model.errors import LabError, UnknownError, UsageError
from lab.model.node import Mode, NodeName
from lab.scaling.places import Fleet
from lab.scaling.rolling import Leave, Step
from lab.substrates.base import Report
from tests.unit.flows.paper import NEW, OLD, W1, W2, W3, Paper, have, laid_out, refreshed, told


@pytest.fixture
def paper(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Paper:
    return laid_out(tmp_path, monkeypatch)


def test_each_worker_is_replaced_after_its_successor_was_checked_and_serves(paper: Paper) -> None:
    done = refreshed(paper)
    assert paper.log == [
        *("launch worker-3", "check worker-3", "admit worker-3", "leave worker-1"),
        *("launch worker-1", "check worker-1", "admit worker-1", "leave worker-2"),
    ]
    assert (done.version, done.replaced, done.why) == (NEW, (W1, W2), None)
    assert set(paper.workers.values()) == {NEW.commit}
    assert paper.fewest == 2
    assert done.traffic.new.requests > 0
    assert done.traffic.new.errors + done.traffic.old.errors == 0
    assert told(paper) == ["refresh began", *["refresh step"] * 6, "refresh ended"]
    assert unfinished.wanted("blue", "docker") is None
    assert refreshed(paper).replaced == (), "a second one has nothing to do"


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ("never ready", "worker-3 did not become ready (a new worker has 10 s to become ready)"),
        ("answers 500", "worker-3, before it got traffic: POST /entries said 500: oh"),
    ],
)
def test_a_version_that_is_no_good_stops_at_the_first_worker_and_no_user_sees_it(
    paper: Paper, wrong: str, why: str
) -> None:
    paper.wrong = wrong
    done = refreshed(paper)
    assert done.why == why
    assert (done.version.tree, done.replaced) == (OLD.tree, ())
    assert paper.workers == {W1: OLD.commit, W2: OLD.commit}, "who ran the content of the version before stays"
    assert [step for step in paper.log if not step.startswith("check")] == [
        *("launch worker-3", "back to First", "leave worker-3")
    ]
    assert paper.fewest == 2
    assert told(paper)[-1] == "refresh ended"
    assert "refresh rolled back" in told(paper)


def test_what_only_traffic_shows_is_rolled_back_too_and_its_errors_are_told(paper: Paper) -> None:
    paper.wrong = "some requests"
    done = refreshed(paper)
    assert done.why is not None
    assert done.why.startswith("new workers failed ")
    assert done.traffic.new.errors >= 2
    assert done.traffic.old.errors == 0
    assert paper.workers == {W1: OLD.commit, W2: OLD.commit}
    assert paper.fewest == 2


def test_workers_that_were_replaced_already_are_replaced_again_by_the_version_before(
    paper: Paper, monkeypatch: pytest.MonkeyPatch
) -> None:
    admit = paper.admit

    def then_wrong(lab: Deployment, names: Sequence[NodeName], report: Report, by: Deadline) -> Deployment:
        paper.wrong = "answers 500"
        return admit(lab, names, report, by)

    monkeypatch.setattr(fleet, "admit", then_wrong)
    done = refreshed(paper)
    assert done.why == "worker-1, before it got traffic: POST /entries said 500: oh"
    assert set(paper.workers.values()) == {OLD.commit, "c" * 40}
    assert len(paper.workers) == 2
    assert paper.fewest == 2


def test_an_interrupted_refresh_says_how_many_workers_are_wanted_and_the_next_one_goes_on(paper: Paper) -> None:
    paper.wrong = "cut off"
    with pytest.raises(KeyboardInterrupt):
        refreshed(paper)
    assert len(paper.workers) == 3
    assert unfinished.wanted("blue", "docker") == 2
    assert unfinished.unchecked_of("blue", "docker") == {W3}
    paper.wrong = ""
    refreshed(paper)
    assert set(paper.workers.values()) == {NEW.commit}
    assert len(paper.workers) == 2
    assert unfinished.wanted("blue", "docker") is None
    assert "check worker-3" in paper.log


def test_whom_a_cut_off_refresh_left_unchecked_does_not_make_the_lab_one_that_is_not_whole(paper: Paper) -> None:
    paper.wrong = "cut off"
    with pytest.raises(KeyboardInterrupt):
        refreshed(paper)
    # An autoscaler that decided meanwhile how many there are to be.
    unfinished.count_anew("blue", "docker")
    paper.wrong = ""
    refreshed(paper)
    assert len(paper.workers) == 2
    assert not deployment.refresh_note("blue", "docker").exists()


@pytest.mark.parametrize(("wrong", "error"), [("no engine", UnknownError), ("full disk", LabError)])
def test_an_engine_that_cannot_make_a_worker_is_not_held_against_the_version(
    paper: Paper, wrong: str, error: type[LabError]
) -> None:
    paper.wrong = wrong
    with pytest.raises(LabError) as raised:
        refreshed(paper)
    assert type(raised.value) is error
    assert paper.history == [NEW, OLD]
    assert unfinished.wanted("blue", "docker") == 2, "the next refresh goes on"


def test_a_version_before_that_is_no_good_either_is_an_error_that_tells_both(
    paper: Paper, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: object, **__: object) -> None:
        paper.serving.discard(W1)
        paper.workers.pop(W1, None)
        raise UnreadyError("it did not become ready", where="here", mend="read its log")

    monkeypatch.setattr(fleet, "launch", never)
    with pytest.raises(LabError) as raised:
        refreshed(paper)
    assert str(raised.value) == (
        "it did not become ready\n"
        "and the version before is no good either, so nothing more was changed: it did not become ready\n"
        "  where: lab blue on docker\n"
        "  mend:  `lab deploy docker --name blue` a version that works, then `lab refresh docker --name blue`"
    )


def test_a_lab_whose_workers_keep_data_is_refused(paper: Paper) -> None:
    with pytest.raises(UsageError) as raised:
        refreshed(paper, Mode.STATEFUL)
    assert str(raised.value) == (
        "each worker of this lab keeps what its users gave it, and would take that with it\n"
        "  where: lab blue on docker\n"
        "  mend:  `lab replace docker/worker-N --name blue` replaces one all the same, and loses that"
    )


def test_a_lab_that_is_not_whole_is_refused(paper: Paper) -> None:
    paper.serving = {W1}
    with pytest.raises(UsageError) as raised:
        refreshed(paper)
    assert str(raised.value) == (
        "the load balancer does not serve worker-2\n"
        "  where: lab blue on docker\n"
        "  mend:  first bring the lab back to what it should be: `lab up docker --name blue`"
    )
    assert paper.log == []


def test_a_second_refresh_at_the_same_time_is_refused_and_the_autoscaler_can_see_the_first(paper: Paper) -> None:
    assert not leases.is_refreshing("blue", "docker")
    file = leases.lease("blue", "refresh")
    with lock.held(file, "refresh docker"):
        assert leases.is_refreshing("blue", "docker")
        assert not leases.is_refreshing("blue", "vagrant")
        with pytest.raises(UsageError, match=r"`lab refresh docker` \(pid "):
            refreshed(paper)
    assert paper.log == []
    just_taken = lock._taken(file)
    assert just_taken is not None
    with just_taken:
        assert leases.is_refreshing("blue", "docker"), "who has not said yet who it is may be one"
    assert not leases.is_refreshing("blue", "docker")


def test_beside_a_run_of_the_proof_it_is_refused_and_a_run_can_see_it(
    paper: Paper, monkeypatch: pytest.MonkeyPatch
) -> None:
    with lock.held(leases.lease("blue", "prove"), "prove run docker"):
        for verb in (refreshed, lambda _: refresh.forecast(paper.lab(), Deadline.after(60, "a look"))):
            with pytest.raises(UsageError, match=r"`lab prove run docker` \(pid "):
                verb(paper)
    assert paper.log == []
    seen: list[str] = []

    def launch(*words: Any, **more: Any) -> tuple[Deployment, tuple[NodeName, ...]]:
        if holder := lock.holder(leases.lease("blue", "refresh")):
            seen.append(holder.verb)
        return paper.launch(*words, **more)

    monkeypatch.setattr(fleet, "launch", launch)
    with lock.held(leases.lease("blue", "prove"), "prove run vagrant"):
        refreshed(paper)
    assert seen == ["refresh docker"] * 2


def test_the_forecast_tells_who_would_go(paper: Paper) -> None:
    paper.workers[W2] = NEW.commit
    by = Deadline.after(60, "a look")
    assert refresh.forecast(paper.lab(), by) == [
        "would launch a worker of bbbbbbbbbb, check it, then drain and remove worker-1, which runs aaaaaaaaaa"
    ]
    paper.workers[W1] = NEW.commit
    assert refresh.forecast(paper.lab(), by) == [
        "nothing to do: all 2 workers run the newest version, bbbbbbbbbb",
    ]
    assert paper.log == []


def test_one_new_worker_that_dies_is_counted_once_however_long_it_is_there(
    paper: Paper, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = paper.seen

    def dying(lab: Deployment, by: Deadline) -> Fleet:
        """Worker 3 dies when it got traffic, while somebody drains worker 1, which therefore leaves before it."""
        found = seen(lab, by)
        if "admit worker-3" not in paper.log or "leave worker-3" in paper.log:
            return found
        paper.serving -= {W1, W3}
        draining = tuple({W1} & paper.workers.keys())
        return Fleet(tuple(sorted(paper.serving)), draining=draining, dead=(W3,))

    monkeypatch.setattr(fleet, "seen", dying)
    assert refreshed(paper).why is None
    assert paper.log[3:5] == ["leave worker-1", "leave worker-3"]
    assert set(paper.workers.values()) == {NEW.commit}


@pytest.mark.parametrize("is_early", [True, False])
def test_a_successor_that_somebody_else_made_for_one_that_died_meanwhile_stays(
    paper: Paper, monkeypatch: pytest.MonkeyPatch, is_early: bool
) -> None:
    """Somebody types `lab replace` for an old worker, and holds the lab's lock until its successor serves."""
    seen, dead = paper.seen, {W1}

    def replaced(_name: NodeName) -> None:
        if dead:
            dead.clear()
            have(paper, W1, NEW.commit)

    def killed(lab: Deployment, by: Deadline) -> Fleet:
        if not dead or "launch worker-3" not in paper.log:
            return seen(lab, by)
        paper.serving.discard(W1)
        found = seen(lab, by)
        return replace(found, warming=tuple({*found.warming} - dead), dead=tuple(dead))

    monkeypatch.setattr(fleet, "seen", killed)
    take = refresh._Run._take

    def early(run: refresh._Run, step: Step) -> None:
        """As soon as it was decided that the dead one goes."""
        if step == Leave(W1):
            replaced(W1)
        take(run, step)

    if is_early:
        monkeypatch.setattr(refresh._Run, "_take", early)
    else:
        paper.at_lock = replaced
    done = refreshed(paper)
    assert paper.log == [
        *("launch worker-3", "spare worker-1", "check worker-3", "admit worker-3", "leave worker-2"),
    ]
    assert (done.why, done.replaced) == (None, (W2,))
    assert paper.workers == {W1: NEW.commit, W3: NEW.commit}
    assert paper.serving == {W1, W3}


def test_an_old_worker_stays_where_another_one_died_while_it_was_to_go(paper: Paper) -> None:
    def die(name: NodeName) -> None:
        if name == W1 and "spare worker-1" not in paper.log:
            paper.serving.discard(W2)

    paper.at_lock = die
    assert refreshed(paper).why is None
    assert [step for step in paper.log if not step.startswith(("check", "admit"))] == [
        *("launch worker-3", "spare worker-1", "leave worker-2", "launch worker-2", "leave worker-1"),
    ]
    assert paper.fewest == 2
    assert paper.serving == {W2, W3}


def test_workers_that_die_after_they_got_traffic_are_held_against_the_version_from_the_second_on(
    paper: Paper, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = paper.seen

    def dying(lab: Deployment, by: Deadline) -> Fleet:
        bad = {name for name in paper.serving if paper.is_bad(name)}
        paper.serving -= bad
        found = seen(lab, by)
        return replace(found, warming=tuple(set(found.warming) - bad), dead=tuple(bad))

    monkeypatch.setattr(fleet, "seen", dying)
    done = refreshed(paper)
    assert done.why is not None
    assert done.why.endswith("died, and it was not the first new worker to do so")
    assert paper.workers == {W1: OLD.commit, W2: OLD.commit}


@pytest.mark.parametrize("step", ["launch", "check", "admit"])
def test_a_new_worker_that_somebody_removes_before_it_serves_is_made_up_for(paper: Paper, step: str) -> None:
    paper.killed = {f"{step} worker-3"}
    assert refreshed(paper).why is None
    made = paper.log.index(f"{step} worker-3")
    assert paper.log[made + 1 : made + 3] == ["leave worker-3", "launch worker-3"]
    assert paper.history == [NEW, OLD]
    assert set(paper.workers.values()) == {NEW.commit}
    assert paper.fewest == 2


@pytest.mark.parametrize("first", ["launch", "check", "admit"])
@pytest.mark.parametrize("second", ["launch", "check", "admit"])
def test_a_second_one_that_is_removed_is_held_against_the_version(paper: Paper, first: str, second: str) -> None:
    paper.killed = {f"{first} worker-3", f"{second} worker-1"}
    assert refreshed(paper).why == "worker-1 died, and it was not the first new worker to do so"
    assert {paper.workers[W2], *paper.workers.values()} <= {OLD.commit, "c" * 40}


@pytest.mark.parametrize("wrong", ["never ready", "answers 500"])
def test_a_store_that_is_away_is_not_held_against_the_version(paper: Paper, wrong: str) -> None:
    paper.wrong, paper.store = wrong, "no answer from its source service"
    with pytest.raises(LabError) as raised:
        refreshed(paper)
    assert raised.value.message.startswith(
        "store-1 is not ready, which is not held against the version: no answer from its source service\nworker-3"
    )
    assert (raised.value.where, raised.value.mend) == (
        "lab blue on docker",
        "`lab up docker --name blue` brings the lab back to what it should be; then `lab refresh docker --name blue`",
    )
    assert paper.history == [NEW, OLD]
    assert (paper.workers[W1], paper.workers[W2]) == (OLD.commit, OLD.commit)
    paper.wrong, paper.store = "", None
    assert refreshed(paper).why is None, "the next one goes on"
    assert set(paper.workers.values()) == {NEW.commit}
