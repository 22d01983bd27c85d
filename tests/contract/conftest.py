"""A running lab for tests that change it: each leaves it whole."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from lab.flows.deployment import Deployment
from lab.host.wait import await_until
from lab.model.deadline import Deadline
from lab.model.node import STORE, NodeName, Role
from lab.model.plan import WORKER_PORT
from lab.substrates.base import HasRoot
from lab.timeline.events import Kind
from lab.traffic.visitor import Visitor
from tests.conftest import type_well

W1, W2, W3, W4 = (NodeName(Role.WORKER, number) for number in range(1, 5))

Saw = Callable[[str], None]

_DAEMON = "/usr/lib/git-core/git-daemon"
# Its pattern does not match the shell that runs this.
_AWAY = f"mv {_DAEMON} {_DAEMON}.away; kill $(grep -lz 'git-core/git[-]daemon$' /proc/[0-9]*/cmdline | cut -d/ -f3)"
_BACK = f"[ ! -e {_DAEMON}.away ] || mv {_DAEMON}.away {_DAEMON}"


def say_nothing(_step: str) -> None:
    """Steps are not looked at here."""


@pytest.fixture
def by() -> Deadline:
    return Deadline.after(900, "one test")


@pytest.fixture
def saw(record_property: Callable[[str, object], None]) -> Saw:
    """Takes the figures that a test saw, in words: they stand beside its outcome in docs/long.md."""
    return lambda words: record_property("saw", words)


@pytest.fixture
def whole(running_lab: Deployment) -> Iterator[Deployment]:
    """The lab, brought back to what it should be after the test, whatever the test did."""
    yield running_lab
    type_well("up", running_lab.plan.substrate, "--workers", "2", "--name", running_lab.lab)


@pytest.fixture
def visitor(url: str) -> Visitor:
    """A visitor who is logged in and wrote ten entries and two files."""
    visitor = Visitor(url)
    visitor.log_in()
    for number in range(10):
        visitor.write_entry(f"entry {number}")
    for number in range(2):
        visitor.write_file(f"file {number}".encode() * 500)
    return visitor


def take_source_away(lab: Deployment, by: Deadline) -> None:
    """The lab's source service answers nobody until it is brought back."""
    _as_root_of_the_store(lab, _AWAY, by)


def bring_source_back(lab: Deployment, by: Deadline) -> None:
    """The lab's source service answers soon, if it was taken away."""
    _as_root_of_the_store(lab, _BACK, by)


def _as_root_of_the_store(lab: Deployment, script: str, by: Deadline) -> None:
    assert isinstance(lab.substrate, HasRoot)
    lab.substrate.root(lab.lab, STORE).run(["sh", "-euc", script], by)


def history(lab: Deployment, since: float) -> tuple[dict[str, list[str]], list[str]]:
    """What the lab's timeline tells since a Unix time: the states of each node, and what somebody did."""
    nodes: dict[str, list[str]] = {}
    events = [event for event in lab.timeline().read().events if event.at >= round(since, 3)]
    for event in events:
        if event.kind is Kind.NODE:
            nodes.setdefault(event.what, []).append(event.fields["state"])
    return nodes, [event.what for event in events if event.kind is Kind.CHANGE]


def status(lab: Deployment) -> dict[str, dict[str, object]]:
    """`status --json` of the lab's nodes, by name."""
    gave = type_well("status", lab.plan.substrate, "--json", "--name", lab.lab)
    nodes = json.loads(gave.out)["substrates"][lab.plan.substrate]["nodes"]
    return {node["name"]: node for node in nodes}


def shown(lab: Deployment) -> dict[str, Any]:
    """`status --json` of the lab on its substrate, once busy nodes have told it their versions in its half a second."""
    told: dict[str, Any] = {}

    def probe() -> str | None:
        gave = type_well("status", lab.plan.substrate, "--json", "--name", lab.lab)
        told.update(json.loads(gave.out)["substrates"][lab.plan.substrate])
        silent = [node["name"] for node in told["nodes"] if node["role"] == Role.WORKER and not node["commit"]]
        return None if "newest" in told and not silent else f"it does not say: {silent}"

    await_until(probe, Deadline.after(60, "one question"), what="the versions in status", mend="")
    return told


def assert_ready(lab: Deployment, *names: NodeName) -> None:
    """These nodes are ready, all where none is named, and `status` says so. It gives each half a second; a worker that
    a busy computer keeps from answering in that time is asked itself, patiently, and has to be ready by then."""

    names = names or tuple(spec.name for spec in lab.plan.nodes)

    def probe() -> str | None:
        told = status(lab)
        late = [name for name in names if not told[str(name)]["ready"]]
        for name in [each for each in late if each.role is Role.WORKER]:
            url = f"http://{lab.plan.node(name).address}:{WORKER_PORT}/readyz"
            assert httpx.get(url, timeout=30, trust_env=False).status_code == 200, name
        return f"{late} did not answer" if late else None

    await_until(probe, Deadline.after(60, "one question"), what="ready nodes in status", mend="")
