"""What checks look through, as far as it needs no engine."""

from pathlib import Path

import pytest

from lab.exercise import evidence, scene
from lab.exercise.scene import Given, Look, Refused, Scene
from lab.exercise.telling import Kind, Told
from lab.flows import deployment, leases
from lab.flows.leases import leased
from lab.host import paths
from lab.ledger.audit import Account
from lab.ledger.sorts import Sort
from lab.ledger.writes import What
from lab.model.errors import UnknownError, UsageError
from lab.model.node import STORE
from lab.store.source import Version
from lab.timeline import events
from lab.timeline.events import Event
from tests.unit.ledger import histories

GIVEN = Given("one", "7", "ex", ("docker",), 100.0, "/w", 20.0, {"docker": {"commit": "abc", "workers": ["worker-1"]}})


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    return tmp_path


def write_run(name: str, lab: str = "ex", **about: object) -> None:
    header = histories.header(run=histories.RUN, lab=lab, **{"substrate": "docker", "began_at": 200.0, **about})
    told = [header.record(), *histories.told(histories.ONE_OF_EACH)[1:]]
    journal = paths.lab(lab) / "runs" / f"{name}.jsonl"
    journal.parent.mkdir(parents=True, exist_ok=True)
    journal.write_bytes(b"".join(histories.lines(told)))


def test_a_text_is_filled_with_what_is_known_and_other_braces_stay() -> None:
    assert scene.fill("{lab} {word} {unknown} {", {"lab": "ex", "word": 5}) == "ex 5 {unknown} {"


def test_words_are_the_learners_own() -> None:
    words = scene.words(GIVEN)
    assert (words["lab"], words["substrate"], words["workspace"]) == ("ex", "docker", "/w")
    assert Scene(GIVEN, "docker").word == words["word"]


def test_runs_count_that_began_on_this_lab_and_substrate_after_the_learner_did() -> None:
    run = histories.RUN
    write_run(run)
    assert [found.name for found in evidence.runs_since("ex", "docker", 100.0)] == [run]
    assert evidence.runs_since("ex", "vagrant", 100.0) == []
    for about in ({"began_at": 99.0}, {"substrate": "vagrant"}, {"lab": "other"}):
        journal = paths.lab("ex") / "runs" / f"{run}.jsonl"
        journal.unlink()
        write_run(run, **about)
        if "lab" in about:
            (paths.lab("other") / "runs" / f"{run}.jsonl").rename(journal)
        assert evidence.runs_since("ex", "docker", 100.0) == [], about


def test_a_run_tells_who_was_destroyed_and_what_came_of_it() -> None:
    write_run(histories.RUN)
    [run] = evidence.runs_since("ex", "docker", 100.0)
    assert run.killed == [f"worker-{number}" for number in range(len(histories.PLANNED))]
    assert run.faults == list(histories.PLANNED)
    assert (run.verdict, run.lost) == ("kept", 0)


def test_while_a_run_goes_on_nothing_can_be_told_of_runs() -> None:
    write_run(histories.RUN)
    with leased("ex", leases.PROVE), pytest.raises(UnknownError, match="a run of the proof is going on"):
        Scene(GIVEN, "docker").runs()


def test_a_run_on_another_lab_is_found_where_somebody_forgot_the_name() -> None:
    write_run(histories.RUN, lab="lab")
    (paths.lab("lab") / "lab.json").write_text("{}")
    assert deployment.names() == ["lab"]
    assert Scene(GIVEN, "docker").runs_elsewhere() == ["lab"]


def test_a_lab_that_is_not_up_is_said_to_be_so() -> None:
    with pytest.raises(UsageError, match="lab ex is not up on docker"):
        _ = Scene(GIVEN, "docker").lab
    with pytest.raises(UsageError, match="lab ex is not up on docker"):
        Scene(GIVEN, "docker").runs()
    assert Scene(GIVEN, "docker").noted == {"commit": "abc", "workers": ["worker-1"]}
    assert Scene(GIVEN, "vagrant").noted == {}


