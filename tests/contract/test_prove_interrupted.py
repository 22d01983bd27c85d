"""A run that is cut off proves nothing; what it broke is healed by itself on Ctrl-C, by `lab heal` after a kill."""

import json
import os
import signal
import subprocess
import sys

import pytest

from lab.faults import injection
from lab.faults.network import _NOBODY
from lab.flows import prove, readiness
from lab.flows.deployment import Deployment
from lab.host.wait import await_until
from lab.model.deadline import Deadline
from lab.model.node import STORE, State
from lab.substrates.base import HasRoot
from tests.conftest import REPO, type_lab, type_well
from tests.contract.proof import rate_of


@pytest.fixture
def by() -> Deadline:
    return Deadline.after(900, "one test")


def begin(lab: Deployment, fault: str, by: Deadline, *more: str) -> "subprocess.Popen[str]":
    """A run that has just made this fault."""
    words = ["prove", "run", lab.substrate.name, "--kills", "0", "--fault", fault, "--rate", rate_of(lab), *more]
    words += ["--name", lab.lab]
    process = subprocess.Popen(
        [sys.executable, "-m", "lab", *words],
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


def check_healed(lab: Deployment, by: Deadline) -> None:
    assert injection.read(prove.open_faults(lab)) == []
    for spec in lab.plan.nodes:
        readiness.await_node(lab, spec.name, lambda _: None, by)
    readiness.await_serving(lab, [spec.name for spec in lab.plan.workers()], lambda _: None, by)


def latest_verdict(lab: Deployment) -> tuple[int, str]:
    shown = type_lab("prove", "show", "--name", lab.lab)
    return shown.code, shown.out.partition(":")[0]


@pytest.mark.parametrize(
    "fault",
    [
        "pause",
        pytest.param("kill", marks=pytest.mark.long("vagrant")),
        pytest.param("store-off", marks=pytest.mark.long("vagrant")),
    ],
)
def test_after_a_killed_run_heal_mends_the_lab_and_the_verdict_is_unknown(
    running_lab: Deployment, fault: str, by: Deadline
) -> None:
    process = begin(running_lab, fault, by)
    process.kill()
    process.wait()
    refused = type_lab("prove", "run", running_lab.substrate.name, "--name", running_lab.lab)
    assert (refused.code, "an earlier run left 1 faults unhealed" in refused.err) == (2, True), refused.err
    type_well("heal", running_lab.substrate.name, "--name", running_lab.lab)
    check_healed(running_lab, by)
    assert latest_verdict(running_lab) == (3, "Unknown")


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
