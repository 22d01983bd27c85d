"""What the kernel tells of lost packets (`tc -s qdisc show dev eth0`, iproute2 6.15)."""

from lab.faults.network import dropped

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
