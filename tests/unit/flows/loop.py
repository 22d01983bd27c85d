"""The autoscaler's loop on paper: what it is shown, and what it asks for."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from lab.flows import autoscale, deployment, fleet
from lab.flows.autoscale import Asked, Look, _Autoscaler
from lab.flows.deployment import Deployment
from lab.flows.fleet import ScaleIn
from lab.host import processes
from lab.host.wait import await_until
from lab.loadbalancer import gauge
from lab.loadbalancer.gauge import Sample
from lab.model.deadline import Deadline
from lab.model.errors import UnknownError
from lab.model.node import Mode, NodeName, Role
from lab.scaling.limits import Limits
from lab.scaling.places import Fleet
from lab.timeline.events import Kind
from tests.unit.model.test_plan import TOPOLOGY

W1, W2, W3 = (NodeName(Role.WORKER, number) for number in (1, 2, 3))
LIMITS = Limits(least=1, most=3, target=4.0, cooldown_s=60.0)


@dataclass
class Scene:
    """What the loop is shown, and what it asked for; changes take until `may_end`."""

    lab: Deployment
    fleet: Fleet = field(default_factory=lambda: Fleet(serving=(W1,)))
    sessions: int = 0
    silent: bool = False
    asked: list[tuple[str, Any]] = field(default_factory=list)
    looks: list[Look] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    may_end: threading.Event = field(default_factory=threading.Event)
    failure: Exception | None = None

    def loop(self, limits: Limits = LIMITS) -> _Autoscaler:
        return _Autoscaler(Asked("blue", "docker", limits, ScaleIn.DELETE, 0.0), self.looks.append, self.told.append)

    def turn(self, loop: _Autoscaler, times: int = 1) -> None:
        for _ in range(times):
            loop.turn(self.lab)

    def finish(self, loop: _Autoscaler) -> None:
        """Lets what is under way end."""
        self.may_end.set()
        by = Deadline.after(10, "one change")
        await_until(lambda: None if all(work.is_done for work in loop._under_way) else "at work", by, what="", mend="")
        self.may_end.clear()

    def events(self, kind: Kind) -> list[Mapping[str, Any]]:
        return [
            {"what": event.what, **event.fields} for event in self.lab.timeline().read().events if event.kind is kind
        ]


@contextmanager
def staged(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    """A lab of one worker whose figures, fleet and changes the scene tells; its files are in this folder."""
    monkeypatch.setenv("XDG_STATE_HOME", str(folder))
    monkeypatch.setattr(autoscale, "PERIOD_S", 0.01)
    file, keys = deployment.topology_file(), dict.fromkeys(Role, "0")
    lab = deployment.intend("blue", "docker", mode=Mode.STATELESS, workers=1, topology=TOPOLOGY, file=file, keys=keys)
    scene = Scene(lab)

    def read(*_: object, **__: object) -> Sample:
        return Sample(processes.now_s(), scene.sessions, 0, 7, 12, 0, 5, {})

    def seen(*_: object) -> Fleet:
        if scene.silent:
            raise UnknownError("the load balancer does not answer", where="lab blue", mend="look")
        return scene.fleet

    def change(name: str) -> Callable[..., Deployment]:
        def changed(lab: Deployment, what: Any, *_: object, **__: object) -> Deployment:
            scene.asked.append((name, what))
            scene.may_end.wait(10)
            if scene.failure:
                raise scene.failure
            return lab

        return changed

    monkeypatch.setattr(gauge, "read", read)
    monkeypatch.setattr(fleet, "seen", seen)
    for name in ("grow", "shrink", "replace_dead", "finish", "fill_pool"):
        monkeypatch.setattr(fleet, name, change(name))
    yield scene
    scene.may_end.set()
    # What is left under way would else write into the next test's folder.
    for thread in threading.enumerate():
        if thread.name == "change":
            thread.join(10)


def at(monkeypatch: pytest.MonkeyPatch, unix_s: float, booted_s: float) -> None:
    """From now on it is so late, on the clock that is shown and on the one that decisions are made by."""
    monkeypatch.setattr(time, "time", lambda: unix_s)
    monkeypatch.setattr(processes, "now_s", lambda: booted_s)


def kinds(looks: Sequence[Look]) -> list[type]:
    return [type(look.decision) for look in looks]
