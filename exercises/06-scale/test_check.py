"""Scale out and in: what the autoscaler saw, decided and did, as the lab's timeline has it."""

import re
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from lab.exercise.scene import Look, Scene
from lab.flows import autoscaler
from lab.flows.autoscaler import LEASE
from lab.model.node import READY
from lab.scaling.limits import SUDDEN
from lab.timeline.events import Event, Kind

_COMING_S = 5.0
"""Whoever has visitors come notes each second what they got."""

_BACK_S = 240.0
"""For three workers that go one by one, after a minute each, at most."""

# What the text has people type, also where the processor is emulated, and a worker takes long to come.
_SCALE = "autoscale @ --max 3 --cooldown 15"
_LOAD = "load @ --base 5 --peak 25 --work 50 --duration 40"
_SLOW_SCALE = f"{_SCALE} --warm-pool 2 --scale-in sleep"
_SLOW_LOAD = "load @ --base 0.5 --peak 2 --work 1000 --duration 400"
_EMULATED = "tcg"

_FIRST = "worker-1"
_LIMITS = re.compile(r"began: (\d+) to (\d+) workers, ([\d.]+) requests at a time")
_FAILED = re.compile(r"([\d,]+) of [\d,]+ requests failed")


@dataclass(frozen=True)
class Limits:
    """What an autoscaler was told: workers at least and at most, and requests at a time for each."""

    least: int
    most: int
    target: float


@dataclass(frozen=True)
class Story:
    """What happened to the lab since the learner began: its events, in order of time. Pure."""

    events: Sequence[Event]

    def _of(self, kind: Kind, what: str) -> list[Event]:
        return [event for event in self.events if event.kind is kind and event.what.startswith(what)]

    @property
    def limits(self) -> Limits | None:
        """Those of the autoscaler that began last; None where none did."""
        told = (_LIMITS.match(str(event.fields.get("why"))) for event in reversed(self._of(Kind.CHANGE, LEASE)))
        last = next(filter(None, told), None)
        return Limits(int(last[1]), int(last[2]), float(last[3])) if last else None

    @property
    def looks(self) -> list[Event]:
        """What the autoscaler saw, second by second."""
        return self._of(Kind.SAMPLE, LEASE)

    @property
    def visits(self) -> list[Event]:
        """What visitors got, second by second."""
        return self._of(Kind.SAMPLE, "visitors")

    @property
    def grown(self) -> list[Event]:
        """The decisions to add workers since so many requests were there, not since --min asks for so many workers."""
        return [event for event in self._of(Kind.DECISION, "add ") if "requests at a time" in str(event.fields["why"])]

    @property
    def helped(self) -> Event | None:
        """The first look after such a decision in which more workers served than at that time."""
        for decision in self.grown:
            before = [look for look in self.looks if look.at <= decision.at]
            served = int(before[-1].fields["workers"]) if before else 1
            later = (look for look in self.looks if look.at > decision.at and look.fields["workers"] > served)
            if (found := next(later, None)) is not None:
                return found
        return None

    @property
    def taken_back(self) -> list[Event]:
        """The decisions to remove a worker since the others were enough for the load, after one had helped."""
        since = self.helped.at if self.helped else float("inf")
        return [
            event
            for event in self._of(Kind.DECISION, "remove ")
            if event.at > since and " fit " in str(event.fields["why"])
        ]

    @property
    def busiest(self) -> float:
        """The most requests at a time that a worker had to take, as the autoscaler saw it."""
        return max(map(each, self.looks), default=0.0)

    @property
    def help_s(self) -> float | None:
        """How long after the breach that is called sudden another worker served."""
        if (helped := self.helped) is None or (limits := self.limits) is None:
            return None
        last = max((look.at for look in self.looks if look.at < helped.at and each(look) < limits.target), default=0.0)
        crowd = (look.at for look in self.looks if last < look.at < helped.at and each(look) >= SUDDEN * limits.target)
        began = next(crowd, None)
        return None if began is None else round(helped.at - began, 1)

    def is_coming(self, now: float) -> bool:
        """Whether visitors are coming at this Unix time: the last load has not ended, and was not killed."""
        loads = self._of(Kind.CHANGE, "load")
        if not loads or not str(loads[-1].fields.get("why")).startswith("began"):
            return False
        return max(event.at for event in [*loads, *self.visits]) > now - _COMING_S

    @property
    def failed(self) -> int | None:
        """How many requests failed of the load that has ended last."""
        told = (_FAILED.search(str(event.fields.get("why"))) for event in reversed(self._of(Kind.CHANGE, "load")))
        last = next(filter(None, told), None)
        return int(last[1].replace(",", "")) if last else None

    @property
    def newcomers(self) -> list[str]:
        """The workers besides the first that came into service, whoever asked for them."""
        came = [one.what for one in self._of(Kind.NODE, "worker-") if one.fields.get("state") == READY]
        return [name for name in came if name != _FIRST]


def each(look: Event) -> float:
    """Requests at a time for each worker that served."""
    return float(look.fields["sessions"] + look.fields["queue"]) / max(int(look.fields["workers"]), 1)


def story(events: Iterable[Event], since: float) -> Story:
    """The story since a Unix time."""
    return Story([event for event in events if event.at >= since])


