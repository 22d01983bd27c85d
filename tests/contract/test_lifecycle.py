"""What every substrate must do: one body of tests on a running lab. Each test leaves the lab whole."""

import json
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from lab.comparison import belongings
from lab.flows import readiness, up
from lab.flows.deployment import Deployment
from lab.host import children
from lab.host.wait import await_until
from lab.model.deadline import Deadline
from lab.model.errors import LabError
from lab.model.node import LOADBALANCER, STORE, NodeName, State
from lab.model.plan import WORKER_PORT
from lab.traffic.visitor import Visitor
from tests.conftest import type_lab, type_well
from tests.contract.conftest import W1, W2, assert_ready, history, say_nothing, shown, status


def test_status_tells_every_node_and_the_version_it_runs(running_lab: Deployment) -> None:
    assert_ready(running_lab)
    nodes = {node["name"]: node for node in shown(running_lab)["nodes"]}
    assert set(nodes) == {"loadbalancer-1", "store-1", "worker-1", "worker-2"}
    assert {node["state"] for node in nodes.values()} == {"running"}
    for name in (W1, W2):
        url = f"http://{running_lab.plan.node(name).address}:{WORKER_PORT}"
        assert nodes[str(name)]["commit"] == httpx.get(f"{url}/whoami", timeout=30, trust_env=False).json()["commit"]


def test_status_has_the_keys_that_were_promised(running_lab: Deployment) -> None:
    name = running_lab.plan.substrate
    told = json.loads(type_well("status", name, "--json", "--name", running_lab.lab).out)
    # Keys are only ever added.
    assert told.keys() >= {"lab", "substrates"}
    assert told["lab"] == running_lab.lab
    here = told["substrates"][name]
    assert here.keys() >= {"url", "mode", "nodes"}
    assert here.get("accelerator") in (("kvm", "tcg") if running_lab.substrate.has_own_kernel else (None,))
    for node in here["nodes"]:
        assert node.keys() >= {"name", "role", "state", "ready", "commit", "address"}
        assert isinstance(node["ready"], bool)


def busy(lab: Deployment, name: NodeName, by: Deadline) -> bool:
    """Whether the load balancer has a request in flight on this worker."""
    return any(server.name == str(name) and server.sessions for server in lab.loadbalancer().servers(by) or [])


def read_slowly(url: str) -> int:
    """A read that takes its worker two seconds, on a connection of its own; gives the status."""
    return httpx.get(f"{url}/work?wait_ms=2000", timeout=30).status_code


def test_a_killed_worker_takes_nothing_with_it_and_its_successor_serves(
    whole: Deployment, visitor: Visitor, url: str, by: Deadline
) -> None:
    with ThreadPoolExecutor(max_workers=8) as readers:
        in_flight = [readers.submit(read_slowly, url) for _ in range(8)]
        await_until(lambda: None if busy(whole, W1, by) else "nothing in flight", by, what="reads in flight", mend="")
        killed = type_lab("kill", f"{whole.plan.substrate}/worker-1", "--name", whole.lab)
        assert killed.code == 0, killed.err
        assert [read.result() for read in in_flight] == [200] * 8
    assert status(whole)["worker-1"]["state"] == "absent"
    assert visitor.missing() == []
    replaced = type_lab("replace", f"{whole.plan.substrate}/worker-1", "--name", whole.lab)
    assert replaced.code == 0, replaced.err
    assert_ready(whole, W1)
    serving = {server.name for server in whole.loadbalancer().servers(by) or [] if server.is_serving}
    assert serving == {"worker-1", "worker-2"}
    assert visitor.missing() == []


@pytest.mark.long("vagrant")
def test_status_tells_what_a_hand_removed_and_up_mends_it(whole: Deployment, visitor: Visitor, by: Deadline) -> None:
    began = time.time()
    whole.substrate.destroy(whole.lab, W2, by)
    assert status(whole)["worker-2"]["state"] == "absent"
    again = type_lab("up", whole.plan.substrate, "--name", whole.lab)
    assert again.code == 0, again.err
    assert_ready(whole, W2)
    assert history(whole, began)[0]["worker-2"] == ["absent", "creating", "ready"]
    assert visitor.missing() == []


@pytest.mark.long("vagrant")
def test_a_worker_that_died_drained_serves_when_it_is_there_again(whole: Deployment, by: Deadline) -> None:
    balancer = whole.loadbalancer()
    balancer.drain(str(W2), by)
    whole.substrate.destroy(whole.lab, W2, by)

    def told() -> str:
        return next((server.status for server in balancer.servers(by) or [] if server.name == str(W2)), "nothing")

    await_until(lambda: None if told() == "DOWN" else told(), by, what="a drained worker seen to be down", mend="")
    # What `up` does in the moment before the load balancer has seen the new one.
    up.register(whole, [W2], by)
    up.create(whole, [W2], say_nothing, by)
    readiness.await_serving(whole, [W1, W2], say_nothing, by.at_most(120, "serving again"))


@pytest.mark.long("vagrant")
def test_a_worker_that_somebody_has_asked_to_end_is_made_anew(whole: Deployment, by: Deadline) -> None:
    spec = whole.plan.node(W2)
    with ThreadPoolExecutor(max_workers=1) as beside:
        ending = beside.submit(whole.substrate.stop, whole.lab, W2, by)
        await_until(
            lambda: "it is ready" if readiness.seen(whole.substrate, W2.role, spec.address, by) is None else None,
            by,
            what="a worker that has heard that it is to end",
            mend="",
        )
        # As an engine goes on that was asked by who is gone.
        assert whole.states(by)[W2] is State.RUNNING
        typed = type_lab("up", whole.plan.substrate, "--name", whole.lab)
        ending.exception()
    assert typed.code == 0, typed.err
    assert_ready(whole, W2)


