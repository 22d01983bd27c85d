"""Hints follow from what was observed."""

import pytest

from lab.exercise import catalogue, hints
from lab.exercise.catalogue import Condition, Hint, Seen
from tests.conftest import REPO

LAST = Hint(says=("whatever else",))


@pytest.mark.parametrize(
    ("when", "observed", "holds"),
    [
        ({"runs": 0}, {"runs": 0}, True),
        ({"runs": 0}, {"runs": 1}, False),
        ({"runs": 0}, {}, False),
        ({"entry": False}, {"entry": False}, True),
        ({"entry": False}, {"entry": 0}, False),
        ({"entry": 1}, {"entry": True}, False),
        ({"verdict": "lost", "kills": 2}, {"verdict": "lost", "kills": 2}, True),
        ({"verdict": "lost", "kills": 2}, {"verdict": "lost", "kills": 1}, False),
        ({"kills": Condition(below=2)}, {"kills": 1}, True),
        ({"kills": Condition(below=2)}, {"kills": 2}, False),
        ({"kills": Condition(below=2)}, {}, False),
        ({"kills": Condition(below=2)}, {"kills": False}, False),
        ({"kills": Condition(above=2, below=5)}, {"kills": 5}, False),
        ({"kills": Condition(above=2, below=5)}, {"kills": 4}, True),
        ({"verdict": Condition(one_of=("lost", "stale"))}, {"verdict": "stale"}, True),
        ({"verdict": Condition(one_of=("lost", "stale"))}, {"verdict": "kept"}, False),
        ({"verdict": Condition(seen=False)}, {}, True),
        ({"verdict": Condition(seen=False)}, {"verdict": "kept"}, False),
        ({"verdict": Condition(seen=True)}, {"verdict": "kept"}, True),
    ],
)
def test_a_rule_holds_only_for_what_it_asks(
    when: dict[str, Seen | Condition], observed: dict[str, Seen], holds: bool
) -> None:
    assert hints.matching([Hint(when=when, says=("one",)), LAST], observed) == (0 if holds else 1)


def test_the_ladder_of_a_rule_is_climbed_and_ends_at_its_last_rung() -> None:
    rules = [Hint(when={"runs": 0}, says=("a", "b")), LAST]
    shown: dict[int, int] = {}
    told = []
    for _ in range(3):
        rung = hints.next_rung(rules, {"runs": 0}, shown)
        shown[rung.rule] = rung.rung
        told.append((rung.text, rung.rung, rung.rungs))
    assert told == [("a", 1, 2), ("b", 2, 2), ("b", 2, 2)]
    # Whoever came further begins at the foot of the next ladder, and finds the first one again where they left it.
    assert hints.next_rung(rules, {"runs": 1}, shown).text == "whatever else"
    assert hints.next_rung(rules, {"runs": 0}, shown).rung == 2


@pytest.mark.parametrize("folder", ["03-stateful-mistake", "12-capstone"])
@pytest.mark.parametrize("runs", [0, 1])
def test_who_mended_their_folder_is_told_to_hand_it_over_whether_they_ran_the_proof_or_not(
    folder: str, runs: int
) -> None:
    exercise = catalogue.load(REPO / "exercises" / folder)
    observed = {"is_given": True, "changed": False, "went_back": False, "only_here": 1, "sticky": False, "runs": runs}
    says = exercise.hints[hints.matching(exercise.hints, observed)].says
    assert says[0].startswith("You changed something in your folder.")
    assert "`lab deploy {substrate} {workspace}/app" in says[-1]