def _told(scene: Scene) -> Story:
    return story(scene.lab.timeline().read().events, scene.started_at)


def test_workers_came_for_the_crowd(scene: Scene, look: Look) -> None:
    """Visitors came, and the autoscaler added workers for them"""
    look.at("the timeline of lab {lab}: what the autoscaler saw and decided")
    told = _told(scene)
    limits = told.limits
    scale, load = commands(scene.lab.substrate.known_accelerator())
    look.note(scale=scene.typed(scale), load=scene.typed(load))
    look.note(autoscaler=limits is not None, visitors=bool(told.visits))
    look.note(asked=bool(told.grown), grew=told.helped is not None)
    if limits is not None:
        look.note(least=limits.least, most=limits.most)
    if (help_s := told.help_s) is not None:
        look.note(help_s=help_s)
    look.expect(
        told.helped is not None,
        saw=f"{len(told.grown)} decisions to add workers for visitors; {told.busiest:.0f} requests at a time for one "
        "worker at most",
        expected="a crowd, a decision to add workers for it, and a worker more that served",
        says=not_grown(told),
    )


def commands(accelerator: str | None) -> tuple[str, str]:
    """What begins an autoscaler here, and what brings a crowd for which one worker is too few. Pure."""
    return (_SLOW_SCALE, _SLOW_LOAD) if accelerator == _EMULATED else (_SCALE, _LOAD)


def not_grown(told: Story) -> str:
    """What it means that no worker came for a crowd. Pure."""
    limits = told.limits
    if limits is None:
        return _nobody_watched(told)
    if not told.visits:
        return "An autoscaler watches, and nobody comes. Have visitors come: `lab load`."
    if told.grown:
        return (
            "The autoscaler asked for workers, and none of them served before the crowd was gone. Have the visitors "
            "come once more, and for longer: `lab load` has --duration."
        )
    if limits.most == 1 and told.busiest >= SUDDEN * limits.target:
        return (
            "The autoscaler saw the crowd and did nothing, since you allowed it one worker at most (--max 1). The "
            "visitors waited. Who autoscales has to leave room to grow."
        )
    if limits.least > 1:
        return (
            f"There were {limits.least} workers because of --min, before anybody came, and they will be there when "
            "nobody does. That is having enough for the worst day, every day. Let the crowd call them."
        )
    return (
        f"One worker was enough for these visitors: it never had more than {told.busiest:.0f} requests at a time, and "
        f"is meant to have {limits.target:g}. A crowd is at least {SUDDEN:g} times that, for three seconds."
    )


def _nobody_watched(told: Story) -> str:
    if told.newcomers:
        return (
            "Workers came because you said so. You knew when the visitors would come, and how many; who runs a site "
            "does not, and sleeps at night. Let an autoscaler watch."
        )
    if told.visits:
        return "Visitors came, and nobody was there to see that one worker is too few. Let an autoscaler watch."
    return "Nobody watches this lab yet, and nobody visits it."


def test_they_went_when_it_had_gone(scene: Scene, look: Look) -> None:
    """When the crowd had gone, the autoscaler took its workers back"""
    look.at("who serves, and whether an autoscaler is at work")
    told = _told(scene)
    is_coming = told.is_coming(time.time())
    is_at_work = autoscaler.running(scene.name, scene.substrate) is not None
    least = told.limits.least if told.limits else 1
    if told.helped and is_at_work and not is_coming:
        _await_few(scene, look, least)
        told = _told(scene)
    left = len(scene.serving())
    look.note(coming=is_coming, at_work=is_at_work, left=left, took_back=bool(told.taken_back))
    if told.taken_back:
        look.note(home=f"One after the other: {', '.join(event.what for event in told.taken_back)}")
    if told.failed is not None and told.helped:
        look.note(failed=told.failed)
    look.expect(
        bool(told.taken_back) and left <= least and not is_coming,
        saw=f"{left} workers serve, the autoscaler took back {len(told.taken_back)}",
        expected=f"{least} that serves, and at least one that the autoscaler took back",
        says=not_back(told, left, least, is_coming=is_coming, is_at_work=is_at_work),
    )


def _await_few(scene: Scene, look: Look, least: int) -> None:
    def probe() -> str | None:
        serving = scene.serving()
        return f"{len(serving)} serve" if len(serving) > least else None

    look.wait("the autoscaler to take back what nobody needs any more", probe, _BACK_S)


def not_back(told: Story, left: int, least: int, *, is_coming: bool, is_at_work: bool) -> str:
    """What it means that the autoscaler did not take its workers back. Pure."""
    if told.helped is None:
        return "None came for a crowd yet, so there is nobody to take back."
    if is_coming:
        return "Visitors are still coming. Check again when they have gone."
    if left > least and not is_at_work:
        return (
            f"You ended the autoscaler while {left} workers served. The crowd has gone, and nobody sends them home: "
            "in a cloud you would pay for each of them until you notice."
        )
    if left > least:
        return "The autoscaler has not taken them back yet. Leave it at work, and check again."
    return (
        "The workers went, but it was not the autoscaler that sent them. Who is destroyed cuts off whom it was just "
        "answering; the autoscaler drains a worker, and knows when it is not needed. Let it do that once."
    )
