"""A lab that stands on paper, for refreshes of it: where its workers are, what comes to them, and what is wrong."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from lab.flows import acceptance, deploy, deployment, fleet, readiness, refresh, unfinished
from lab.flows.deployment import Deployed, Deployment
from lab.flows.fleet import ScaleIn
from lab.flows.readiness import UnreadyError
from lab.host import paths
from lab.host.wait import await_until
from lab.loadbalancer.config import Server
from lab.model.deadline import Deadline
from lab.model.errors import LabError, UnknownError
from lab.model.node import Mode, NodeName, Role, State
from lab.scaling.places import Fleet
from lab.scaling.rolling import Served
from lab.store.source import Version
from lab.substrates.base import Report
from tests.unit.faults.ground import KEYS, ground, planned
from tests.unit.model.test_plan import TOPOLOGY

OLD, NEW = Version("a" * 40, "t1", 1, "First"), Version("b" * 40, "t2", 2, "Second")
W1, W2, W3 = (NodeName(Role.WORKER, number) for number in (1, 2, 3))


@dataclass
class Paper:
    """A lab: which commit each worker runs, who serves, what the load balancer counted, and what is `wrong` with the
    commit that is `bad`; `said` is what the refresh reported; `at_lock` is what others do to the lab while it waits for
    the lock to remove a worker. Whom it launches, checks or admits at one of the steps in `killed` is removed by
    somebody then, and `store` is what is seen of a store that is not ready.

    While anybody looks at the load balancer, ten requests come to each worker that serves.
    """

    workers: dict[NodeName, str] = field(default_factory=lambda: dict.fromkeys((W1, W2), OLD.commit))
    serving: set[NodeName] = field(default_factory=lambda: {W1, W2})
    counted: dict[str, Served] = field(default_factory=dict)
    history: list[Version] = field(default_factory=lambda: [NEW, OLD])
    wrong: str = ""
    bad: str = NEW.commit
    fewest: int = 100
    log: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    at_lock: Callable[[NodeName], object] = lambda _: None
    killed: set[str] = field(default_factory=set)
    store: str | None = None
    gone: set[NodeName] = field(default_factory=set)

    def lab(self, mode: Mode = Mode.STATELESS) -> Deployment:
        numbers = tuple(sorted(name.index for name in self.workers))
        return Deployment("blue", ground().substrate, Deployed(0, mode, numbers, TOPOLOGY, KEYS), planned(numbers))

    def is_bad(self, name: NodeName) -> bool:
        return self.workers[name] == self.bad

    def seen(self, _lab: Deployment, _by: Deadline) -> Fleet:
        self.fewest = min(self.fewest, len(self.serving))
        serving, others = self.serving - self.gone, self.workers.keys() - self.serving - self.gone
        return Fleet(tuple(sorted(serving)), tuple(sorted(others)), dead=tuple(sorted(self.gone)))

    def states(self, _by: Deadline) -> dict[NodeName, State]:
        return dict.fromkeys(self.workers.keys() - self.gone, State.RUNNING)

    def is_killed(self, step: str, name: NodeName) -> bool:
        self.log.append(f"{step} {name}")
        is_killed = self.log[-1] in self.killed
        self.killed.discard(self.log[-1])
        self.gone |= {name} if is_killed else set()
        return is_killed

    def launch(
        self, _lab: Deployment, count: int, _report: Report, by: Deadline, *, unchecked: bool
    ) -> tuple[Deployment, tuple[NodeName, ...]]:
        assert (count, unchecked) == (1, True)
        name = next(name for name in (NodeName(Role.WORKER, n) for n in range(1, 9)) if name not in self.workers)
        unfinished.launched("blue", "docker", [name])
        self.workers[name] = self.history[0].commit
        if self.is_killed("launch", name):
            raise UnreadyError(f"{name} did not become ready: no answer", where="here", mend="read its log")
        if self.wrong == "cut off":
            raise KeyboardInterrupt
        if self.wrong == "no engine":
            raise UnknownError("the engine does not answer", where="here", mend="start it")
        if self.wrong == "never ready" and self.is_bad(name):
            raise UnreadyError(f"{name} did not become ready ({by.label})", where="here", mend="read its log")
        if self.wrong == "full disk":
            raise LabError("no space left on device", where="the engine", mend="make room")
        return self.lab(), (name,)

    def refusal(self, url: str, name: NodeName, commits: set[str], _by: Deadline) -> str | None:
        assert url.endswith(":8000")
        assert self.workers[name] in commits
        if self.is_killed("check", name):
            return "GET /whoami had no answer"
        return "POST /entries said 500: oh" if self.wrong == "answers 500" and self.is_bad(name) else None

    def admit(self, _lab: Deployment, names: Sequence[NodeName], _report: Report, _by: Deadline) -> Deployment:
        assert not unfinished.unchecked_of("blue", "docker").intersection(names)
        for name in names:
            if self.is_killed("admit", name):
                raise UnreadyError("traffic did not come about in time", where="here", mend="look")
            self.serving.add(name)
        return self.lab()

    def shrink(
        self,
        lab: Deployment,
        victim: NodeName,
        how: ScaleIn,
        _delay_s: float,
        _report: Report,
        by: Deadline,
        *,
        was: str,
        least: int,
    ) -> Deployment:
        assert how is ScaleIn.DELETE
        self.at_lock(victim)
        found = fleet.seen(lab, by)
        if found.place_of(victim) != was or (was != "dead" and len({*found.serving} - {victim}) < least):
            self.log.append(f"spare {victim}")
            return self.lab()
        del self.workers[victim]
        self.serving.discard(victim)
        self.gone.discard(victim)
        self.counted.pop(str(victim), None)
        unfinished.settled("blue", "docker", [victim])
        self.log.append(f"leave {victim}")
        return self.lab()

    def servers(self, _by: Deadline) -> list[Server]:
        for name in self.serving:
            errors = 5 if self.wrong == "some requests" and self.is_bad(name) else 0
            self.counted[str(name)] = self.counted.get(str(name), Served()) + Served(10, errors)
        return [Server(name, "UP", 0, 0, got.requests, got.errors) for name, got in self.counted.items()]

    def bring_back(self, _lab: Deployment, version: Version, _message: str | None, _by: Deadline) -> list[Version]:
        self.log.append(f"back to {version.message}")
        self.history = [Version("c" * 40, version.tree, 3, "Back"), *self.history]
        return self.history


def laid_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Paper:
    """A lab on paper that a refresh takes for one that is up."""
    paper = Paper()
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    paths.lab("blue").mkdir(parents=True)
    monkeypatch.setattr(deployment, "load", lambda *_: paper.lab())
    for name in ("seen", "launch", "admit", "shrink"):
        monkeypatch.setattr(fleet, name, getattr(paper, name))
    monkeypatch.setattr(acceptance, "refusal", paper.refusal)
    monkeypatch.setattr(deploy, "versions", lambda *_: paper.history)
    monkeypatch.setattr(deploy, "running", lambda *_: dict(paper.workers))
    monkeypatch.setattr(deploy, "bring_back", paper.bring_back)
    monkeypatch.setattr(Deployment, "loadbalancer", lambda _: paper)
    monkeypatch.setattr(Deployment, "states", paper.states)
    monkeypatch.setattr(readiness, "seen", lambda *_, **__: paper.store)
    # On paper nothing takes time, so each look can follow the one before at once.
    monkeypatch.setattr(refresh, "await_until", lambda *what, **words: await_until(*what, **words | {"every_s": 0.01}))
    return paper


def have(paper: Paper, name: NodeName, commit: str) -> None:
    """A worker of this version is there and serves."""
    paper.workers[name] = commit
    paper.serving.add(name)


def refreshed(paper: Paper, mode: Mode = Mode.STATELESS) -> refresh.Refreshed:
    return refresh.refresh(paper.lab(mode), 10, paper.said.append, Deadline.after(60, "a refresh"))


def told(paper: Paper) -> list[str]:
    return [event.what for event in paper.lab().timeline().read().events]