def restart_with(lab: Deployment, workers: list[NodeName], by: Deadline) -> None:
    """Restarts the load balancer, which then has to serve these workers, and know no other, with nobody's help."""
    lab.substrate.restart(lab.lab, LOADBALANCER, by)
    readiness.await_serving(lab, workers, say_nothing, by)

    def probe() -> str | None:
        known = {server.name for server in lab.loadbalancer().servers(by) or []}
        return None if known == {*map(str, workers)} else f"it knows {sorted(known)}"

    await_until(probe, by.at_most(60, "60 s"), what="these workers and no other", mend="")


def test_fewer_workers_go_and_nothing_is_lost_and_a_restarted_load_balancer_knows_who_is_left_and_who_came(
    whole: Deployment, visitor: Visitor, by: Deadline
) -> None:
    """All in one: each boot costs a machine. The load balancer was made for two workers: one alone, and then the second
    one again, are in the file that it starts from only if each change of the workers was written there."""
    type_well("up", whole.plan.substrate, "--workers", "1", "--name", whole.lab)
    assert set(status(whole)) == {"loadbalancer-1", "store-1", "worker-1"}
    assert visitor.missing() == []
    restart_with(whole, [W1], by)
    type_well("up", whole.plan.substrate, "--workers", "2", "--name", whole.lab)
    restart_with(whole, [W1, W2], by)
    assert visitor.missing() == []


def test_a_bad_file_is_refused_by_the_load_balancer_and_the_one_that_it_starts_from_stays(
    running_lab: Deployment, by: Deadline
) -> None:
    node, look = running_lab.reach(LOADBALANCER), ["sh", "-c", "cd /var/lib/lab && ls -A && cat haproxy.cfg"]
    before = node.run(look, by).out
    bad = b"frontend site\n    bind :8080\n    nonsense\n"
    refused = node.run(["/usr/local/lib/lab/loadbalancer-write"], by, stdin=bad, ok={1: "refused"})
    assert "nonsense" in refused.err, "it says why"
    assert node.run(look, by).out == before


def test_two_requests_in_a_row_may_be_answered_by_different_workers(url: str) -> None:
    with httpx.Client(timeout=60) as client:
        seen = {client.get(f"{url}/whoami").json()["worker"] for _ in range(20)}
    assert seen == {"worker-1", "worker-2"}


def first_process(lab: Deployment, name: NodeName) -> tuple[int, int]:
    """When a node's oldest process on this computer began, and its pid: another one after the node was started anew."""
    return min((began, pid) for pid in belongings.of_node(lab, name) if (began := children.start_time(pid)) is not None)


def test_an_up_with_nothing_to_do_changes_nothing(running_lab: Deployment, by: Deadline) -> None:
    lab = running_lab

    def seen() -> tuple[object, ...]:
        began = {spec.name: first_process(lab, spec.name) for spec in lab.plan.nodes}
        return began, lab.substrate.nodes(lab.lab, by), lab.substrate.leftovers(by)[lab.lab], shown(lab)

    before = seen()
    told = type_well("up", lab.plan.substrate, "--dry-run", "--name", lab.lab)
    assert told.out == ""
    type_well("up", lab.plan.substrate, "--name", lab.lab)
    # A busy machine may be late with an answer once; what was changed stays changed.
    await_until(lambda: None if seen() == before else "another lab", by, what="the same lab as before", mend="")


def test_exec_passes_the_commands_own_exit_code_on(running_lab: Deployment) -> None:
    node = f"{running_lab.plan.substrate}/worker-1"
    gave = type_lab("exec", "--name", running_lab.lab, node, "--", "sh", "-c", "echo 'a  b'; exit 7")
    assert (gave.code, gave.out) == (7, "a  b\n")


def test_logs_tell_which_commit_a_worker_runs_and_a_failure_shows_their_last_lines(
    running_lab: Deployment, by: Deadline
) -> None:
    # `status` leaves it out where a busy machine does not tell it at once.
    commit = readiness.commit(running_lab.plan.node(W1).address, by, patient=True)
    assert commit
    with pytest.raises(LabError) as raised, readiness.logs_told(running_lab, [W1]):
        raise LabError("the engine gave up", where="the engine", mend="wait")
    gave = type_lab("logs", f"{running_lab.plan.substrate}/worker-1", "--name", running_lab.lab)
    said = gave.out + gave.err
    assert f"running commit {commit}" in said
    failure, title, *shown_lines = raised.value.message.splitlines()
    assert (failure, title) == ("the engine gave up", "last log lines of worker-1:")
    assert 0 < len(shown_lines) <= 20
    # What it said since is behind these.
    assert all(line.startswith("    ") and line.strip() in said for line in shown_lines), raised.value.message


def test_what_a_node_wrote_on_its_own_root_is_seen_from_outside(running_lab: Deployment, by: Deadline) -> None:
    # Workers cannot write there, so it is the store that shows that the look would find something.
    running_lab.reach(STORE).run(["sh", "-c", "echo written >/usr/local/written && sync && rm /usr/local/written"], by)
    assert running_lab.substrate.written(running_lab.lab, STORE, by)
