"""Whom `wake` wakes, and what it is no matter of."""

from pathlib import Path

import pytest

from lab.flows import deployment, leases, readiness, sleep, up, workers
from lab.flows.deployment import Deployed, Deployment
from lab.host import http
from lab.loadbalancer.config import Server
from lab.loadbalancer.runtime import LoadBalancer
from lab.model.deadline import Deadline
from lab.model.errors import UsageError
from lab.model.node import LOADBALANCER, STORE, Mode, NodeName, Role, State
from lab.substrates import registry
from tests.unit.model.test_plan import KEYS, TOPOLOGY, make

W1, W2, W3 = (NodeName(Role.WORKER, number) for number in (1, 2, 3))
ALL = (LOADBALANCER, STORE, W1, W2)
ASLEEP = dict.fromkeys((*ALL, W3), State.SLEEPING)


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Deployment:
    """A lab with worker 3 in its pool, which nobody brought up."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    deployed = Deployed(0, Mode.STATELESS, (1, 2), TOPOLOGY, KEYS, pool=(3,))
    return Deployment("blue", registry.get("docker"), deployed, make(pool=(3,)))


def test_all_that_sleeps_is_woken_but_the_pool(lab: Deployment) -> None:
    assert sleep.sleeping(lab, ASLEEP) == [*ALL]
    assert sleep.sleeping(lab, {**ASLEEP, STORE: State.RUNNING}) == [LOADBALANCER, W1, W2]
    assert sleep.sleeping(lab, dict.fromkeys(ALL, State.RUNNING)) == []


DOWN, UP, DRAINED = (
    [Server("worker-1", first, 0, 0), Server("worker-2", second, 0, 0)]
    for first, second in (("UP", "DOWN"), ("UP", "UP"), ("UP", "DRAIN"))
)
BOTH_DRAINED = [Server("worker-1", "DRAIN", 0, 0), Server("worker-2", "MAINT", 0, 0)]
WHY = "when the lab fell asleep; `lab up docker --name blue` sees to it"


@pytest.mark.parametrize(
    ("looks", "ready", "told"),
    [
        ([DOWN, UP], [W1, W2], []),
        ([DOWN, DOWN, DRAINED], [W1], [f"worker-2 was drained {WHY}"]),
        ([DOWN, BOTH_DRAINED], [], [f"worker-1, worker-2 was drained {WHY}"]),
        ([UP[:1]], [W1], [f"worker-2 had not come into service {WHY}"]),
        ([[]], [], [f"worker-1, worker-2 had not come into service {WHY}"]),
    ],
    ids=["all serve", "one was drained, which shows once it is up", "both were", "one was never there", "none was"],
)
def test_who_was_out_of_service_when_the_lab_fell_asleep_is_told_and_not_waited_for(
    lab: Deployment,
    monkeypatch: pytest.MonkeyPatch,
    looks: list[list[Server]],
    ready: list[NodeName],
    told: list[str],
) -> None:
    left, said = list(looks), list[str]()
    front = http.Answer(http.OK if ready else 503, "")

    class Engine:
        wake = staticmethod(lambda *_: None)

    monkeypatch.setattr(deployment, "load", lambda *_: lab)
    monkeypatch.setattr(Deployment, "states", lambda *_: ASLEEP)
    monkeypatch.setattr(type(lab.substrate), "is_networked", lambda *_: True)
    monkeypatch.setattr(up, "wake", lambda *_: None)
    monkeypatch.setattr(up, "rest", lambda _: Engine())
    monkeypatch.setattr(readiness, "await_node", lambda *_: None)
    monkeypatch.setattr(readiness, "log_tail", lambda *_: "")
    monkeypatch.setattr(LoadBalancer, "servers", lambda *_: left.pop(0) if len(left) > 1 else left[0])
    monkeypatch.setattr(http, "get", lambda *_: front)
    sleep.wake(lab, said.append, Deadline.after(2, "one test"))
    assert [line for line in said if WHY in line] == told
    noted = [event.what for event in lab.timeline().read().events if event.fields.get("state") == "ready"]
    assert [name for name in noted if "worker" in name] == [str(name) for name in ready]


def test_a_lab_of_which_something_is_missing_is_not_woken(lab: Deployment) -> None:
    with pytest.raises(UsageError) as raised:
        sleep.sleeping(lab, {LOADBALANCER: State.SLEEPING, STORE: State.STOPPED, W2: State.SLEEPING})
    assert str(raised.value) == (
        "store-1 is stopped, worker-1 is absent, so there is more to do than to wake the lab\n"
        "  where: lab blue on docker\n"
        "  mend:  run `lab up docker --name blue`, which wakes what sleeps, and makes what is missing"
    )


def test_a_worker_of_the_pool_is_not_killed_nor_replaced(lab: Deployment) -> None:
    with pytest.raises(UsageError) as raised:
        workers.checked(lab, W3, "replace")
    assert str(raised.value) == (
        "worker-3 is in the warm pool: it sleeps until it is needed, and serves nobody\n"
        "  where: lab replace\n"
        "  mend:  name one of worker-1, worker-2"
    )


def test_who_is_refused_while_a_lab_falls_asleep_is_told_of_that(
    lab: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = list[str]()

    def load(name: str, _substrate: str) -> Deployment:
        for verb in ("prove", "autoscale", "refresh"):
            with pytest.raises(UsageError) as raised, leases.leased(name, verb):
                pass
            told.append(raised.value.message.partition(" (pid")[0])
        raise UsageError("seen enough", where="a test", mend="")

    monkeypatch.setattr(deployment, "load", load)
    with pytest.raises(UsageError, match="seen enough"):
        sleep.sleep(lab, told.append, Deadline.after(60, "one test"))
    assert told == ["`lab sleep`"] * 3
