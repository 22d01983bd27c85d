"""What `lab prove` refuses before it asks an engine for anything: one error, whole, and nothing is changed."""

import os
from pathlib import Path

import pytest

from lab.flows import deployment, prove
from lab.flows.leases import leased
from lab.model.node import Mode, Role
from lab.model.topology import Topology
from tests.unit.cli.inside import type_inside
from tests.unit.ledger import histories
from tests.unit.model.test_plan import TOPOLOGY

FAULTS = (
    "kill, stop, pause, database-kill, store-off, drive-away, disk-full, cut-store, cut-balancer, delay, loss, "
    "balancer-restart, answer-cut, clock"
)
# Words after `lab prove`, and what they give; STATE stands for where labs are kept.
REFUSED = {
    "run docker --fault earthquake": f"""\
error: there is no fault 'earthquake'
  where: --fault
  mend:  choose of {FAULTS}, or random
""",
    "run docker --rate 0": """\
error: 0 requests a second is not possible
  where: --rate
  mend:  give more than 0 and at most 5000
""",
    "run docker --rate 5001 --dry-run": """\
error: 5001 requests a second is not possible
  where: --rate
  mend:  give more than 0 and at most 5000
""",
    "run docker --duration 0": """\
error: 0 seconds is not possible
  where: --duration
  mend:  give more than 0 and at most 86400
""",
    "run docker --kills 300": """\
error: 300 faults in 20 s or more may take 26 h, and a run has 24 h
  where: --kills, --fault, --duration
  mend:  ask for less: 300 s are reckoned for each fault, 1800 s for all else
""",
    "run docker": """\
error: lab lab is not up on docker
  where: STATE/lab
  mend:  run `lab up docker` first; `lab list` shows what there is
""",
    "show": """\
error: lab lab has no run yet
  where: STATE/lab/runs
  mend:  `lab prove list` shows the runs, `lab prove run` makes one
""",
    "show r1 --name blue": """\
error: lab blue has no run 'r1'
  where: STATE/blue/runs
  mend:  `lab prove list --name blue` shows the runs, `lab prove run --name blue` makes one
""",
    "audit nowhere.jsonl": """\
error: the journal cannot be read: No such file or directory
  where: nowhere.jsonl
  mend:  `lab prove list` shows the runs whose journals are there
""",
}
# This computer's own addresses, at which nothing listens: it says so at once, and no lab can have them.
_LOOPBACK = TOPOLOGY.substrates["docker"].model_copy(update={"subnets": "127.77.0.0/18"})
NOWHERE = TOPOLOGY.model_copy(update={"substrates": TOPOLOGY.substrates | {"docker": _LOOPBACK}})


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where labs are kept."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    return tmp_path / "vagrant-docker-lab" / "labs"


@pytest.mark.parametrize("words", REFUSED)
def test_what_cannot_be_is_one_clear_error_and_changes_nothing(state: Path, words: str) -> None:
    gave = type_inside("prove", *words.split())
    assert (gave.code, gave.out, gave.err) == (2, "", REFUSED[words].replace("STATE", str(state)))
    assert not state.exists()


def intended(workers: int, topology: Topology = TOPOLOGY) -> None:
    """Lab blue is written down, and no node of it was ever made."""
    file, keys = deployment.topology_file(), dict.fromkeys(Role, "0")
    deployment.intend("blue", "docker", mode=Mode.STATELESS, workers=workers, topology=topology, file=file, keys=keys)


def contents(folder: Path) -> dict[str, bytes | None]:
    """All that lies in a folder: files with what they hold, and folders."""
    return {str(path): path.read_bytes() if path.is_file() else None for path in folder.rglob("*")}


@pytest.mark.parametrize("more", [[], ["--dry-run"]])
def test_a_lab_of_one_worker_is_one_clear_error_and_changes_nothing(state: Path, more: list[str]) -> None:
    intended(workers=1)
    before = contents(state)
    gave = type_inside("prove", "run", "docker", "--name", "blue", *more)
    assert contents(state) == before
    assert (gave.code, gave.out) == (2, "")
    assert gave.err == (
        "error: a run needs 2 workers, and this lab has 1\n"
        "  where: lab blue on docker\n"
        "  mend:  `lab up docker --workers 2 --name blue`\n"
    )


def test_a_lab_that_is_down_is_one_clear_error_and_changes_nothing(state: Path) -> None:
    intended(2, NOWHERE)
    before = contents(state)
    gave = type_inside("prove", "run", "docker", "--name", "blue")
    assert contents(state) == before
    assert (gave.code, gave.out) == (2, "")
    assert gave.err == (
        "error: loadbalancer-1 is not ready: no answer from /ready: [Errno 111] Connection refused\n"
        "  where: lab blue on docker\n"
        "  mend:  `lab heal docker --name blue`, then `lab up docker --name blue`\n"
    )


