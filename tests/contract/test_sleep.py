"""A lab that sleeps, and workers that sleep until they are needed: what wakes is whole, itself, and on time."""

import json
import shutil
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from lab.flows import deployment, fleet, leases
from lab.flows.deployment import Deployment
from lab.flows.fleet import ScaleIn
from lab.host import http
from lab.host.wait import await_until
from lab.model.deadline import Deadline
from lab.model.node import STORE, NodeName
from lab.model.plan import WORKER_PORT
from lab.store import source
from lab.traffic.visitor import Visitor
from tests.conftest import REPO, type_lab, type_well
from tests.contract.conftest import W1, W2, W3, W4, assert_ready, history, say_nothing, status

# Longer than a clock may be wrong, so that one that nobody set would show.
ASLEEP_S = 4.0
CLOCK_WITHIN_S = 1.0
_GIT = ["setpriv", "--reuid=lab", "--regid=lab", "--clear-groups", "git", "--git-dir=/srv/store/source/app.git"]
# What makes a node this one and no other: in words, and how it is asked.
OF_ANY_NODE = {"name": "cat /proc/sys/kernel/hostname"}
OF_A_MACHINE = {
    "machine id": "cat /etc/machine-id",
    "host key": "sha256sum </run/lab/ssh_host_ed25519_key",
    "boot": "cat /proc/sys/kernel/random/boot_id",
}


def states(lab: Deployment) -> set[object]:
    return {node["state"] for node in status(lab).values()}


def stay_asleep() -> None:
    """Lets the time pass for which the sleepers' clocks stand still."""
    until = time.monotonic() + ASLEEP_S
    by = Deadline.after(2 * ASLEEP_S, "a nap")
    await_until(lambda: None if time.monotonic() > until else "asleep", by, what="the end of the nap", mend="")


def assert_on_time(lab: Deployment, names: list[NodeName], by: Deadline) -> None:
    """Asks over a connection that is open already, so that what it takes to connect is no part of the difference."""
    for name in names:
        reach = lab.reach(name)
        reach.run(["true"], by)
        before = time.time()
        told = float(reach.run(["date", "+%s.%N"], by).out)
        assert before - CLOCK_WITHIN_S <= told <= time.time() + CLOCK_WITHIN_S, name


def test_a_lab_falls_asleep_and_wakes_with_all_that_it_held(whole: Deployment, visitor: Visitor, by: Deadline) -> None:
    lab, name, began = whole, whole.plan.substrate, time.time()
    told = type_well("sleep", name, "--dry-run", "--name", lab.lab).out.splitlines()
    assert told == [
        f"{name}: would put worker-1, worker-2 to sleep",
        f"{name}: would put loadbalancer-1 to sleep",
        f"{name}: would put store-1 to sleep",
    ]
    assert states(lab) == {"running"}
    type_well("sleep", name, "--name", lab.lab)
    assert states(lab) == {"sleeping"}
    assert not any(node["ready"] for node in status(lab).values())
    again = type_well("sleep", name, "--name", lab.lab)
    assert "to sleep" not in again.err
    stay_asleep()
    woken = type_well("wake", name, "--name", lab.lab)
    assert woken.out == f"{name}: {lab.substrate.url(lab.plan)}\n"
    assert visitor.missing() == []
    visitor.write_entry("after the night")
    visitor.write_file(b"after the night")
    assert visitor.missing() == []
    assert_ready(lab)
    assert_on_time(lab, [spec.name for spec in lab.plan.nodes], by)
    assert type_well("wake", name, "--dry-run", "--name", lab.lab).out == ""
    type_well("wake", name, "--name", lab.lab)
    nodes, done = history(lab, began)
    assert nodes == {str(spec.name): ["sleeping", "waking", "ready"] for spec in lab.plan.nodes}
    assert done == ["sleep", "sleep", "wake", "wake"]


@pytest.mark.long("vagrant")
def test_a_worker_that_had_not_come_into_service_does_not_keep_the_lab_from_waking(
    whole: Deployment, visitor: Visitor, by: Deadline
) -> None:
    name, balancer = whole.plan.substrate, whole.loadbalancer()
    # As one that was killed left it, which had made a worker and was about to bring it into service.
    balancer.remove("worker-2", by)
    type_well("sleep", name, "--name", whole.lab)
    woken = type_well("wake", name, "--name", whole.lab)
    assert f"worker-2 had not come into service when the lab fell asleep; {whole.typed('up @')} sees to it" in woken.err
    assert visitor.missing() == []
    assert {server.name for server in balancer.servers(by) or [] if server.is_serving} == {"worker-1"}
    type_well("up", name, "--name", whole.lab)
    assert {server.name for server in balancer.servers(by) or [] if server.is_serving} == {"worker-1", "worker-2"}


def test_up_wakes_a_sleeping_lab_and_makes_what_is_missing(whole: Deployment, visitor: Visitor, by: Deadline) -> None:
    lab, name = whole, whole.plan.substrate
    type_well("sleep", name, "--name", lab.lab)
    lab.substrate.destroy(lab.lab, W2, by)
    refused = type_lab("wake", name, "--name", lab.lab)
    assert refused.code == 2
    assert "error: worker-2 is absent, so there is more to do than to wake the lab" in refused.err
    assert f"lab up {name} --name {lab.lab}" in refused.err
    assert states(lab) == {"sleeping", "absent"}
    stay_asleep()
    told = type_well("up", name, "--dry-run", "--name", lab.lab).out
    assert f"{name}: would wake store-1\n" in told
    assert f"{name}: would make worker-2\n" in told
    type_well("up", name, "--name", lab.lab)
    assert_ready(lab)
    assert visitor.missing() == []
    assert_on_time(lab, [spec.name for spec in lab.plan.nodes], by)


