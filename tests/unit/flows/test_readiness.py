"""Waits for a load balancer or a store that does not answer: what that is taken for."""

import socket

import pytest

from lab.flows import readiness
from lab.host import network
from lab.loadbalancer.config import Limits
from lab.loadbalancer.runtime import LoadBalancer
from lab.model.deadline import Deadline
from lab.model.errors import LabError
from lab.substrates.base import Reach

# All of 127.0.0.0/8 is this computer; nothing listens at this address of it.
NOBODY = "127.31.41.59"


def test_a_load_balancer_that_does_not_answer_is_not_taken_for_drained() -> None:
    reach = Reach(prefix=(), terminal=(), is_remote_shell=False, testinfra="")
    balancer = LoadBalancer(reach, NOBODY, Limits(8, 2, 500), sticky=False)
    with pytest.raises(LabError) as raised:
        readiness.await_drained(balancer, "worker-1", pytest.fail, Deadline.after(0.3, "0.3 s"))
    assert raised.value.where == "last seen: no answer from the load balancer"


def test_a_connection_that_only_the_kernel_accepted_is_no_answer() -> None:
    with socket.create_server(("127.0.0.1", 0)) as frozen:
        port = frozen.getsockname()[1]
        assert network.answers("127.0.0.1", port, Deadline.after(30, "test"))
        assert not network.answers("127.0.0.1", port, Deadline.after(0.3, "test"), b"hello")
