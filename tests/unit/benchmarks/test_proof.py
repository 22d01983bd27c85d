"""The page of what the proof said: what was reached, what was not, and what was never run."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from benchmarks.proof import LAB, told
from benchmarks.proof_page import holds, page, users_hold
from benchmarks.proof_runs import RATES, RunJson, SessionJson, stateful, stateless
from lab.faults import catalogue
from lab.host import paths
from lab.host.run import Result
from lab.ledger.users import Users
from lab.ledger.writes import Outcome, What
from lab.substrates import registry
from tests.unit.cli.inside import type_inside
from tests.unit.ledger import histories
from tests.unit.ledger.histories import Past

CLEAN = dataclasses.asdict(Users(reads=900, reads_cut=1, writes_repeated=3, repeats_acknowledged=3, most_at_a_kill=2))
SORTS = ("lost", "recovered", "absent", "duplicated", "corrupted", "unexpected", "stale", "never_read", "refused")


def _run(fault: str = "kill", count: int = 1, *, broken: Sequence[str] = (), **figures: Any) -> RunJson:
    faults = [
        {"name": fault, "target": "worker-1", "at_s": n, "healed_s": n + 1, "verified": True} for n in range(count)
    ]
    some = {"verdict": "kept", "mode": "stateless", "acknowledged": 2100, "kept": 2100, "p50_ms": 5.0, "p99_ms": 9.0}
    return {
        "circumstances": {"date": "today", "load": "0.5", "commit": "abc1234", "system": "debian 12"},
        "words": ["--kills", str(count)],
        "expected": "kept",
        "at_least": 1,
        "seconds": 60.0,
        "figures": {**dict.fromkeys(SORTS, 0), **some, "faults": faults, **figures},
        "sentence": "Kept: all.",
        "users": CLEAN,
        "users_broken": list(broken),
    }


def _session(**runs: RunJson) -> dict[str, SessionJson]:
    named = {name.replace("_", " "): run for name, run in runs.items()}
    return {"docker": {"accelerator": None, "runs": named}}


def _row(text: str, begin: str) -> list[str]:
    line = next(line for line in text.splitlines() if line.startswith(f"| {begin}"))
    return [cell.strip() for cell in line.split("|")[2:-1]]


def test_what_was_asked_for_and_reached_says_so_and_what_was_not_run_too() -> None:
    text = page(_session(**{"100_kills": _run(count=100)}))
    assert _row(text, "workers killed under load") == ["yes, 100 kills", "not run"]
    assert _row(text, "while workers die") == ["yes, 3 repeated", "not run"]


@pytest.mark.parametrize(
    "wrong", [{"lost": 1, "verdict": "lost"}, {"duplicated": 1}, {"acknowledged": 1999}, {"verdict": "unknown"}]
)
def test_what_was_missed_says_so(wrong: dict[str, Any]) -> None:
    text = page(_session(**{"100_kills": _run(count=100, **wrong)}))
    assert _row(text, "workers killed under load")[0].startswith("**no**")


def test_a_short_run_is_not_taken_for_the_long_one() -> None:
    assert _row(page(_session(**{"100_kills": _run(count=2)})), "workers killed")[0].endswith(", 2 kills")


def test_what_was_not_run_or_cannot_be_made_is_told() -> None:
    clock = _run()
    for key in ("figures", "sentence", "users", "users_broken"):
        del clock[key]  # type: ignore[misc]
    clock["impossible"] = "clock: not on this substrate: a container's clock is this computer's"
    text = page(_session(pause=_run("pause"), clock=clock))
    assert _row(text, "each other fault") == [
        f"not all run, 1 of {len(catalogue.FAULTS) - 2}",
        f"not run, 0 of {len(catalogue.FAULTS) - 1}",
    ]
    assert _row(text, "workers that keep") == ["not run", "not run"]
    assert "- `clock` was not made: not on this substrate: a container's clock is this computer's." in text


def test_the_counter_example_has_to_lose() -> None:
    calm, deadly = _run(count=0, mode="stateful"), _run(mode="stateful", verdict="lost", lost=7)
    deadly["expected"] = "lost"
    runs = {"stateful, no kill": calm, "stateful, one kill": deadly}
    assert _row(page(_session(**runs)), "workers that keep") == ["yes", "not run"]
    deadly["figures"]["verdict"] = "kept"
    assert _row(page(_session(**runs)), "workers that keep") == ["**no**", "not run"]


def test_a_fault_that_was_not_seen_to_happen_is_none() -> None:
    run = _run()
    assert holds(run)
    run["figures"]["faults"][0]["verified"] = False
    assert not holds(run)


def test_users_that_noticed_more_than_they_may_are_told() -> None:
    held, broken = _run(), _run(broken=["9 reads failed (an error, or no answer)"])
    assert (users_hold(held), users_hold(broken)) == (True, False)
    assert _row(page(_session(**{"100_kills": broken})), "while workers die")[0] == "**no**, 3 repeated"
    unjudged = _run("store-off", broken=["64 attempts to write failed that were in flight at no fault"])
    text = page(_session(**{"100_kills": broken, "stateful,_one_kill": held, "store-off": unjudged}))
    assert "| 100 kills | 900 | 0 | 1 | 3 | 3 | 0 | 2 | **no**: 9 reads failed (an error, or no answer) |" in text
    assert "| stateful, one kill | 900 | 0 | 1 | 3 | 3 | 0 | 2 | yes |" in text
    assert "| store-off | 900 | 0 | 1 | 3 | 3 | 0 | 2 | - |" in text


def test_what_all_runs_together_do_not_show_stands_once() -> None:
    text = page(_session(**{"100_kills": _run(), "pause": _run("pause"), "clock": _run("clock")}))
    assert text.count("All nodes stand on one computer") == 1
    assert "It is about 6,300 acknowledged writes." in text
    assert "No worker was destroyed" not in text
    assert "No disk was full" in text


@pytest.mark.parametrize("substrate", registry.NAMES)
def test_each_fault_has_a_run_of_its_own(substrate: str) -> None:
    names = [asked.name for asked in stateless(substrate, RATES[substrate], quick=False)]
    assert names[1:] == [name for name in catalogue.FAULTS if name != "kill"]
    assert [asked.expected for asked in stateful(RATES[substrate], quick=False)] == ["kept", "lost"]


def test_what_a_substrate_cannot_make_is_told_from_what_went_wrong() -> None:
    no_power = "error: clock: not on this substrate: a container's clock is this computer's\n  where: --fault\n"
    assert set(told(Result(2, "told", "", no_power))) == {"impossible"}
    assert told(Result(2, "told", "", "  1.0 s  run\nerror: worker-1 is not ready\n")) == {
        "problem": "worker-1 is not ready"
    }


def test_what_a_run_said_is_completed_from_its_journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    path = paths.lab(LAB) / "runs" / f"{histories.RUN}.jsonl"
    path.parent.mkdir(parents=True)
    kept = [Past(what, number, [Outcome.ACKNOWLEDGED], True, [True]) for number, what in enumerate(What)]
    path.write_bytes(b"".join(histories.lines(histories.told(kept))))
    gave = type_inside("prove", "audit", str(path), "--json")
    made = told(Result(gave.code, "told", gave.out, gave.err))
    assert made["sentence"] == "Kept: all 3 acknowledged writes are there, after 2 faults."
    assert (made["figures"]["kept"], made["users"]["reads"], made["users_broken"]) == (3, 3, [])


def test_runs_that_were_not_made_at_the_same_place_or_of_the_same_version_say_so() -> None:
    old, new = _run(count=100), _run("pause")
    new["circumstances"] = {**new["circumstances"], "commit": "def5678", "system": "debian 13"}
    text = page(_session(**{"100_kills": old, "pause": new}))
    assert "- system: debian 12: of 100 kills\n- system: debian 13: of pause\n" in text
    assert [row.split("|")[-2].strip() for row in text.splitlines() if "| 0.5 | today |" in row] == [
        "abc1234",
        "def5678",
    ]
