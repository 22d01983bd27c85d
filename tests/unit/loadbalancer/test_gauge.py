"""What is read from HAProxy's figures: `show_stat.csv` is what HAProxy 3.0.11 said with six requests there."""

from pathlib import Path

import pytest

from lab.loadbalancer import config, gauge
from lab.loadbalancer.gauge import Sample, ServerSample

STATISTICS = (Path(__file__).parent / "show_stat.csv").read_text()
TABLES = """# HELP haproxy_sticktable_size Stick table size.
# TYPE haproxy_sticktable_size gauge
haproxy_sticktable_size{name="workers",type="binary"} 102400
# HELP haproxy_sticktable_used Number of entries used in this stick table.
# TYPE haproxy_sticktable_used gauge
haproxy_sticktable_used{name="workers",type="binary"} 11
"""
TABLE = """# table: workers, type: binary, size:102400, used:3
0x7f7ec0e32950: key=2F22765D04931A078909145CA628D2264C852D7D use=0 exp=3961 shard=0 server_id=2 server_key=worker-2
0x7f7ec0e32ad0: key=A625406F6977D45C1391B078F4D3656E0B75BFCB use=0 exp=3983 shard=0 server_id=2 server_key=worker-2
0x7f7ec0085c10: key=86F7E437FAA5A7FCE15D1DDCB9EAEAEA377667B8 use=0 exp=2919 shard=0 server_id=12 server_key=worker-12
"""


def test_a_sample_has_each_figure_from_its_own_column() -> None:
    assert gauge.parsed(7.5, STATISTICS, TABLES) == Sample(
        at_s=7.5,
        sessions=4,
        queued=2,
        rate=12,
        response_ms=2,
        errors=1,
        users=11,
        per_server={
            "worker-1": ServerSample("UP", sessions=2, queued=0, rate=5, since_s=2),
            "worker-2": ServerSample("UP", sessions=2, queued=0, rate=5, since_s=1),
        },
    )


def test_each_worker_has_its_users_where_somebody_asked_for_them() -> None:
    found = gauge.parsed(0, STATISTICS, TABLES, config.users(TABLE)).per_server
    assert {name: server.users for name, server in found.items()} == {"worker-1": 0, "worker-2": 2}


def test_what_waits_for_one_worker_counts_as_what_waits_for_any() -> None:
    header, *rows = STATISTICS.splitlines()
    changed = [row.replace("workers,worker-1,0,", "workers,worker-1,3,") for row in rows]
    sample = gauge.parsed(0, "\n".join([header, *changed]), TABLES)
    assert (sample.queued, sample.concurrency, sample.per_server["worker-1"].queued) == (5, 9, 3)


@pytest.mark.parametrize(("column", "waited"), [("qtime", 0), ("ctime", 1), ("rtime", 1)])
def test_the_time_of_an_answer_is_from_the_request_on(column: str, waited: int) -> None:
    lines = STATISTICS.splitlines()
    place = lines[0].removeprefix("# ").split(",").index(column)
    number = next(number for number, line in enumerate(lines) if line.startswith("workers,BACKEND,"))
    cells = lines[number].split(",")
    cells[place] = "250"
    lines[number] = ",".join(cells)
    assert gauge.parsed(0, "\n".join(lines), TABLES).response_ms == 2 - waited + 250


def test_a_load_balancer_without_a_table_has_no_users() -> None:
    assert gauge.parsed(0, STATISTICS, "").users == 0


def test_users_are_counted_by_the_worker_that_answered_them_last() -> None:
    assert config.users(TABLE) == {"worker-2": 2, "worker-12": 1}
    assert config.users(TABLE)["worker-1"] == 0
    assert config.users("") == {}
