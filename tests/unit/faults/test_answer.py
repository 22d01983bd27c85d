"""An answer counts as cut off after its COMMIT only where the entry was there while its request had no answer."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from lab.faults import answer
from lab.faults.answer import AnswerCut
from lab.ledger.writes import What
from lab.loadbalancer.config import Server
from lab.loadbalancer.runtime import LoadBalancer
from lab.model.deadline import Deadline
from lab.model.errors import LabError
from lab.model.node import Mode, NodeName, State
from lab.traffic.notes import Waiting
from tests.unit.faults.ground import Told, planned, told

ENTRY, FILE = Waiting(What.ENTRY, "r1-0-1", 3.0), Waiting(What.FILE, "r1-0-2", 3.0)
STORE_AT, BALANCER_AT = "10.77.0.20", "10.77.0.10"


def by() -> Deadline:
    return Deadline.after(30, "one test")


def fault(
    waits: Callable[[Told], dict[Waiting, float]], there: str = ENTRY.key, after: Callable[[], object] = lambda: None
) -> AnswerCut:
    """The fault on a lab whose visitors have waited for so many seconds, and whose database has these keys; `after` is
    what happens while that is asked."""

    class Asked(Told):
        def ask(self, question: str, by: Deadline) -> str:
            after()
            self.said.append(question)
            return "\n".join(key for key in there.split() if f"'{key}'" in question)

    plain = told()
    states = {NodeName.parse("worker-1"): State.RUNNING}
    on = Asked(plain.lab, plain.plan, plain.substrate, plain.balancer, plain.revive, states)
    seen = replace(on, unanswered=lambda for_s: {one for one, age_s in waits(on).items() if age_s >= for_s})
    return AnswerCut(seen, NodeName.parse("worker-1"))


def test_an_entry_that_is_there_while_its_request_has_no_answer_is_the_evidence() -> None:
    assert fault(lambda _: {ENTRY: 1.5, FILE: 1.5}).verify({}, by()) == (
        "in the database, while its request has no answer: r1-0-1 (sent at 3.000 s)"
    )


@pytest.mark.parametrize(
    ("waits", "there"),
    [({}, ENTRY.key), ({FILE: 1.5}, FILE.key), ({ENTRY: 0.4}, ENTRY.key), ({ENTRY: 1.5}, "r1-0-9")],
    ids=["nobody waits", "no entry", "sent just now", "not in the database"],
)
def test_without_such_an_entry_it_did_not_happen(waits: dict[Waiting, float], there: str) -> None:
    with pytest.raises(LabError, match="answer-cut of worker-1 did not happen: no entry was in the database"):
        fault(lambda _: waits, there).verify({}, by())


def test_an_entry_that_is_answered_while_the_database_is_asked_is_none() -> None:
    waits = {ENTRY: 1.5}
    with pytest.raises(LabError, match="did not happen"):
        fault(lambda _: waits, after=waits.clear).verify({}, by())


def test_one_that_was_sent_anew_meanwhile_is_none() -> None:
    waits = {ENTRY: 1.5}

    def repeat() -> None:
        waits.clear()
        waits[ENTRY._replace(sent_s=9.0)] = 1.5

    with pytest.raises(LabError, match="did not happen"):
        fault(lambda _: waits, after=repeat).verify({}, by())


def test_requests_wait_in_the_worker_before_it_falls_silent_and_are_written_after_that() -> None:
    made = fault(lambda _: {ENTRY: 1.5})
    made.inject(by())
    script, question = made.ground.said  # type: ignore[attr-defined]
    steps = [line.split()[1:4] for line in script.removeprefix("worker-1: ").splitlines()]
    cut, joined = ["neigh", "replace"], ["neigh", "del"]
    assert steps == [[*cut, STORE_AT], ["0.7"], [*cut, BALANCER_AT], [*joined, STORE_AT], ["0.8"]]
    assert question == "SELECT key FROM entries WHERE key IN ('', 'r1-0-1')"


def test_what_was_caught_counts_also_where_the_connection_ends_before_anybody_asks_again() -> None:
    waits = {ENTRY: 1.5}
    made = fault(lambda _: waits)
    made.inject(by())
    waits.clear()
    assert made.verify({}, by()) == SEEN


def scripts(made: AnswerCut) -> list[str]:
    """What the worker was told, in a word each."""
    said = made.ground.said  # type: ignore[attr-defined]
    return ["mute" if "sleep" in script else "heal" for script in said if script.startswith("worker-1: ")]


def test_a_try_that_caught_no_entry_is_healed_and_followed_by_another(monkeypatch: pytest.MonkeyPatch) -> None:
    states = ["DOWN", "UP"]
    monkeypatch.setattr(LoadBalancer, "servers", lambda *_: [Server("worker-1", states.pop(0), 0, 0)])
    made = fault(lambda on: {ENTRY: 1.5} if len(on.said) > 2 else {FILE: 1.5})
    made.inject(by())
    assert scripts(made) == ["mute", "heal", "mute"]
    assert states == [], "it waits until the worker gets requests again"


def test_tries_come_to_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answer, "_TRIES_S", 0.0)
    made = fault(lambda _: {})
    made.inject(by())
    assert scripts(made) == ["mute"]


SEEN = "in the database, while its request has no answer: r1-0-1 (sent at 3.000 s)"


def confirmed(made: AnswerCut, *in_doubt: Waiting) -> str:
    """What is seen in the end of a fault of which these attempts ended without a yes or a no."""
    return AnswerCut(replace(made.ground, in_doubt=lambda: {*in_doubt}), made.target).confirm(SEEN, by())


def test_it_has_happened_when_the_connections_have_ended_while_the_worker_was_still_silent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    left = [{ENTRY: 4.5}, {ENTRY: 4.6}, {Waiting(What.ENTRY, "r1-0-3", 7.0): 2.0}]
    assert confirmed(fault(lambda _: left.pop(0)), ENTRY, FILE) == (
        "in the database, and their requests ended without an answer: r1-0-1"
    )
    assert left == []
    monkeypatch.setattr(answer, "_CUT_S", 0.1)
    with pytest.raises(LabError, match="the end of connections to worker-1 did not come about"):
        confirmed(fault(lambda _: {ENTRY: 4.5}))


@pytest.mark.parametrize(
    "in_doubt",
    [[], [FILE], [ENTRY._replace(key="r1-0-9")], [ENTRY._replace(sent_s=1.0)], [ENTRY._replace(sent_s=9.0)]],
    ids=["nothing", "a file", "another entry", "an attempt before it", "its repeat"],
)
def test_entries_that_were_only_answered_late_are_none_whose_answer_was_cut(in_doubt: list[Waiting]) -> None:
    with pytest.raises(LabError, match=r"answer-cut of worker-1 did not happen: .* each was answered in the end"):
        confirmed(fault(lambda _: {}), *in_doubt)


def test_healing_undoes_both_cuts() -> None:
    made = fault(lambda _: {})
    made.heal(by())
    (script,) = made.ground.said  # type: ignore[attr-defined]
    assert [line.split()[:4] for line in script.removeprefix("worker-1: ").splitlines()] == [
        ["ip", "neigh", "del", address] for address in (STORE_AT, BALANCER_AT)
    ]


def test_a_worker_with_a_database_of_its_own_cannot_be_cut_from_it() -> None:
    stateful = replace(told(), plan=replace(planned(), mode=Mode.STATEFUL))
    why = AnswerCut(stateful, NodeName.parse("worker-1")).impossible(by())
    assert why == "not in stateful mode: nothing can come between a worker and a database of its own"
