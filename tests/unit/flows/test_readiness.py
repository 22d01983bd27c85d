"""Waits for a load balancer or a store that does not answer: what that is taken for."""

import socket

import pytest

from lab.flows import readiness
from lab.flows.deployment import Deployed, Deployment
from lab.host import network
from lab.loadbalancer.config import Limits
from lab.loadbalancer.runtime import LoadBalancer
from lab.model.deadline import Deadline
from lab.model.errors import LabError
from lab.model.node import Mode, NodeName, Role, State
from lab.substrates.base import Reach
from tests.unit.faults.ground import KEYS, ground
from tests.unit.model.test_plan import TOPOLOGY

# All of 127.0.0.0/8 is this computer; nothing listens at this address of it.
NOBODY = "127.31.41.59"
W1 = NodeName(Role.WORKER, 1)


def test_a_load_balancer_that_does_not_answer_is_not_taken_for_drained() -> None:
    reach = Reach(prefix=(), terminal=(), is_remote_shell=False, testinfra="")
    balancer = LoadBalancer(reach, NOBODY, Limits(8, 2, 500), sticky=False)
    with pytest.raises(LabError) as raised:
        readiness.await_drained(balancer, "worker-1", pytest.fail, Deadline.after(0.3, "0.3 s"))
    assert raised.value.where == "last seen: no answer from the load balancer"


@pytest.mark.parametrize("state", [State.RUNNING, State.STOPPED])
def test_who_was_started_and_is_not_ready_is_told_from_an_engine_that_fails(
    state: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    on = ground()
    lab = Deployment("blue", on.substrate, Deployed(0, Mode.STATELESS, (1, 2), TOPOLOGY, KEYS), on.plan)
    monkeypatch.setattr(readiness, "seen", lambda *_, **__: "no answer")
    monkeypatch.setattr(readiness, "log_tail", lambda *_: "its log")

    def failing(*_: object) -> dict[NodeName, State]:
        raise LabError("the disk is full", where="the engine", mend="make room")

    monkeypatch.setattr(Deployment, "states", lambda *_: {W1: state})
    with pytest.raises(readiness.UnreadyError, match=r"^worker-1 did not become ready: no answer\nits log\n"):
        readiness.await_node(lab, W1, lambda _: None, Deadline.after(0.2, "0.2 s"))
    with pytest.raises(readiness.UnreadyError, match=r"^traffic through the load balancer did not come about in time"):
        readiness.await_serving(lab, [W1], lambda _: None, Deadline.after(0.2, "0.2 s"))
    monkeypatch.setattr(Deployment, "states", failing)
    with pytest.raises(LabError, match="the disk is full") as raised:
        readiness.await_node(lab, W1, lambda _: None, Deadline.after(0.2, "0.2 s"))
    assert type(raised.value) is LabError


def test_a_connection_that_only_the_kernel_accepted_is_no_answer() -> None:
    with socket.create_server(("127.0.0.1", 0)) as frozen:
        port = frozen.getsockname()[1]
        assert network.answers("127.0.0.1", port, Deadline.after(30, "test"))
        assert not network.answers("127.0.0.1", port, Deadline.after(0.3, "test"), b"hello")
