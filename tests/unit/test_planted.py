"""The planted bugs of the proof and of the refresh: each fits the app, and runs are made so that they show."""

from itertools import islice
from pathlib import Path

import pytest

from lab.ledger import records
from lab.ledger.plan import Plan
from lab.ledger.records import Attempt, FaultNote, Intent, Source, Stage
from lab.ledger.writes import Outcome, What
from tests.contract.proof import PLANTED, REQUESTS, kinds_answered, lost_with_workers, patched
from tests.contract.test_prove import AT_MOST


@pytest.mark.parametrize(
    "patch", sorted(str(path.relative_to(PLANTED).with_suffix("")) for path in PLANTED.rglob("*.patch"))
)
def test_a_planted_bug_fits_the_app(patch: str, tmp_path: Path) -> None:
    app = patched(patch, tmp_path)
    assert not list(app.rglob("*.rej"))
    for path in app.rglob("*.py"):
        compile(path.read_text(), str(path), "exec")


@pytest.mark.parametrize("seed", range(1, AT_MOST + 1))
@pytest.mark.parametrize("rate", [3.0, 30.0])
def test_a_run_has_a_login_and_a_file_whose_name_ends_in_7(rate: float, seed: int) -> None:
    steps = islice(Plan("r1", seed, rate, 1800.0).steps(), REQUESTS)
    assert {step.does.writes for step in steps if step.key.endswith("7")} >= {What.LOGIN, What.FILE}


def _attempt(key: str, done_s: float, worker: str, outcome: Outcome = Outcome.ACKNOWLEDGED) -> Attempt:
    return Attempt(key, outcome, done_s - 0.1, done_s, 201, worker, "", altered=False)


def test_what_died_with_a_worker_is_told_from_what_was_lost_otherwise() -> None:
    attempts = [
        _attempt("gone", 4.9, "worker-1"),
        _attempt("written", 4.8, "worker-1"),
        _attempt("of the other", 4.9, "worker-2"),
        _attempt("of the successor", 9.0, "worker-1"),
        _attempt("in doubt", 4.9, "worker-1", Outcome.INDETERMINATE),
    ]
    told = [
        records.attempts(attempts),
        FaultNote(0, Stage.BEGUN, 4.0, "kill", "worker-1").record(),
        FaultNote(0, Stage.VERIFIED, 5.0, "kill", "worker-1").record(),
        FaultNote(1, Stage.VERIFIED, 20.0, "pause", "worker-2").record(),
        records.found(Source.BALANCER, What.ENTRY, [("gone", "")]),
        records.found(Source.STORE, What.ENTRY, [("written", "")]),
    ]
    assert lost_with_workers(told) == {"gone"}


def test_what_a_full_disk_refused_is_told_by_kind() -> None:
    told = [records.intents([Intent(what, str(what), 0.0, "") for what in What])]
    for what, status in ((What.ENTRY, 201), (What.FILE, 507), (What.LOGIN, 503)):
        told.append(records.attempts([_attempt(str(what), 1.0, "worker-1")._replace(status=status)]))
    assert kinds_answered(told, 507) == {What.FILE}
