"""`lab status` with a node that does not answer: soon, and true about all other nodes."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack

import pytest

from lab.comparison import belongings
from lab.flows.deployment import Deployment
from lab.host.wait import await_until
from lab.model.deadline import Deadline
from lab.model.node import LOADBALANCER, STORE, NodeName
from lab.substrates.base import CanPause
from tests.conftest import type_lab
from tests.contract.conftest import W1

# What QEMU and containers run as is not us, unless we are root.
ROOT = () if os.geteuid() == 0 else ("sudo", "-n")

# Below 1 s is what a person gets on an idle computer; this one may be busy.
SECONDS_AT_MOST = 5
Freeze = Callable[[NodeName], None]


@pytest.fixture(params=["the engine", "a signal"])
def freeze(request: pytest.FixtureRequest, running_lab: Deployment, by: Deadline) -> Iterator[Freeze]:
    """Freezes a node through its engine, which then knows of it, or by SIGSTOP, of which it does not."""
    substrate, lab = running_lab.substrate, running_lab.lab
    assert isinstance(substrate, CanPause)
    with ExitStack() as after:

        def pause(name: NodeName) -> None:
            after.callback(substrate.resume, lab, name, by)
            substrate.pause(lab, name, by)

        def stop(name: NodeName) -> None:
            pids = belongings.of_node(running_lab, name)
            assert pids
            after.callback(signal_all, pids, signal.SIGCONT)
            signal_all(pids, signal.SIGSTOP)

        yield pause if request.param == "the engine" else stop


def signal_all(pids: Iterable[int], number: signal.Signals) -> None:
    for pid in pids:
        subprocess.run([*ROOT, "kill", f"-{number}", str(pid)], check=True, timeout=60)


@pytest.mark.parametrize("frozen", [LOADBALANCER, W1, STORE], ids=str)
def test_a_frozen_node_holds_up_nothing_and_the_others_are_told_truly(
    running_lab: Deployment, freeze: Freeze, frozen: NodeName
) -> None:
    name = running_lab.plan.substrate
    freeze(frozen)
    begun = time.monotonic()
    gave = type_lab("status", name, "--json", "--name", running_lab.lab)
    took = time.monotonic() - begun
    assert gave.code == 0, gave.err
    nodes = {node["name"]: node for node in json.loads(gave.out)["substrates"][name]["nodes"]}
    assert set(nodes) == {"loadbalancer-1", "store-1", "worker-1", "worker-2"}
    assert nodes[str(frozen)]["ready"] is False
    assert {node["state"] for each, node in nodes.items() if each != str(frozen)} == {"running"}
    # An emulated machine may be too busy to answer within the moment that status takes.
    is_prompt = running_lab.substrate.accelerator(Deadline.after(60, "asking")) is None
    assert not is_prompt or all(node["ready"] for each, node in nodes.items() if each != str(frozen))
    assert took < SECONDS_AT_MOST


def test_status_tells_that_the_app_is_the_one_that_the_workers_pull(running_lab: Deployment) -> None:
    name = running_lab.plan.substrate

    def probe() -> str | None:
        gave = json.loads(type_lab("status", name, "--json", "--name", running_lab.lab).out)["substrates"][name]
        # A machine that is busy may not answer within the moment that status takes.
        return None if gave.get("app_differs") == [] else f"{gave.get('app_differs')}"

    await_until(probe, Deadline.after(60, "test"), what="the answer that app/ is the same", mend="look at the store")
