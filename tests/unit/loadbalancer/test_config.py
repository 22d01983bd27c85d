"""What HAProxy is given to read, and what is read from it."""

import json
import re
from dataclasses import replace

from lab.loadbalancer import config
from lab.loadbalancer.config import Difference, Limits, Server
from lab.traffic.visits import Patience
from tests.unit.model.test_plan import TOPOLOGY

LIMITS = Limits(max_connections=8, retries=2, check_interval_ms=500)
WORKERS = [("worker-1", "10.77.0.101"), ("worker-2", "10.77.0.102")]
HEADER = "pxname,svname,qcur,qmax,scur,smax,slim,stot,bin,bout,dreq,dresp,ereq,econ,eresp,wretr,wredis,status,weight"
STAT = f"""# {HEADER},hrsp_2xx,hrsp_5xx
site,FRONTEND,,,1,1,4000,2,100,200,0,0,0,,,,,OPEN,,,
workers,worker-1,2,3,8,8,8,20,100,200,,0,,3,2,0,0,UP,1,7,1
workers,worker-2,0,0,1,1,8,20,100,200,,0,,0,0,0,0,DOWN 1/2,1,19,0
workers,worker-3,0,0,0,1,8,20,100,200,,0,,0,0,0,0,DRAIN,1,20,
workers,BACKEND,0,0,1,1,400,20,100,200,0,0,,0,0,0,0,UP,2,46,1
"""


def test_every_worker_is_in_the_file_with_its_capacity() -> None:
    text = config.render(WORKERS, LIMITS, sticky=False)
    assert "server worker-1 10.77.0.101:8000\n" in text
    assert "server worker-2 10.77.0.102:8000\n" in text
    assert "maxconn 8" in text
    assert "cookie lab_worker" not in text


def test_a_worker_gets_traffic_as_long_as_it_says_that_it_is_ready() -> None:
    backend = config.render(WORKERS, LIMITS, sticky=False).partition("\nbackend workers\n")[2]
    assert "\n    option httpchk GET /readyz\n    http-check expect status 200\n" in backend


def test_what_the_load_balancer_says_itself_has_the_form_of_the_apps_errors() -> None:
    text = config.render(WORKERS, LIMITS, sticky=False)
    said = dict(re.findall(r"^    http-error status (\d+) content-type application/json .*string '(.*)'$", text, re.M))
    assert set(said) == {"400", "408", "502", "503", "504"}
    for body in said.values():
        assert json.loads(body).keys() == {"error", "mend"}


def test_the_process_that_users_reach_gives_up_root() -> None:
    text = config.render(WORKERS, LIMITS, sticky=False)
    assert "\n    user haproxy\n    group haproxy\n" in text.partition("\ndefaults")[0]


def test_only_a_request_that_changes_nothing_is_repeated_after_it_was_sent() -> None:
    assert "disable-l7-retry unless METH_GET" in config.render(WORKERS, LIMITS, sticky=False)


def test_a_sticky_lab_keeps_each_user_on_one_worker() -> None:
    text = config.render(WORKERS, LIMITS, sticky=True)
    assert "cookie lab_worker insert indirect nocache" in text
    assert "server worker-1 10.77.0.101:8000 cookie worker-1\n" in text


def test_a_worker_that_joins_is_checked_and_bounded_like_those_in_the_file() -> None:
    commands = config.addition("worker-3", "10.77.0.103", LIMITS, sticky=True).split(";")
    assert commands[0] == (
        "add server workers/worker-3 10.77.0.103:8000 check inter 500 downinter 100 fall 2 rise 1 "
        "observe layer4 error-limit 1 on-error mark-down maxconn 8 cookie worker-3"
    )
    assert commands[1:] == ["enable health workers/worker-3", "enable server workers/worker-3"]


def test_a_worker_that_was_just_woken_may_be_given_its_share_little_by_little() -> None:
    slowly = replace(LIMITS, slow_start_s=5)
    assert " on-error mark-down slowstart 5s maxconn 8" in config.addition("w", "10.77.0.103", slowly, sticky=False)
    assert " on-error mark-down slowstart 5s maxconn 8\n" in config.render(WORKERS, slowly, sticky=False)
    assert "slowstart" not in config.render(WORKERS, LIMITS, sticky=False)


def test_how_slowly_is_the_substrates_own() -> None:
    slow = TOPOLOGY.substrates["vagrant"].model_copy(update={"slow_start_s": 7})
    topology = TOPOLOGY.model_copy(update={"substrates": {**TOPOLOGY.substrates, "vagrant": slow}})
    others = replace(Limits.of(topology, "docker"), slow_start_s=7)
    assert Limits.of(topology, "vagrant") == others
    assert Limits.of(topology, "docker") != others


def test_a_worker_that_is_away_is_looked_at_more_often_and_each_is_given_seconds_to_answer() -> None:
    text = config.render(WORKERS, LIMITS, sticky=False)
    assert "inter 500 downinter 100 " in text
    assert "timeout check 3s" in text


def test_nobody_waits_for_a_worker_until_they_have_given_up() -> None:
    # Else workers that fell behind work for visitors who have left, who come again: they never catch up.
    told = re.search(r"^    timeout queue (\d+)s$", config.render(WORKERS, LIMITS, sticky=False), re.MULTILINE)
    assert told is not None
    assert 0 < float(told[1]) < Patience().answer_s


def test_a_worker_that_is_closed_keeps_what_is_in_flight() -> None:
    assert config.closing("worker-3") == "set server workers/worker-3 state maint"
    assert config.removal("worker-3").startswith("set server workers/worker-3 state maint;shutdown sessions")


def test_the_workers_are_read_from_haproxys_statistics() -> None:
    found = config.servers(STAT)
    assert found == [
        Server("worker-1", "UP", sessions=8, queued=2, requests=13, errors=6),
        Server("worker-2", "DOWN 1/2", sessions=1, queued=0, requests=19),
        Server("worker-3", "DRAIN", sessions=0, queued=0, requests=20),
    ]
    assert [server.is_serving for server in found] == [True, False, False]


def test_no_statistics_are_no_workers() -> None:
    assert config.servers("") == []


def test_the_difference_says_what_to_remove_and_what_to_add() -> None:
    running = config.servers(STAT)
    assert config.difference(running, [*WORKERS, ("worker-4", "10.77.0.104")]) == Difference(
        remove=("worker-3",), add=(("worker-4", "10.77.0.104"),), resume=("worker-2",)
    )


def test_a_worker_whose_drain_was_interrupted_is_taken_back_also_where_it_is_down_and_does_not_say_so() -> None:
    wanted = [*WORKERS, ("worker-3", "10.77.0.103")]
    difference = config.difference(config.servers(STAT), wanted)
    assert difference == Difference(remove=(), add=(), resume=("worker-2", "worker-3"))
    taken = "set server workers/worker-2 state ready;set server workers/worker-3 state ready"
    assert config.resuming(difference.resume) == taken


def test_users_are_counted_without_keeping_what_would_let_anybody_in() -> None:
    for sticky in (False, True):
        text = config.render(WORKERS, LIMITS, sticky=sticky)
        assert "stick-table type binary len 20 size 100k expire 60s\n" in text
        assert "stick store-request req.cook(lab_session),sha1\n" in text
        assert "stick store-response res.cook(lab_session),sha1 if { res.cook(lab_session) -m len ge 1 }\n" in text
        assert "stick on" not in text
        assert "stick match" not in text
