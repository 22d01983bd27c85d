"""Drift: a node that a hand changed is found out; store and load balancer are repaired, a worker is to be replaced."""

import pytest

from lab.flows import readiness
from lab.flows.deployment import Deployment
from lab.model.deadline import Deadline
from lab.model.node import LOADBALANCER, STORE
from tests.conftest import type_lab, type_well
from tests.contract.conftest import W1, W2, say_nothing


# On machines each of the five comparisons takes a minute of emulation.
@pytest.mark.only("docker")
def test_drift_is_told_and_repaired_and_then_there_is_none(running_lab: Deployment, deadline: Deadline) -> None:
    words = ["provision", running_lab.plan.substrate, "--name", running_lab.lab]
    clean = type_lab(*words)
    assert clean.code == 0, clean.err + clean.out
    assert clean.out.count(": 0 changed") == 4
    for name, script in ((LOADBALANCER, "loadbalancer-write"), (STORE, "source-push")):
        running_lab.reach(name).run(["chmod", "700", f"/usr/local/lib/lab/{script}"], deadline)
    drifted = type_lab(*words)
    assert drifted.code == 1, drifted.err + drifted.out
    for name in (LOADBALANCER, STORE):
        assert f"docker/{name}: 1 changed; `lab provision docker --apply" in drifted.out
    forecast = type_lab(*words, "--apply", "--dry-run")
    assert (forecast.code, forecast.out) == (1, drifted.out), "it repaired something"
    repaired = type_lab(*words, "--apply")
    assert repaired.code == 0, repaired.err + repaired.out
    for name in (LOADBALANCER, STORE):
        assert f"docker/{name}: 1 changed\n" in repaired.out
        assert f"restarting {name}, which was repaired" in repaired.err
        readiness.await_node(running_lab, name, say_nothing, deadline)
    readiness.await_serving(running_lab, [W1, W2], say_nothing, deadline)
    again = type_lab(*words)
    assert again.code == 0, again.err + again.out
    assert again.out.count(": 0 changed") == 4


# A hand changes what the source service is started with, and starts it so.
_PLANT = """
echo Environment=LAB_PLANTED=yes >>/etc/systemd/system/lab-source.service
systemctl daemon-reload
systemctl restart lab-source
"""
_PLANTED = "tr '\\0' '\\n' </proc/$(systemctl show lab-source --property=MainPID --value)/environ | grep PLANTED || :"


# Machines have a worker that can be changed too: a container's cannot even be by root.
@pytest.mark.long
@pytest.mark.only("vagrant")
def test_a_store_is_repaired_and_a_worker_is_to_be_replaced(whole: Deployment, by: Deadline) -> None:
    words = ["provision", whole.plan.substrate, "--name", whole.lab]
    whole.reach(STORE).run(["chmod", "700", "/usr/local/lib/lab/source-push"], by)
    whole.reach(STORE).run(["sh", "-c", _PLANT], by)
    assert whole.reach(STORE).run(["sh", "-c", _PLANTED], by).out == "LAB_PLANTED=yes\n"
    # Its root is read-only: what a hand can do to it is to cover something.
    whole.reach(W1).run(["mount", "-t", "tmpfs", "none", "/etc/ssh/sshd_config.d"], by)
    drifted = type_lab(*words)
    assert drifted.code == 1, drifted.err + drifted.out
    assert "vagrant/store-1: 2 changed; `lab provision vagrant --apply" in drifted.out
    assert "vagrant/worker-1: 1 changed; `lab replace vagrant/worker-1" in drifted.out
    assert drifted.out.count(": 0 changed") == 2, drifted.out
    repaired = type_lab(*words, "--apply")
    assert repaired.code == 1, "the worker is still to be replaced"
    assert "vagrant/store-1: 2 changed\n" in repaired.out
    assert whole.reach(STORE).run(["sh", "-c", _PLANTED], by).out == "", "it runs as the hand left it"
    readiness.await_node(whole, STORE, say_nothing, by)
    type_well("replace", f"{whole.plan.substrate}/{W1}", "--name", whole.lab)
    again = type_well(*words)
    assert again.out.count(": 0 changed") == 4
