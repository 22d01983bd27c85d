"""Whom `wake` wakes, and what it is no matter of."""

from pathlib import Path

import pytest

from lab.flows import deployment, leases, sleep, workers
from lab.flows.deployment import Deployed, Deployment
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
