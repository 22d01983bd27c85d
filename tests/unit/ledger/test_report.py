"""What a person reads: one sentence, what users noticed, and what the run does not show."""

import pytest

from lab.faults import catalogue
from lab.ledger import report
from lab.ledger.audit import audit
from lab.ledger.records import Seen
from lab.ledger.struck import FaultSeen
from lab.ledger.unshown import Harm, not_shown
from lab.ledger.writes import Outcome, What
from lab.model.node import Role
from tests.unit.ledger import histories, plants
from tests.unit.ledger.histories import ONE_OF_EACH, Past

ACKNOWLEDGED = [Past(what, number, [Outcome.ACKNOWLEDGED], True, [True]) for number, what in enumerate(What)]
KEYS = {
    *("run", "lab", "substrate", "mode", "seed", "attempted", "acknowledged", "kept", "lost", "recovered", "absent"),
    *("duplicated", "corrupted", "unexpected", "stale", "never_read", "foreign", "refused", "faults", "p50_ms"),
    *("p99_ms", "errors", "verdict"),
}


def test_the_verdict_is_one_plain_sentence() -> None:
    assert report.verdict(audit(histories.told(ACKNOWLEDGED))).sentence == (
        "Kept: all 3 acknowledged writes are there, after 2 faults."
    )
    quiet = [record for record in histories.told(ACKNOWLEDGED) if record["kind"] != "fault"]
    quiet[0] = histories.header(planned=()).record()
    assert report.verdict(audit(quiet)).sentence == (
        "Kept: all 3 acknowledged writes are there; no fault was injected."
    )


def test_what_is_wrong_is_told_by_kind_the_worst_first() -> None:
    told = histories.told([*ACKNOWLEDGED, Past(What.ENTRY, 9, [Outcome.ACKNOWLEDGED], True, [False])])
    for record in told:
        if record["kind"] == "found":
            record["rows"] = [row for row in record["rows"] if row[0] in (ACKNOWLEDGED[0].key, "r1-0-9")]
    assert report.verdict(audit(told)).sentence == (
        "Lost: 2 of 4 acknowledged writes are gone (1 file, 1 login); "
        "1 acknowledged write was missing for a while from reads that began later (1 entry)."
    )


def test_what_came_back_with_another_content_need_not_have_been_acknowledged() -> None:
    doubted = Past(What.FILE, 9, [Outcome.INDETERMINATE], True)
    told = histories.told([*ACKNOWLEDGED, doubted])
    plants.another_content(told, doubted)
    assert report.verdict(audit(told)).sentence == "Corrupted: 1 write came back with another content (1 file)."


def test_what_users_noticed_is_told() -> None:
    assert report.users_view(audit(histories.told(ACKNOWLEDGED))) == [
        "3 reads: 0 failed (an error, or no answer), 0 were cut in the middle of their answer.",
        "0 writes had to be repeated with their key; 0 of them were then acknowledged. 0 were refused.",
        "While workers died, at most 0 attempts to write failed at one kill, all sent before that worker was gone, and "
        "each was acknowledged when repeated; no read failed.",
    ]


def test_a_read_that_was_answered_by_an_error_counts_as_failed() -> None:
    told = histories.told(ACKNOWLEDGED)
    look = next(record for record in told if record["kind"] == "looks")
    look["rows"] = [row._replace(status=503, seen=Seen.FAILED, sha256="") for row in look["rows"]]
    assert report.users_view(audit(told))[0].startswith("3 reads: 1 failed (an error, or no answer), 0 were cut ")


def _about(
    accelerator: str | None, *takes: Harm, verified: bool = True, mode: str = "stateless", name: str = "some"
) -> str:
    fault = FaultSeen(name, "store-1", 1.0, 2.0, 1.5 if verified else None, takes)
    return "\n".join(not_shown(histories.header(accelerator=accelerator, mode=mode), [fault], 10))