def test_beside_another_run_a_run_is_one_clear_error_that_names_it(state: Path) -> None:
    intended(2, NOWHERE)
    with leased("blue", "prove", "prove run docker"):
        gave = type_inside("prove", "run", "docker", "--name", "blue")
    assert (gave.code, gave.out) == (2, "")
    assert gave.err.startswith(f"error: `lab prove run docker` (pid {os.getpid()}) is at work on this\n")
    assert f"  where: {state}/blue/prove.lease\n" in gave.err


def test_what_changed_before_the_lease_was_had_is_seen_with_it(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    intended(workers=1)
    monkeypatch.setattr(prove, "forecast", lambda *_: [])
    gave = type_inside("prove", "run", "docker", "--name", "blue")
    assert gave.err.startswith("error: a run needs 2 workers, and this lab has 1\n")
    assert (state / "blue" / "prove.lease").exists()


@pytest.mark.parametrize("more", [[], ["--dry-run"]])
def test_beside_an_autoscaler_a_run_is_one_clear_error_and_a_load_that_proves_is_none(
    state: Path, more: list[str]
) -> None:
    intended(2, NOWHERE)
    with leased("blue", "autoscale", "autoscale docker"):
        before = contents(state)
        gave = type_inside("prove", "run", "docker", "--rate", "3", "--name", "blue", *more)
        assert contents(state) == before
        load = type_inside("load", "docker", "--prove", "--peak", "5", "--name", "blue")
    assert (gave.code, gave.out) == (2, "")
    assert gave.err == (
        f"error: `lab autoscale docker` (pid {os.getpid()}) is at work on lab blue, and both would replace a worker "
        "that dies\n"
        f"  where: {state}/blue/autoscale.lease\n"
        "  mend:  `lab autoscale docker --stop --name blue` ends it; or account for every write beside it: "
        "`lab load docker --prove --peak 5 --name blue`\n"
    )
    assert load.err.startswith("error: lab blue on docker does not answer: "), "it gets as far as the lab itself"
    assert prove.journals("blue") == []


@pytest.mark.parametrize("more", [[], ["--dry-run"]])
def test_beside_a_refresh_a_run_is_one_clear_error(state: Path, more: list[str]) -> None:
    intended(2, NOWHERE)
    with leased("blue", "refresh", "refresh docker"):
        before = contents(state)
        gave = type_inside("prove", "run", "docker", "--rate", "3", "--name", "blue", *more)
        assert contents(state) == before
    assert (gave.code, gave.out) == (2, "")
    assert gave.err == (
        f"error: `lab refresh docker` (pid {os.getpid()}) is at work on lab blue, and both would replace a worker "
        "that dies\n"
        f"  where: {state}/blue/refresh.lease\n"
        "  mend:  wait for its end; or account for every write beside it: "
        "`lab load docker --prove --peak 5 --name blue`\n"
    )
    assert prove.journals("blue") == []


@pytest.mark.usefixtures("state")
def test_an_autoscaler_of_the_other_substrate_is_not_in_a_runs_way() -> None:
    intended(workers=1)
    with leased("blue", "autoscale", "autoscale vagrant"):
        gave = type_inside("prove", "run", "docker", "--rate", "3", "--name", "blue")
    assert gave.err.startswith("error: a run needs 2 workers, and this lab has 1\n")


def test_another_runs_journal_is_one_clear_error_and_stays_as_it_is(state: Path) -> None:
    journal = state / "lab" / "runs" / "r2.jsonl"
    journal.parent.mkdir(parents=True)
    written = b"".join(histories.lines(histories.told(histories.one_of_each())))
    journal.write_bytes(written)
    gave = type_inside("prove", "show", "r2", "--plot", str(state / "run.svg"))
    assert (gave.code, gave.out, gave.err) == (
        2,
        "",
        "error: this is the journal of run r1, not of r2\n"
        f"  where: {journal}, line 1\n"
        "  mend:  name the run that the journal belongs to; `lab prove list` shows them\n",
    )
    assert (journal.read_bytes(), [*state.iterdir()]) == (written, [state / "lab"])


@pytest.mark.parametrize(
    ("plot", "said"),
    [
        ("run.png", "RUNS/run.png is no picture\n  where: --plot\n  mend:  give a name that ends in .svg or .html\n"),
        (
            "r1.jsonl/run.svg",
            "RUNS/r1.jsonl/run.svg cannot be written: it is a folder, or not yours\n"
            "  where: --plot\n  mend:  name a file that you may write\n",
        ),
    ],
)
def test_a_picture_that_cannot_be_kept_is_one_clear_error(state: Path, plot: str, said: str) -> None:
    runs = state / "lab" / "runs"
    runs.mkdir(parents=True)
    (runs / "r1.jsonl").write_bytes(b"".join(histories.lines(histories.told(histories.one_of_each()))))
    gave = type_inside("prove", "show", "--plot", str(runs / plot))
    assert (gave.code, gave.out, gave.err) == (2, "", f"error: {said.replace('RUNS', str(runs))}")
    assert [*runs.iterdir()] == [runs / "r1.jsonl"]
