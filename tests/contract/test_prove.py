"""The proof on real nodes: the clean app keeps everything, whatever goes wrong, and each planted bug is found."""

import json
import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from lab.faults import catalogue
from lab.flows import leases, prove, workers
from lab.flows.deployment import Deployment
from lab.ledger import journal, report
from lab.ledger.writes import Outcome, What, digest
from lab.model.deadline import Deadline
from lab.model.node import STORE, NodeName
from lab.store import contents
from lab.substrates.base import HasRoot
from tests.conftest import REPO, type_lab, type_well
from tests.contract.proof import (
    NO_SPACE,
    account_of,
    after_commit,
    calm_rate_of,
    deploy,
    faults_of,
    journal_of,
    kinds_answered,
    lost_with_workers,
    pace_of,
    patched,
    rate_of,
    run_proof,
)
from tests.unit.ledger.test_report import KEYS


@dataclass(frozen=True)
class Bug:
    """A patch of the app, the faults that bring it to light, and the words that the verdict may have."""

    patch: str
    faults: tuple[str, ...]
    words: frozenset[str]


BUGS = [
    Bug("acknowledge-before-commit", ("kill",), frozenset({"lost"})),
    Bug("entries-on-the-worker", ("kill",), frozenset({"lost"})),
    Bug("acknowledge-before-rename", ("kill",), frozenset({"lost"})),
    Bug("truncated-file", (), frozenset({"corrupted"})),
    Bug("dropped-session", (), frozenset({"lost"})),
    Bug("no-unique-key", ("answer-cut",), frozenset({"duplicated"})),
]
# Times, where chance decides whether a bug shows. At 3 requests a second one of four is an entry, one of ten a file on
# the worker that is killed. A patch leaves it unwritten for five seconds: five runs miss it less than once in 1,000.
AT_MOST = 5


@pytest.fixture
def by() -> Deadline:
    return Deadline.after(3000, "one test")


def test_workers_die_under_load_and_every_acknowledged_write_is_kept(running_lab: Deployment) -> None:
    told = run_proof(running_lab, "--kills", "2", "--duration", "10", "--rate", calm_rate_of(running_lab))
    assert set(told) - {"code"} == KEYS
    assert (told["verdict"], told["code"]) == ("kept", 0)
    assert told["kept"] == told["acknowledged"]
    assert all(fault["verified"] and fault["healed_s"] for fault in told["faults"])  # type: ignore[attr-defined]
    assert report.users_limit(account_of(running_lab, told)) == []
    again = type_lab("prove", "audit", str(prove.journal(running_lab.lab, str(told["run"]))), "--json")
    assert (again.code, json.loads(again.out)) == (0, {key: value for key, value in told.items() if key != "code"})


@pytest.mark.long("vagrant")
def test_every_fault_that_can_be_made_here_loses_nothing(running_lab: Deployment, by: Deadline) -> None:
    ground = prove.ground_of(running_lab)
    impossible = catalogue.impossible(ground, catalogue.FAULTS, by)
    possible = [name for name in catalogue.FAULTS if name not in impossible]
    told = run_proof(running_lab, "--kills", "0", "--rate", rate_of(running_lab), *faults_of(tuple(possible)))
    assert (told["verdict"], told["code"]) == ("kept", 0), told
    assert [fault["name"] for fault in told["faults"] if fault["verified"]] == possible  # type: ignore[attr-defined]
    if "disk-full" in possible:
        check_refused_in_its_own_words(running_lab, told)


def check_refused_in_its_own_words(lab: Deployment, told: dict[str, object]) -> None:
    """A full disk was answered so, for a file and for an entry; where chance decides, further runs may show it.

    Only a new page of the database needs room, and dozens of entries fit one: at three requests a second the disk is
    hardly ever full when one is begun. What becomes of an entry then: `tests/contract/test_full_disk.py`.
    """
    wanted = {What.FILE} if lab.substrate.has_own_kernel else {What.FILE, What.ENTRY}
    seen = kinds_refused_for_space(lab, told)
    for seed in range(1, AT_MOST):
        if not wanted - seen:
            return
        words = ["--kills", "0", "--rate", rate_of(lab), "--duration", "5", "--seed", str(seed), "--fault", "disk-full"]
        told = run_proof(lab, *words)
        assert told["verdict"] == "kept", told
        seen |= kinds_refused_for_space(lab, told)
    assert not wanted - seen, f"a full disk was not refused in its own words for each {' and '.join(wanted - seen)}"


def kinds_refused_for_space(lab: Deployment, told: dict[str, object]) -> set[What]:
    with journal_of(lab, told).open("rb") as lines:
        return kinds_answered(journal.read(lines, str(told["run"])), NO_SPACE)


@pytest.mark.long("vagrant")
def test_an_answer_that_is_cut_off_is_of_an_entry_that_was_there_and_is_repeated(running_lab: Deployment) -> None:
    words = ["--kills", "0", "--rate", rate_of(running_lab), "--duration", "5", "--fault", "answer-cut"]
    told = run_proof(running_lab, *words)
    assert told["verdict"] == "kept", told
    with journal_of(running_lab, told).open("rb") as lines:
        outcomes = after_commit(journal.read(lines, str(told["run"])), str(told["run"]))
    assert outcomes, "no entry is named as evidence"
    for one in outcomes.values():
        assert (one[0], one[-1]) == (Outcome.INDETERMINATE, Outcome.ACKNOWLEDGED), outcomes


@pytest.fixture(scope="module")
def kept_by_clean() -> set[tuple[str, ...]]:
    """The words of the runs (faults, rate, duration, seed) of which the clean app was seen to keep everything: each red
    verdict has its own control, and bugs that show in the same run share it."""
    return set()


