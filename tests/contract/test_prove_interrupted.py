"""A run that is cut off proves nothing; what it broke is healed by itself on Ctrl-C, by `lab heal` after a kill."""

import json
import os
import signal
import subprocess
import sys

import pytest

from lab.faults import catalogue, injection
from lab.faults.network import _NOBODY
from lab.flows import prove
from lab.flows.deployment import Deployment
from lab.host.wait import await_until
from lab.model.deadline import Deadline
from lab.model.node import STORE, State
from lab.substrates.base import HasRoot
from tests.cli.cutting import cut, cuts
from tests.conftest import REPO, type_lab, type_well
from tests.contract.proof import check_healed, rate_of

# Where CI has the time to kill a run with this fault.
IN_CI = {"pause": {"docker", "vagrant"}, "kill": {"docker"}, "store-off": {"docker"}}
# Each takes minutes there: those that no container can have, and those that leave a machine otherwise than one.
MACHINES_ALONE = {"drive-away", "clock"}
ON_MACHINES = {"pause", "kill", "store-off", "disk-full", "cut-store"} | MACHINES_ALONE


@pytest.fixture
def by() -> Deadline:
    return Deadline.after(900, "one test")


def words_of(lab: Deployment, fault: str) -> list[str]:
    """The words of a run with this fault alone."""
    words = ["prove", "run", lab.substrate.name, "--kills", "0", "--fault", fault]
    return [*words, "--rate", rate_of(lab), "--name", lab.lab]