def test_a_lab_at_which_somebody_is_at_work_does_not_go_to_sleep(running_lab: Deployment) -> None:
    with leases.leased(running_lab.lab, "prove"):
        refused = type_lab("sleep", running_lab.plan.substrate, "--name", running_lab.lab)
    assert refused.code == 2
    assert "`lab prove` (pid " in refused.err
    assert states(running_lab) == {"running"}


@pytest.fixture(scope="module")
def filled(running_lab: Deployment) -> Iterator[Deployment]:
    """The lab with two workers in its warm pool, booted once for all tests here that are about it."""
    lab, name = running_lab, running_lab.plan.substrate
    yield fleet.fill_pool(lab, 2, say_nothing, Deadline.after(900, "the warm pool"))
    deployment.restaff(lab, [1, 2], pool=[])
    type_well("up", name, "--workers", "2", "--name", lab.lab)


@pytest.fixture
def pooled(filled: Deployment, whole: Deployment, by: Deadline) -> Deployment:
    """That lab, with its pool asleep also where the test before left it otherwise."""
    deployment.restaff(whole, [1, 2], pool=[3, 4])
    return fleet.fill_pool(filled, 2, say_nothing, by)


@pytest.mark.long("vagrant")
def test_the_warm_pool_sleeps_serves_nobody_and_is_left_alone(pooled: Deployment, by: Deadline) -> None:
    def seen() -> tuple[object, ...]:
        pool = {name: node for name, node in status(pooled).items() if node["in_pool"]}
        return pool, fleet.pool(pooled, by), sorted(one.name for one in pooled.loadbalancer().servers(by) or [])

    pool, asleep, serving = before = seen()
    assert isinstance(pool, dict)
    assert {name: (node["state"], node["ready"]) for name, node in pool.items()} == {
        "worker-3": ("sleeping", False),
        "worker-4": ("sleeping", False),
    }
    assert (asleep, serving) == ((W3, W4), ["worker-1", "worker-2"])
    assert type_well("up", pooled.plan.substrate, "--dry-run", "--name", pooled.lab).out == ""
    type_well("up", pooled.plan.substrate, "--name", pooled.lab)
    assert seen() == before
    killed = type_lab("kill", f"{pooled.plan.substrate}/worker-3", "--name", pooled.lab)
    assert (killed.code, "worker-3 is in the warm pool" in killed.err) == (2, True)
    type_well("sleep", pooled.plan.substrate, "--name", pooled.lab)
    type_well("wake", pooled.plan.substrate, "--name", pooled.lab)
    assert seen() == before


@pytest.fixture
def newer(pooled: Deployment, tmp_path: Path, by: Deadline) -> Iterator[str]:
    """A commit that is pushed while the pool sleeps; the source's history is put back afterwards."""
    app = tmp_path / "app"
    shutil.copytree(REPO / "app", app)
    (app / "app.py").write_text((REPO / "app" / "app.py").read_text() + "\n# newer\n")
    store = pooled.reach(STORE)
    before = store.run([*_GIT, "rev-parse", "main"], by).out.strip()
    yield source.push(store, app, "A newer app", by)
    store.run([*_GIT, "update-ref", "refs/heads/main", before], by)


def identity(lab: Deployment, name: NodeName, by: Deadline) -> dict[str, str]:
    asked = {**OF_ANY_NODE, **(OF_A_MACHINE if lab.substrate.has_own_kernel else {})}
    return {word: lab.reach(name).run(["sh", "-c", script], by).out.strip() for word, script in asked.items()}


@pytest.mark.long("vagrant")
def test_a_woken_worker_is_itself_on_time_and_has_the_newest_source_and_the_store(
    pooled: Deployment, newer: str, url: str, by: Deadline
) -> None:
    stay_asleep()
    lab = fleet.grow(pooled, 2, say_nothing, by)
    assert fleet.seen(lab, by).serving == (W1, W2, W3, W4)
    assert_on_time(lab, [W3, W4], by)
    shown = status(lab)
    assert {shown[str(name)]["commit"] for name in (W3, W4)} == {newer}
    assert shown["worker-1"]["commit"] != newer

    everybody = [identity(lab, name, by) for name in (W1, W2, W3, W4)]
    for word in everybody[0]:
        assert len({one[word] for one in everybody}) == 4, word
    everywhere = Visitor(url)
    for name in (W3, W4):
        address = f"http://{lab.plan.node(name).address}:{WORKER_PORT}"
        assert json.loads(http.get(f"{address}/whoami", by).text)["worker"] == str(name)
        straight = Visitor(address)
        straight.log_in()
        assert straight.write_entry(f"from {name}") == straight.write_file(f"from {name}".encode()) == str(name)
        everywhere.notes.entries |= straight.notes.entries
        everywhere.notes.files |= straight.notes.files
    assert everywhere.missing() == []

    with ThreadPoolExecutor(2) as both:
        back = [both.submit(fleet.shrink, lab, name, ScaleIn.SLEEP, 300, say_nothing, by) for name in (W3, W4)]
        assert all(one.result() for one in back)
    assert fleet.pool(lab, by) == (W3, W4)
    assert fleet.seen(lab, by).serving == (W1, W2)