def test_a_check_says_what_it_looks_at_notes_and_refuses_in_the_learners_words() -> None:
    told: list[Told] = []
    look = Look(told.append, scene.words(GIVEN))
    look.at("lab {lab}")
    look.note(runs=0)
    look.expect(True, saw="one", expected="one", says="")
    with pytest.raises(Refused) as refused:
        look.expect(False, saw="none in {lab}", expected="one", says="Use {substrate}.")
    assert (refused.value.saw, refused.value.expected, refused.value.says) == ("none in ex", "one", "Use docker.")
    assert told == [Told(Kind.LOOKS, "lab ex"), Told(Kind.NOTED, noted={"runs": 0})]


def test_a_wait_says_for_what_and_ends_as_what_could_not_be_told() -> None:
    told: list[Told] = []
    look = Look(told.append, {})
    look.wait("it", lambda: None, 5)
    with pytest.raises(UnknownError) as late:
        look.wait("that", lambda: "still away", 0.01)
    assert late.value.where == "last seen: still away"
    assert [one.text for one in told] == ["waiting for it, for 5 s at most", "waiting for that, for 0.01 s at most"]


@pytest.mark.parametrize(
    ("told", "gone"),
    [
        ("worker-1 absent", ["worker-1"]),
        ("worker-1 ready, worker-1 absent, worker-1 creating, worker-1 absent", ["worker-1", "worker-1"]),
        ("worker-1 draining, worker-1 absent", []),
        ("worker-1 draining, worker-1 ready, worker-1 absent", ["worker-1"]),
        ("worker-1 absent, worker-1 absent", ["worker-1"]),
        ("worker-1 draining, worker-2 absent", ["worker-2"]),
        ("store-1 absent, loadbalancer-1 absent, worker-1 stopped, worker-2 failed", []),
    ],
)
def test_a_worker_is_destroyed_that_was_gone_without_being_drained(told: str, gone: list[str]) -> None:
    nodes = [
        Event(float(at), events.Kind.NODE, word.split()[0], {"state": word.split()[1]})
        for at, word in enumerate(told.split(", "))
    ]
    assert evidence.destroyed(nodes) == gone


@pytest.mark.parametrize(
    ("states", "made"),
    [("sleeping waking ready", []), ("starting ready", []), ("absent creating ready creating", [1, 3])],
)
def test_a_node_that_goes_on_with_what_it_was_is_not_one_made_anew(states: str, made: list[float]) -> None:
    class Past(Scene):
        def events(self, kind: events.Kind) -> list[Event]:
            told = [("store-1", state) for state in states.split()] + [("worker-1", "creating")]
            return [Event(float(at), kind, name, {"state": state}) for at, (name, state) in enumerate(told)]

    assert Past(GIVEN, "docker").made(STORE) == made


def test_the_newest_version_is_changed_where_its_content_is_another_than_at_the_beginning() -> None:
    history = [Version(commit, tree, 1.0, "") for commit, tree in (("c", "2"), ("b", "1"), ("a", "2"))]
    assert evidence.is_changed(history, "b")
    assert not evidence.is_changed(history, "c")
    assert not evidence.is_changed(history, "a"), "an older one that was brought back is the same"
    assert evidence.is_changed(history, "of no version")


def test_a_run_tells_of_which_kinds_writes_were_lost() -> None:
    account = Account()
    account.sorts[Sort.LOST, What.LOGIN] = account.sorts[Sort.LOST, What.ENTRY] = account.sorts[
        Sort.KEPT, What.FILE
    ] = 1
    assert evidence.Run("r", account, "lost").lost_kinds == ["entries", "logins"]


@pytest.mark.parametrize(
    ("names", "told"), [([], "nobody"), (["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c")]
)
def test_names_are_told_as_a_sentence_has_them(names: list[str], told: str) -> None:
    assert scene.listed(names) == told


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ([], None),
        (["deploy"], None),
        (["deploy", "refresh began", "refresh rolled back", "refresh ended"], "it does not start"),
        (["deploy", "refresh rolled back", "deploy"], None),
    ],
)
def test_a_refresh_that_went_back_tells_why_until_another_version_comes(changes: list[str], why: str | None) -> None:
    class Changed(Scene):
        def events(self, kind: events.Kind) -> list[Event]:
            return [Event(float(at), kind, what, {"why": "it does not start"}) for at, what in enumerate(changes)]

    assert Changed(GIVEN, "docker").went_back() == why