def begin(lab: Deployment, fault: str, by: Deadline, *more: str) -> "subprocess.Popen[str]":
    """A run that is about to make this fault, or has just done so."""
    process = subprocess.Popen(
        [sys.executable, "-m", "lab", *words_of(lab, fault), *more],
        cwd=REPO,
        env=os.environ.copy(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        stdin=subprocess.DEVNULL,
    )
    open_faults = prove.open_faults(lab)

    def probe() -> str | None:
        if process.poll() is not None:
            pytest.fail(f"the run ended by itself: {process.communicate()}")
        return None if injection.read(open_faults) else "no fault was begun"

    await_until(probe, by, what="a fault", mend="")
    return process


def latest_verdict(lab: Deployment) -> tuple[int, str]:
    """The verdict on the latest run, which its journal alone gives, too."""
    shown = type_lab("prove", "show", "--name", lab.lab)
    again = type_lab("prove", "audit", str(prove.journal(lab.lab, None)))
    assert (again.code, again.out) == (shown.code, shown.out)
    return shown.code, shown.out.partition(":")[0]


def check_heals(lab: Deployment, by: Deadline) -> None:
    """After a run that was killed with a fault up, there is no further one before `lab heal`, which mends all."""
    refused = type_lab("prove", "run", lab.substrate.name, "--name", lab.lab)
    assert (refused.code, "an earlier run left 1 faults unhealed" in refused.err) == (2, True), refused.err
    type_well("heal", lab.substrate.name, "--name", lab.lab)
    check_healed(lab, by)
    assert latest_verdict(lab) == (3, "Unknown")


def skip_impossible(lab: Deployment, fault: str, by: Deadline) -> None:
    """Ends the test of a fault that this computer cannot make."""
    if why := catalogue.impossible(prove.ground_of(lab), [fault], by):
        pytest.skip(f"{fault}: {why[fault]}")


def marks(fault: str, in_ci: set[str]) -> list[pytest.MarkDecorator]:
    """What the test of a fault is marked with: where it can be made or there is time for it, and where it is long."""
    here = {name for name, has in (("docker", fault not in MACHINES_ALONE), ("vagrant", fault in ON_MACHINES)) if has}
    found = [pytest.mark.only(*here)] if len(here) == 1 else []
    return [*found, pytest.mark.long(*sorted(here - in_ci))] if here - in_ci else found


@pytest.mark.parametrize(
    "fault", [pytest.param(name, marks=marks(name, IN_CI.get(name, set()))) for name in catalogue.FAULTS]
)
def test_after_a_killed_run_heal_mends_the_lab_and_the_verdict_is_unknown(
    running_lab: Deployment, fault: str, by: Deadline
) -> None:
    skip_impossible(running_lab, fault, by)
    process = begin(running_lab, fault, by)
    process.kill()
    process.wait()
    check_heals(running_lab, by)


@pytest.mark.parametrize("fault", [pytest.param(name, marks=marks(name, set())) for name in catalogue.FAULTS])
def test_a_run_that_is_killed_once_its_fault_was_seen_to_have_struck_is_healed_too(
    running_lab: Deployment, fault: str, by: Deadline
) -> None:
    skip_impossible(running_lab, fault, by)
    words = words_of(running_lab, fault)
    assert cut(words, lambda _, line: f"  {fault} of " in line, signal.SIGKILL), "it told of no fault"
    check_heals(running_lab, by)


@pytest.mark.only("docker")
@pytest.mark.long
def test_a_run_that_is_killed_at_any_step_it_reports_is_healed_and_proves_nothing(
    running_lab: Deployment, by: Deadline
) -> None:
    words = ["prove", "run", running_lab.substrate.name, "--kills", "1", "--duration", "5"]
    words += ["--rate", rate_of(running_lab), "--name", running_lab.lab]
    before, verdicts = set(prove.journals(running_lab.lab)), list[int]()
    for _ in cuts(words, signal.SIGKILL):
        type_well("heal", running_lab.substrate.name, "--name", running_lab.lab)
        check_healed(running_lab, by)
        # One that is killed at its first step may have no journal yet.
        begun = set(prove.journals(running_lab.lab)) - before
        verdicts += [type_lab("prove", "audit", str(journal)).code for journal in begun]
        before |= begun
    # The last one ran to its end, and so may the one before if its signal came late.
    assert (set(verdicts[:-2]), verdicts[-1]) == ({3}, 0), verdicts
    assert len(verdicts) > 3, "it was not cut in the middle of its work"


@pytest.mark.long("vagrant")
def test_a_store_that_does_not_come_back_is_told_and_the_verdict_is_unknown(whole: Deployment, by: Deadline) -> None:
    process = begin(whole, "store-off", by, "--json")

    def probe() -> str | None:
        states = whole.states(by)
        return None if states[STORE] is State.STOPPED else str(states[STORE])

    await_until(probe, by, what="the store being off", mend="", every_s=0.02)
    whole.substrate.destroy(whole.lab, STORE, by)
    told, said = process.communicate(timeout=by.left())
    assert (process.returncode, json.loads(told)["verdict"]) == (3, "unknown"), said
    assert "the run ends here: store-1 did not become ready" in said
    shown = type_lab("prove", "show", "--name", whole.lab)
    assert (shown.code, "was never healed" in shown.out) == (3, True), shown.out


def test_a_run_that_is_interrupted_heals_what_it_broke(running_lab: Deployment, by: Deadline) -> None:
    process = begin(running_lab, "pause", by)
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=by.left()) == 130
    check_healed(running_lab, by)
    assert latest_verdict(running_lab) == (3, "Unknown")


@pytest.mark.long
def test_a_script_that_outlives_a_run_cut_by_ctrl_c_cuts_nobody_off_after_the_healing(
    running_lab: Deployment, by: Deadline
) -> None:
    process = begin(running_lab, "answer-cut", by)
    (struck,) = injection.read(prove.open_faults(running_lab))
    assert isinstance(running_lab.substrate, HasRoot)
    worker = running_lab.substrate.network(running_lab.lab, struck.target, by)

    def probe() -> str | None:
        return None if _NOBODY in worker.run(["ip", "neigh"], by).out else "it is not cut off yet"

    await_until(probe, by, what="the script's first step", mend="")
    process.send_signal(signal.SIGINT)
    assert process.stderr is not None
    assert any("interrupted" in line for line in process.stderr), "it says that it waits"
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=by.left()) == 130
    # Where the second one came late it cut the healing, and this heals.
    type_well("heal", running_lab.substrate.name, "--name", running_lab.lab)
    # Longer than the script takes from any of its steps on.
    assert _NOBODY not in worker.run(["sh", "-c", "sleep 3; ip neigh"], by).out
    check_healed(running_lab, by)