def test_a_kill_that_leaves_the_page_cache_is_told_from_one_that_does_not() -> None:
    assert "page cache" in _about(None, Harm.MEMORY)
    assert "page cache" not in _about("tcg", Harm.MEMORY)
    # A machine's kill is the end of that worker's power.
    assert "The store's power never failed" in _about("tcg", Harm.WORKER)
    assert "power never failed" not in _about("tcg", Harm.MEMORY)


@pytest.mark.parametrize("harm", [harm for harm in Harm if harm is not Harm.MEMORY])
def test_only_what_was_verified_to_be_taken_away_is_shown(harm: Harm) -> None:
    without = set(_about("kvm").splitlines())
    assert len(without - set(_about("kvm", harm).splitlines())) == 1, "one sentence for each harm, and its own"
    assert set(_about("kvm", harm, verified=False).splitlines()) == without


def test_an_answer_that_was_cut_off_somewhen_does_not_show_what_one_after_the_commit_would() -> None:
    words = "No answer was seen to be cut off after its COMMIT"
    assert words not in _about("kvm", Harm.COMMIT)
    # As journals have it of a time when nobody looked whether the COMMIT had been.
    old = FaultSeen("answer-cut", "worker-1", 1.0, 2.0, 1.5, ("answer",))
    assert words in "\n".join(not_shown(histories.header(), [old], 10))


def test_each_fault_takes_something_away_and_a_slow_network_is_not_a_cut_one() -> None:
    assert not [name for name, fault in catalogue.FAULTS.items() if not fault.takes]
    takes = {name: catalogue.named(name).takes for name in ("cut-store", "delay", "loss", "pause", "stop", "kill")}
    assert len(set(takes.values())) == len(takes)


def test_emulation_and_the_counter_example_are_named() -> None:
    assert "emulated" in _about("tcg")
    assert "emulated" not in _about("kvm")
    assert "stateful" in _about(None, mode="stateful")


OF_THE_STORE = {*(name for name, fault in catalogue.FAULTS.items() if fault.role is Role.STORE), "cut-store"}


@pytest.mark.parametrize("accelerator", [None, "kvm"])
@pytest.mark.parametrize("name", catalogue.FAULTS)
def test_a_fault_of_the_store_shows_nothing_of_data_that_workers_keep(name: str, accelerator: str | None) -> None:
    takes = catalogue.named(name).takes
    nothing, told = (_about(accelerator, *takes, verified=v, mode="stateful", name=name) for v in (False, True))
    if name in OF_THE_STORE:
        assert told == nothing
        assert "None of the data lay in the store: what a killed database, lost power" in told
        false = ("never killed", "never failed:", "never went away", "disk was full")
        assert not [words for words in false if words in told]
    else:
        assert len(set(nothing.splitlines()) - set(told.splitlines())) == 1


def test_what_a_fault_does_to_a_login_that_is_under_way_is_not_shown_by_any() -> None:
    words = "Each visitor logged in once, when the run began, 20 of them at most"
    assert words in _about("kvm", *Harm)
    assert words not in "\n".join(not_shown(histories.header(), [], 10))


def test_a_worker_that_drops_what_it_has_begun_and_a_file_that_waits_for_its_drive_pass_in_any_run() -> None:
    told = _about("kvm")
    assert "one that then undoes what it had acknowledged would have passed" in told
    assert "an app that says yes to a file meanwhile, and then gives it up, would have passed" in told


def test_something_is_always_not_shown() -> None:
    for words in ("All nodes stand on one computer", "a longer one, at a higher rate", "It is a test, no mathematics"):
        assert words in _about("kvm", *Harm)


def test_the_json_has_exactly_the_keys_that_were_promised() -> None:
    told = report.as_json(audit(histories.told(ONE_OF_EACH)))
    assert set(told) == KEYS
    fault = {"name": "kill", "target": "worker-0", "at_s": 2.0, "healed_s": 2.0, "verified": True}
    assert told["faults"][0] == fault
    assert (told["p50_ms"], told["p99_ms"]) == (500.0, 500.0)
