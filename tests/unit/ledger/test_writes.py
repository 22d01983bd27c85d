"""What an answer, or none, says about a write."""

import pytest

from lab.ledger.writes import Outcome, What, outcome_of_answer, outcome_of_failure


@pytest.mark.parametrize(
    ("what", "status", "outcome"),
    [
        (What.ENTRY, 201, Outcome.ACKNOWLEDGED),
        (What.FILE, 201, Outcome.ACKNOWLEDGED),
        (What.LOGIN, 200, Outcome.ACKNOWLEDGED),
        (What.ENTRY, 200, Outcome.INDETERMINATE),
        (What.ENTRY, 302, Outcome.INDETERMINATE),
        (What.ENTRY, 400, Outcome.REFUSED),
        (What.ENTRY, 408, Outcome.INDETERMINATE),
        (What.ENTRY, 422, Outcome.REFUSED),
        (What.FILE, 413, Outcome.REFUSED),
        (What.FILE, 500, Outcome.INDETERMINATE),
        (What.FILE, 503, Outcome.INDETERMINATE),
        (What.FILE, 507, Outcome.INDETERMINATE),
    ],
)
def test_only_the_promised_answer_acknowledges_and_only_a_4xx_refuses(
    what: What, status: int, outcome: Outcome
) -> None:
    assert outcome_of_answer(what, status) is outcome


def test_what_was_not_sent_did_not_happen_and_what_was_may_have() -> None:
    assert outcome_of_failure(sent=False) is Outcome.REFUSED
    assert outcome_of_failure(sent=True) is Outcome.INDETERMINATE
