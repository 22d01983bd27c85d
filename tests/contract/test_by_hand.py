"""What a hand, a rebooted host or a second command does to a lab: `status` tells it, `up` mends it."""

import json
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from benchmarks.runs import compose
from lab.flows import deployment, readiness, stuck
from lab.flows.deployment import Deployment
from lab.flows.up import Wanted, up
from lab.host import paths
from lab.host.wait import await_until
from lab.model.deadline import Deadline
from lab.model.node import LOADBALANCER, STORE, NodeName
from lab.traffic.visitor import Visitor
from tests.conftest import REPO, type_lab, type_well
from tests.contract.conftest import W1, W2, W3, assert_ready, history, say_nothing, status
from tests.contract.test_sleep import assert_on_time
from tests.contract.test_status import ROOT


@dataclass(frozen=True)
class Hand:
    """An engine's own tools, as a person types them in the lab's folder. The first two take a node's name there.
    `forget` is a script that takes away what a reboot clears besides; $0 is the lab's name. `silence` is one for inside
    a worker, which then runs and does not serve."""

    pause: tuple[str, ...]
    power_off: tuple[str, ...]
    down: tuple[str, ...]
    up: tuple[str, ...]
    forget: str
    silence: str


def docker_by_hand() -> Hand:
    """With the plugin Compose 2 where it is installed, else with Debian 12's first Compose."""
    down, up = (*compose(), "down"), (*compose(), "up", "--detach")
    forget = """for link in /dev/labkit/"$0"_*; do
        if [ -L "$link" ]; then losetup --detach "$(readlink "$link")"; rm "$link"; fi
    done"""
    # Of its processes the first one cannot be stopped from inside, and nobody else is in there.
    return Hand(("docker", "pause"), ("docker", "kill"), down, up, forget, "kill -STOP -1")


def vagrant_by_hand() -> Hand:
    virsh, quietly = ("virsh", "--connect", "qemu:///system"), "--no-tty"
    down, up = ("vagrant", "destroy", "--force", quietly), ("vagrant", "up", quietly)
    forget = f'{" ".join(virsh)} net-destroy "labkit-${{0}}_net"'
    return Hand((*virsh, "suspend"), (*virsh, "destroy"), down, up, forget, "systemctl stop lab-worker")


HANDS = {"docker": docker_by_hand, "vagrant": vagrant_by_hand}


def by_hand(lab: Deployment, words: tuple[str, ...], *nodes: NodeName) -> None:
    """Types a tool's own command in the lab's folder, once for each node, or once."""
    for more in [[f"labkit-{lab.lab}_{name}"] for name in nodes] or [[]]:
        done = subprocess.run(
            [*words, *more],
            cwd=paths.lab(lab.lab) / lab.plan.substrate,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=900,
        )
        assert done.returncode == 0, f"{words}: {done.stdout}{done.stderr}"


@pytest.fixture
def hand(substrate_name: str) -> Hand:
    return HANDS[substrate_name]()


def mend(lab: Deployment, *words: str) -> None:
    type_well("up", lab.plan.substrate, "--name", lab.lab, *words)


def states(lab: Deployment) -> dict[str, object]:
    return {name: node["state"] for name, node in status(lab).items()}


def test_a_paused_worker_is_told_and_up_wakes_it(whole: Deployment, hand: Hand, visitor: Visitor) -> None:
    by_hand(whole, hand.pause, W2)
    assert states(whole)["worker-2"] == "sleeping"
    mend(whole)
    assert_ready(whole, W2)
    assert visitor.missing() == []


@pytest.mark.only("vagrant")
def test_up_mends_what_a_laptop_that_was_suspended_left(whole: Deployment, by: Deadline) -> None:
    names = [spec.name for spec in whole.plan.nodes]
    for name in names:
        whole.reach(name).run(["date", f"--set=@{time.time() - 600:.0f}"], by)
    assert set(states(whole).values()) == {"running"}
    mend(whole)
    assert_on_time(whole, names, by)


