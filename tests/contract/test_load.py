"""Load on a running lab: exactly what the profile says, nothing fails, and the timeline has each second of it."""

import json
import re
import time
from pathlib import Path
from typing import Any

import pytest

from lab.flows import deployment, leases
from lab.flows.deployment import Deployment
from lab.model.deadline import Deadline
from lab.model.node import LOADBALANCER
from lab.traffic.profiles import Profile, profile
from tests.conftest import type_lab, type_well
from tests.contract.proof import rate_of

DURATION_S = 20
KEYS = {
    *("lab", "substrate", "profile", "peak", "base", "duration_s", "work_ms", "seed", "began_at", "phases"),
    *("requests", "errors", "refused", "p50_ms", "p99_ms", "late_ms"),
}


def step_of(lab: Deployment) -> Profile:
    """A step that the lab serves with ease."""
    return profile("step", float(rate_of(lab)), DURATION_S)


def words_of(lab: Deployment, *more: str) -> list[str]:
    step = ["--profile", "step", "--peak", rate_of(lab), "--duration", str(DURATION_S)]
    return ["load", lab.substrate.name, *step, "--json", "--name", lab.lab, *more]


def events_since(began: float, lab: Deployment) -> list[dict[str, Any]]:
    """What the lab's timeline tells since this Unix time, no longer ago than ten minutes."""
    gave = type_well("timeline", lab.substrate.name, "--since", "10m", "--json", "--name", lab.lab)
    return [event for event in json.loads(gave.out)["substrates"][lab.substrate.name] if event["at"] >= began]


def test_a_step_is_served_without_an_error_and_noted_second_by_second(running_lab: Deployment, tmp_path: Path) -> None:
    step, began = step_of(running_lab), time.time()
    told = json.loads(type_well(*words_of(running_lab, "--work", "5")).out)
    assert set(told) == KEYS
    assert (told["requests"], told["errors"], told["refused"]) == (step.pace.requests, 0, 0)
    due_s = list(step.pace.due_s())
    for row, phase in zip(told["phases"], step.phases, strict=True):
        assert (row["name"], row["errors"]) == (phase.name, 0)
        assert row["requests"] == sum(phase.from_s <= at_s < phase.to_s for at_s in due_s)
        assert 0 < row["p50_ms"] <= row["p99_ms"]
    fresh = events_since(began, running_lab)
    samples = [event["fields"] for event in fresh if event["kind"] == "sample"]
    assert DURATION_S * 0.8 <= len(samples) <= DURATION_S + 15
    assert all({"requests", "answers", "errors", "p50_ms", "users", "workers"} <= set(fields) for fields in samples)
    sent = sum(fields["requests"] * fields["span_s"] for fields in samples)
    assert sent == pytest.approx(step.pace.requests, abs=1)
    assert len(running_lab.plan.workers()) in {fields["workers"] for fields in samples}
    assert [event["what"] for event in fresh if event["kind"] == "change"] == ["load", "load"]
    target = tmp_path / "t.html"
    type_well("timeline", running_lab.substrate.name, "--plot", str(target), "--name", running_lab.lab)
    assert "Workers that serve" in target.read_text()


def test_a_load_that_proves_accounts_for_every_write(running_lab: Deployment) -> None:
    told = json.loads(type_well(*words_of(running_lab, "--prove")).out)
    assert set(told) == KEYS | {"proof"}
    proof = told["proof"]
    assert (proof["verdict"], proof["lost"], told["errors"]) == ("kept", 0, 0)
    assert proof["kept"] == proof["acknowledged"] > 0
    again = type_lab("prove", "show", proof["run"], "--json", "--name", running_lab.lab)
    assert (again.code, json.loads(again.out)) == (0, proof)


def test_it_goes_on_while_another_command_changes_the_lab(running_lab: Deployment, by: Deadline) -> None:
    with deployment.changing(running_lab.lab, "up", by), leases.leased(running_lab.lab, "prove"):
        gave = type_well(*words_of(running_lab, "--duration", "3"))
    assert json.loads(gave.out)["errors"] == 0


REFUSED = {
    "an unknown profile": (
        ["--profile", "cliff", "--peak", "3"],
        "error: there is no profile 'cliff'\n  where: --profile\n  mend:  use one of step, ramp, day, spike\n",
    ),
    "a peak of nothing": (
        ["--peak", "0"],
        "error: 0 requests a second is not possible\n  where: --peak\n  mend:  give more than 0 and at most 5000\n",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_bad_input_is_one_clear_error_and_nothing_is_sent(running_lab: Deployment, case: str) -> None:
    words, text = REFUSED[case]
    began = time.time()
    gave = type_lab("load", running_lab.substrate.name, *words, "--name", running_lab.lab)
    assert (gave.code, gave.err) == (2, text)
    assert events_since(began, running_lab) == []


@pytest.mark.long("vagrant")
def test_a_lab_that_is_down_is_one_clear_error(whole: Deployment, by: Deadline) -> None:
    whole.substrate.stop(whole.lab, LOADBALANCER, by)
    gave = type_lab(*words_of(whole))
    assert (gave.code, gave.out) == (2, "")
    name, url = whole.substrate.name, whole.substrate.url(whole.plan)
    assert re.fullmatch(
        rf"error: lab {whole.lab} on {name} does not answer: no answer from /readyz: [^\n]+\n"
        rf"  where: {re.escape(url)}\n  mend:  `lab up {name} --name {whole.lab}`\n",
        gave.err,
    )
