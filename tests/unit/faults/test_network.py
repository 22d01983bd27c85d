"""What the kernel tells of lost packets (`tc -s qdisc show dev eth0`, iproute2 6.15)."""

import socket
import subprocess

import pytest

from lab.faults.network import _CONNECT, Delay, dropped
from lab.model.deadline import Deadline
from lab.model.errors import LabError
from lab.model.node import NodeName
from tests.unit.faults.ground import told

LOSSY = """\
qdisc netem 8001: root refcnt 2 limit 1000 loss 10%
 Sent 9352 bytes 85 pkt (dropped 9, overlimits 0 requeues 0)
 backlog 0b 0p requeues 0
"""


def test_packets_that_were_lost_are_counted() -> None:
    assert dropped(LOSSY) == 9


def test_a_setting_alone_is_no_loss() -> None:
    assert dropped(LOSSY.replace("dropped 9", "dropped 0")) == 0


def test_what_another_queue_dropped_is_not_counted() -> None:
    assert dropped(LOSSY.replace("qdisc netem 8001:", "qdisc fq_codel 0:")) == 0


DELAYED = "qdisc netem 8001: root refcnt 2 limit 1000 delay 100ms  20ms"


def test_a_delay_is_seen_in_what_a_connection_takes_and_not_only_in_the_setting() -> None:
    on, by = told(answers={"EPOCHREALTIME": "900", "qdisc show": DELAYED}), Deadline.after(30, "one test")
    fault = Delay(on, NodeName.parse("worker-1"))
    before = fault.before(by)
    with pytest.raises(LabError, match=r"took 0\.9 ms before, and takes 0\.9 ms"):
        fault.verify(before, by)
    on.answers["EPOCHREALTIME"] = "90900"
    assert fault.verify(before, by) == f"a connection to store-1 took 0.9 ms before, and takes 90.9 ms; {DELAYED}"
    on.answers["EPOCHREALTIME"] = ""
    with pytest.raises(LabError, match="worker-1 reached no store-1"):
        fault.verify(before, by)


def test_the_shortest_of_three_connections_is_told_in_microseconds() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        ask = ["sh", "-euc", _CONNECT.format("127.0.0.1", port)]
        assert 0 < int(subprocess.check_output(ask, text=True)) < 1_000_000
    assert subprocess.check_output(ask, text=True) == ""