@pytest.mark.long("vagrant")
def test_up_mends_what_a_reboot_of_the_host_left(whole: Deployment, hand: Hand, visitor: Visitor) -> None:
    by_hand(whole, hand.power_off, *(spec.name for spec in whole.plan.nodes))
    assert set(states(whole).values()) == {"stopped"}
    subprocess.run([*ROOT, "sh", "-euc", hand.forget, whole.lab], check=True, timeout=60)
    began = time.time()
    mend(whole)
    assert_ready(whole)
    assert history(whole, began)[0] == {str(spec.name): ["starting", "ready"] for spec in whole.plan.nodes}
    assert visitor.missing() == []


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who runs and does not serve is given up soon."""
    monkeypatch.setattr(stuck, "_READY_S", 5.0)


def mended(lab: Deployment, by: Deadline) -> list[str]:
    """What `up` says, typed here, where it waits for a shorter time."""
    said: list[str] = []
    up(Wanted(lab.lab, lab.plan.substrate), said.append, by)
    return said


@pytest.mark.long("vagrant")
@pytest.mark.usefixtures("soon")
def test_up_makes_a_worker_anew_that_runs_and_does_not_serve(
    whole: Deployment, hand: Hand, visitor: Visitor, by: Deadline
) -> None:
    whole.reach(W1).run(["sh", "-c", hand.silence], by)
    assert (states(whole)["worker-1"], status(whole)["worker-1"]["ready"]) == ("running", False)
    began = time.time()
    said = mended(whole, by)
    assert "removing worker-1, which runs and does not become ready" in said
    assert not any("worker-2" in line and "removing" in line for line in said)
    assert_ready(whole, W1)
    assert history(whole, began)[0] == {"worker-1": ["absent", "creating", "ready"]}
    assert visitor.missing() == []


@pytest.mark.long
@pytest.mark.usefixtures("soon")
def test_up_starts_a_store_again_that_runs_and_does_not_serve(
    whole: Deployment, visitor: Visitor, by: Deadline
) -> None:
    stop = 'kill -STOP "$(head -n 1 /srv/store/database/postmaster.pid)"'
    whole.reach(STORE).run(["sh", "-c", stop], by)
    said = mended(whole, by)
    assert "store-1 runs and does not become ready: starting it again" in said
    assert not any(line.startswith("removing") for line in said), "no worker goes for that"
    assert status(whole)[str(STORE)]["ready"] is True
    assert visitor.missing() == []


@pytest.mark.long("vagrant")
def test_a_worker_that_is_off_does_not_hold_up_its_removal(whole: Deployment, hand: Hand, visitor: Visitor) -> None:
    by_hand(whole, hand.power_off, W2)
    mend(whole, "--workers", "1")
    assert set(states(whole)) == {"loadbalancer-1", "store-1", "worker-1"}
    assert visitor.missing() == []


@pytest.mark.long("vagrant")
def test_a_load_balancer_that_a_hand_stopped_learns_of_workers_that_come(whole: Deployment, hand: Hand) -> None:
    by_hand(whole, hand.power_off, LOADBALANCER)
    mend(whole, "--workers", "3")
    assert [name for name, node in status(whole).items() if node["ready"]] == [
        *("loadbalancer-1", "store-1", "worker-1", "worker-2", "worker-3"),
    ]


@pytest.mark.long("vagrant")
def test_a_worker_is_replaced_while_another_is_down(whole: Deployment, by: Deadline) -> None:
    whole.substrate.destroy(whole.lab, W2, by)
    type_well("replace", f"{whole.plan.substrate}/{W1}", "--name", whole.lab)
    assert_ready(whole, W1)
    assert states(whole)["worker-2"] == "absent"


@pytest.mark.long("vagrant")
def test_the_rendered_files_bring_the_lab_up_by_hand(
    whole: Deployment, hand: Hand, visitor: Visitor, by: Deadline
) -> None:
    # One worker more than the load balancer was made with: the files are those of the lab as it is by now.
    mend(whole, "--workers", "3")
    by_hand(whole, hand.down)
    assert set(states(whole).values()) == {"absent"}
    by_hand(whole, hand.up)
    grown = deployment.load(whole.lab, whole.plan.substrate)
    readiness.await_serving(grown, [W1, W2, W3], say_nothing, by)
    assert {node["state"] for node in status(whole).values()} == {"running"}
    assert visitor.missing() == []
    visitor.write_entry("written into a lab that a hand brought up")
    type_well("replace", f"{whole.plan.substrate}/{W1}", "--name", whole.lab)
    assert visitor.missing() == []


@pytest.mark.parametrize("key", ["subnets", "first_port"])
def test_a_lab_does_not_move_to_other_addresses(running_lab: Deployment, key: str, tmp_path: Path) -> None:
    substrate = running_lab.plan.substrate
    was = getattr(running_lab.deployed.topology.substrates[substrate], key)
    now = "10.200.0.0/16" if key == "subnets" else was + 1000
    file, table = tmp_path / "topology.toml", f"[substrates.{substrate}]"
    before, after = deployment.topology_file().read_text().split(table)
    file.write_text(before + table + after.replace(f"{key} = {json.dumps(was)}", f"{key} = {json.dumps(now)}", 1))
    gave = type_lab("up", substrate, "--name", running_lab.lab, "--topology", str(file))
    assert gave.code == 2
    assert f"lab {running_lab.lab} stands on {key} = {was!r} and cannot move to {now!r}" in gave.err
    assert f"{file}, key substrates.{substrate}.{key}" in gave.err
    assert set(states(running_lab).values()) == {"running"}


@pytest.mark.long("vagrant")
def test_a_second_up_says_who_is_at_work(whole: Deployment, by: Deadline) -> None:
    whole.substrate.destroy(whole.lab, W2, by)
    words = ["up", whole.plan.substrate, "--name", whole.lab]
    first = subprocess.Popen(
        [sys.executable, "-m", "lab", *words], cwd=REPO, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        lock = paths.lab(whole.lab) / "lock"
        wanted = f'"verb": "up", "pid": {first.pid},'
        await_until(
            lambda: None if wanted in (told := lock.read_text()) else told, by, what="its lock", mend="", every_s=0.01
        )
        second = type_lab(*words)
        # Only looking needs no lock.
        assert status(whole)["worker-1"]["state"] == "running"
    finally:
        assert first.wait(600) == 0
    assert second.code == 2
    assert f"`lab up` (pid {first.pid}) is at work on this" in second.err
    assert_ready(whole, W2)


def test_who_only_looks_does_not_wait_for_who_is_at_work(running_lab: Deployment, by: Deadline) -> None:
    name, node = running_lab.lab, f"{running_lab.plan.substrate}/{W1}"
    with deployment.changing(name, "test", by):
        assert status(running_lab)["worker-1"]["state"] == "running"
        assert type_well("exec", "--name", name, node, "--", "hostname").out == "worker-1\n"
        said = type_well("logs", node, "--name", name)
        assert "running commit" in said.out + said.err
        refused = type_lab("kill", node, "--name", name)
    assert (refused.code, "`lab test` (pid " in refused.err) == (2, True), refused.err