@pytest.fixture
def clean_again(running_lab: Deployment, by: Deadline) -> Iterator[None]:
    """The clean app on all workers after a test, and a database as it makes it."""
    yield
    make_clean(running_lab, by)


def make_clean(lab: Deployment, by: Deadline) -> None:
    unique = (
        "DELETE FROM entries a USING entries b WHERE a.key = b.key AND a.id > b.id; "
        "ALTER TABLE entries DROP CONSTRAINT IF EXISTS entries_key_key; "
        "ALTER TABLE entries ADD CONSTRAINT entries_key_key UNIQUE (key)"
    )
    psql = "exec setpriv --reuid=postgres --regid=postgres --clear-groups psql -h /run/postgresql -d lab -c"
    prove.ground_of(lab).tell(STORE, f'{psql} "{unique}"', by)
    deploy(lab, REPO / "app", by)


@pytest.mark.long("vagrant")
@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.patch)
@pytest.mark.usefixtures("clean_again")
def test_a_planted_bug_turns_the_verdict_red(
    running_lab: Deployment, bug: Bug, kept_by_clean: set[tuple[str, ...]], tmp_path: Path, by: Deadline
) -> None:
    deploy(running_lab, patched(bug.patch, tmp_path), by)
    words = red_words(running_lab, bug)
    if tuple(words) not in kept_by_clean:
        make_clean(running_lab, by)
        assert run_proof(running_lab, *words)["verdict"] == "kept"
        kept_by_clean.add(tuple(words))


def red_words(lab: Deployment, bug: Bug) -> list[str]:
    """The words of a run that the bug turned red."""
    seen = []
    for seed in range(1, AT_MOST + 1):
        words = ["--kills", "0", *pace_of(lab), "--seed", str(seed), *faults_of(bug.faults)]
        told = run_proof(lab, *words)
        seen.append(told["verdict"])
        if seen[-1] in bug.words and ("kill" not in bug.faults or died_with_a_worker(lab, told)):
            return words
    pytest.fail(f"five runs, and none that the bug itself turned into one of {set(bug.words)}: {seen}")


def died_with_a_worker(lab: Deployment, told: dict[str, object]) -> set[str]:
    """What a kill took. A bug that writes late may also be red since the final read came too early for it."""
    with journal_of(lab, told).open("rb") as lines:
        return lost_with_workers(journal.read(lines, str(told["run"])))


def test_a_name_that_breaks_lines_is_read_as_it_is(running_lab: Deployment, url: str, by: Deadline) -> None:
    user = f"ada\nlogin \u2028\x0b {secrets.token_hex(4)}"
    httpx.post(f"{url}/login", json={"user": user}).raise_for_status()
    assert isinstance(running_lab.substrate, HasRoot)
    found = contents.of_store(running_lab.substrate.root(running_lab.lab, STORE), by)
    assert found.logins.count((user, digest(user.encode()))) == 1


def test_a_second_run_at_the_same_time_is_refused(running_lab: Deployment) -> None:
    with leases.leased(running_lab.lab, "prove"):
        gave = type_lab("prove", "run", running_lab.substrate.name, "--name", running_lab.lab)
    assert gave.code == 2
    assert "`lab prove` (pid " in gave.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--fault", "earthquake"], "there is no fault 'earthquake'"),
        (["--rate", "0"], "0 requests a second is not possible"),
        (["--duration", "0"], "0 seconds is not possible"),
    ],
)
def test_bad_input_is_one_clear_error(running_lab: Deployment, words: list[str], said: str) -> None:
    before = prove.journals(running_lab.lab)
    gave = type_lab("prove", "run", running_lab.substrate.name, "--name", running_lab.lab, *words)
    assert gave.code == 2
    assert said in gave.err
    assert prove.journals(running_lab.lab) == before


@pytest.mark.only("docker")  # machines can make each fault
@pytest.mark.parametrize("more", [[], ["--dry-run"]])
def test_a_fault_that_cannot_be_made_here_is_refused_and_nothing_is_begun(
    running_lab: Deployment, more: list[str]
) -> None:
    before = prove.journals(running_lab.lab)
    gave = type_lab("prove", "run", "docker", "--fault", "kill", "--fault", "clock", "--name", running_lab.lab, *more)
    assert (gave.code, gave.out) == (2, "")
    assert gave.err.startswith("error: clock: not on this substrate: a container's clock is this computer's\n")
    assert prove.journals(running_lab.lab) == before


@pytest.mark.only("docker")  # which looks at each fault in a second
def test_faults_at_random_are_those_that_can_be_made_and_the_same_seed_repeats_them(running_lab: Deployment) -> None:
    words = ["prove", "run", "docker", *faults_of(("random",) * 5), "--kills", "1", "--dry-run"]
    once, again, other = (type_well(*words, "--seed", seed, "--name", running_lab.lab).out for seed in ("5", "5", "6"))
    assert once == again != other
    told = [re.fullmatch(r"would inject (\S+) of (\S+)", line) for line in once.splitlines()]
    faults = [line[1] for line in told if line]
    assert (len(told), len(faults), faults[-1]) == (6, 6, "kill")
    assert set(faults) <= set(catalogue.FAULTS) - {"clock", "drive-away"}


@pytest.mark.long("vagrant")
def test_a_lab_that_is_not_whole_is_refused(running_lab: Deployment, by: Deadline) -> None:
    name = NodeName.parse("worker-2")
    running_lab.substrate.destroy(running_lab.lab, name, by)
    try:
        gave = type_lab("prove", "run", running_lab.substrate.name, "--name", running_lab.lab)
        assert (gave.code, "worker-2 is not ready" in gave.err) == (2, True), gave.err
    finally:
        workers.replace(running_lab, name, lambda _: None, by)
