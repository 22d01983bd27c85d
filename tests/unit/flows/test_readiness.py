"""When a node is taken for ready, and what waits make of one that is not."""

import re
import select
import socket
import time
from contextlib import nullcontext, suppress
from pathlib import Path

import pytest

from lab.flows import readiness
from lab.flows.deployment import Deployed, Deployment
from lab.host import http, network
from lab.host.wait import await_until
from lab.loadbalancer.config import Limits, Server
from lab.loadbalancer.runtime import LoadBalancer
from lab.model.deadline import Deadline
from lab.model.errors import LabError
from lab.model.node import Mode, NodeName, Role, State
from lab.store import database
from lab.substrates import registry
from lab.substrates.base import Reach, Substrate
from tests.unit.app.process import running
from tests.unit.faults.ground import KEYS, ground
from tests.unit.model.test_plan import TOPOLOGY
from tests.unit.store.postgres import LETS_IN, STARTING, answering

# All of 127.0.0.0/8 is this computer; nothing listens at this address of it.
NOBODY = "127.31.41.59"
W1, W2 = NodeName(Role.WORKER, 1), NodeName(Role.WORKER, 2)


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


def test_who_is_in_service_need_not_wait_for_a_door_behind_which_visitors_queue(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    on = ground()
    lab = Deployment("blue", on.substrate, Deployed(0, Mode.STATELESS, (1, 2), TOPOLOGY, KEYS), on.plan)
    monkeypatch.setattr(LoadBalancer, "servers", lambda *_: [Server("worker-1", "UP", 0, 0)])
    monkeypatch.setattr(on.substrate, "url", lambda _: f"http://{NOBODY}:8080")
    monkeypatch.setattr(readiness, "log_tail", lambda *_: "its log")
    readiness.await_serving(lab, [W1], lambda _: None, Deadline.after(5, "5 s"), asks_door=False)
    for names, asks_door, seen in ([W1], True, "no answer"), ([W1, W2], False, "not in service: worker-2"):
        with pytest.raises(readiness.UnreadyError) as raised:
            readiness.await_serving(lab, names, lambda _: None, Deadline.after(0.2, "0.2 s"), asks_door=asks_door)
        assert seen in raised.value.where


def test_of_a_log_the_last_lines_are_shown_without_empty_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    on = ground()
    lab = Deployment("blue", on.substrate, Deployed(0, Mode.STATELESS, (1, 2), TOPOLOGY, KEYS), on.plan)
    monkeypatch.setattr(on.substrate, "log", lambda *_, **__: ["sh", "-c", "seq 30; echo; echo its last word >&2"])
    assert readiness.log_tail(lab, W1, lines=3) == "    29\n    30\n    its last word"
    monkeypatch.setattr(on.substrate, "log", lambda *_, **__: ["no-such-engine"])
    assert readiness.log_tail(lab, W1).startswith("    (its log cannot be read: ")


def test_a_connection_that_only_the_kernel_accepted_is_no_answer() -> None:
    with socket.create_server(("127.0.0.1", 0)) as frozen:
        port = frozen.getsockname()[1]
        assert network.answers("127.0.0.1", port, Deadline.after(30, "test"))
        assert network.reply("127.0.0.1", port, b"hello", Deadline.after(0.3, "test")) == b""


def test_a_store_is_ready_when_its_database_takes_sessions_and_its_drive_is_served(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    machines, containers = registry.get("vagrant"), registry.get("docker")
    with answering(STARTING, LETS_IN, LETS_IN) as (port, _), socket.create_server(("127.0.0.1", 0)) as source:
        monkeypatch.setattr(database, "PORT", port)
        monkeypatch.setattr(readiness, "_SOURCE_PORT", source.getsockname()[1])
        monkeypatch.setattr(type(machines), "drive_port", closed_port())

        def seen(substrate: Substrate) -> str | None:
            return readiness.seen(substrate, Role.STORE, "127.0.0.1", Deadline.after(20, "test"), patient=True)

        assert seen(containers) == "its database says: the database system is starting up"
        assert not select.select([source], [], [], 0)[0], "it was asked, which costs the store something"
        assert seen(containers) is None
        assert select.select([source], [], [], 0)[0]
        assert seen(machines) == "no answer from its drive"


def closed_port() -> int:
    """A port at which nobody listens, for it was free a moment ago."""
    with socket.create_server(("127.0.0.1", 0)) as there:
        return int(there.getsockname()[1])


@pytest.mark.parametrize(
    ("said", "mends"),
    [
        (['{"ready":true,"store":"reached"}'], True),
        (['{"ready":true,"store":"away"}', '{"ready": true, "store": "reached"}'], True),
        (["an app of a learner's own"], True),
        (['{"ready":true,"store":"away"}'] * 50, False),
    ],
)
def test_a_worker_that_tells_of_a_store_that_is_away_is_waited_for(
    said: list[str], mends: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    on, left = ground(), list(said)
    lab = Deployment("blue", on.substrate, Deployed(0, Mode.STATELESS, (1, 2), TOPOLOGY, KEYS), on.plan)
    monkeypatch.setattr(http, "get", lambda *_: http.Answer(200, left.pop(0) if len(left) > 1 else left[0]))
    with nullcontext() if mends else pytest.raises(readiness.UnreadyError, match="worker-1 reaching the store"):
        readiness.await_store_reached(lab, W1, Deadline.after(0.5, "test"))


@pytest.mark.parametrize(
    ("entries", "files", "refused"),
    [
        (200, 404, None),
        (404, 404, None),
        (503, 404, "/entries?limit=1 said 503: it said so"),
        (200, 503, "/files/awake-… said 503: it said so"),
        (200, 0, "no answer from /files/awake-…: it said so"),
    ],
)
def test_a_worker_that_woke_has_to_read_from_its_database_and_from_its_drive(
    entries: int, files: int, refused: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    on, asked = ground(), list[str]()
    lab = Deployment("blue", on.substrate, Deployed(0, Mode.STATELESS, (1, 2), TOPOLOGY, KEYS), on.plan)

    def get(url: str, _by: Deadline) -> http.Answer:
        asked.append(url)
        return http.Answer(entries if "/entries" in url else files, "it said so")

    def reach_store() -> None:
        readiness.await_store_used(lab, W1, lambda _: None, Deadline.after(0.2, "test"))

    monkeypatch.setattr(http, "get", get)
    if refused is None:
        reach_store()
        reach_store()
        assert len(set(asked)) == 3, "a name of a file that was asked for before may be remembered"
        return
    with pytest.raises(LabError, match="worker-1 reading from the store did not come about in time") as raised:
        reach_store()
    assert re.sub(r"awake-\w+", "awake-…", str(raised.value.where)) == f"last seen: {refused}"
    assert type(raised.value) is LabError, "it speaks against no version"


def test_the_app_itself_is_taken_at_its_reads_and_not_at_its_word(tmp_path: Path) -> None:
    with running(tmp_path / "disk") as app:
        app.await_ready()
        by = Deadline.after(30, "test")
        assert readiness.store_refusal(app.url, by) is None
        drive = tmp_path / "disk" / "files"
        drive.rmdir()
        drive.write_text("no folder any more")
        assert app.get("/readyz").status_code == http.OK
        refused = readiness.store_refusal(app.url, by)
    assert refused is not None
    assert re.match(r"/files/awake-\w+ said 503: .*the store does not answer: Not a directory", refused)


def test_while_an_engine_starts_nodes_it_is_told_who_is_not_ready_and_why(monkeypatch: pytest.MonkeyPatch) -> None:
    on, w2 = ground(), NodeName(Role.WORKER, 2)
    lab = Deployment("blue", on.substrate, Deployed(0, Mode.STATELESS, (1, 2), TOPOLOGY, KEYS), on.plan)
    names = {on.plan.node(name).address: name for name in (W1, w2)}
    said, looks, ready = list[str](), list[NodeName](), set[NodeName]()

    def seen(_engine: object, _role: Role, address: str, _by: Deadline) -> str | None:
        looks.append(names[address])
        return None if names[address] in ready else "no answer"

    def looked(name: NodeName, times: int) -> None:
        await_until(
            lambda: None if looks.count(name) >= times else "fewer",
            Deadline.after(10, "test"),
            what=f"{times} looks at {name}",
            mend="",
        )

    monkeypatch.setattr(readiness, "seen", seen)
    monkeypatch.setattr(readiness, "_TELL_EVERY_S", 0.02)
    with suppress(LabError), readiness.waits_told(lab, [W1, w2], said.append):
        looked(W1, 3)
        assert said == ["worker-1 is not ready yet: no answer"], "once, though it was looked for three times"
        ready.add(W1)
        looked(w2, 3)
        raise LabError("the engine gave up", where="the engine", mend="wait")
    assert said == ["worker-1 is not ready yet: no answer", "worker-2 is not ready yet: no answer"]


def test_an_engine_that_is_quick_has_nobody_told_of(monkeypatch: pytest.MonkeyPatch) -> None:
    on, looks = ground(), list[object]()
    lab = Deployment("blue", on.substrate, Deployed(0, Mode.STATELESS, (1, 2), TOPOLOGY, KEYS), on.plan)
    monkeypatch.setattr(readiness, "seen", lambda *asked: looks.append(asked))
    began = time.monotonic()
    with readiness.waits_told(lab, [W1], pytest.fail):
        pass
    assert looks == [], "nobody was looked for"
    assert time.monotonic() - began < readiness._TELL_EVERY_S / 2, "nor waited for"
