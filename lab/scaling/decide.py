"""The decision: how many workers there should be, and why, also where nothing is to be done. Pure.

Target tracking as AWS documents it ("Target tracking scaling policies for Amazon EC2 Auto Scaling"): rounded up when
adding, careful when removing; a worker that still warms is no capacity, and is not asked for twice; nothing is removed
while anything is added; a dead worker is replaced whatever the cooldown says. Two windows as Knative has them (its
"KPA", panic and stable): a sudden breach acts at once, a slow drift waits.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from lab.loadbalancer.gauge import Sample, ServerSample
from lab.model.node import NodeName
from lab.scaling import capacity, loads, waiting
from lab.scaling.decisions import Decision, Finish, Grow, Hold, Lack, Memory, Refill, Replace, Shrink
from lab.scaling.limits import (
    PANIC_AT_MOST_S,
    PANIC_S,
    PANIC_SAMPLES,
    REMEMBERED_S,
    SPARE,
    STABLE_S,
    SUDDEN,
    Limits,
    Victim,
)
from lab.scaling.places import Fleet

_SILENT_S = 5.0


def decide(samples: Sequence[Sample], fleet: Fleet, limits: Limits, now_s: float, memory: Memory) -> Decision:
    """What is to be done now. `samples` are those so far, the oldest first; those before `history_s` are of no use."""
    view = _View(samples, fleet, limits, now_s, memory)
    more = _add(view)
    # Who waits has the first say: a drain can end beside those who come, and not be begun beside them.
    grow = more if isinstance(more, Grow) else None
    if (decision := _mend(view) or _bound(view) or grow or _end_drains(view) or more) is not None:
        return decision
    spare = _remove(view)
    return (_tend_pool(view) or spare) if isinstance(spare, Hold) else spare


def history_s(limits: Limits) -> float:
    """For how long a sample is of use."""
    return max(STABLE_S, limits.calm_s) + PANIC_S


@dataclass(frozen=True)
class _View:
    """What there is to decide from, less the worker that is being removed right now."""

    samples: Sequence[Sample]
    fleet: Fleet
    limits: Limits
    now_s: float
    memory: Memory

    def _others(self, names: tuple[NodeName, ...]) -> tuple[NodeName, ...]:
        return tuple(name for name in names if name != self.memory.removing)

    @cached_property
    def serving(self) -> tuple[NodeName, ...]:
        return self._others(self.fleet.serving)

    @cached_property
    def warming(self) -> tuple[NodeName, ...]:
        return self._others(self.fleet.warming)

    @cached_property
    def frozen(self) -> tuple[NodeName, ...]:
        return self._others(self.fleet.frozen)

    @cached_property
    def dead(self) -> tuple[NodeName, ...]:
        return self._others(self.fleet.dead)

    @property
    def draining(self) -> tuple[NodeName, ...]:
        return self._others(self.fleet.draining)

    @cached_property
    def count(self) -> int:
        """The workers that there are meant to be."""
        return len(self.serving) + len(self.warming) + len(self.frozen) + len(self.dead)

    @property
    def is_free_to_add(self) -> bool:
        return not self.memory.adding and self.now_s >= self.memory.retry_add_at_s

    @property
    def is_free_to_remove(self) -> bool:
        is_idle = self.memory.removing is None and not self.memory.adding and not self.memory.refilling
        return is_idle and self.now_s >= self.memory.retry_at_s

    def last(self, window_s: float) -> list[Sample]:
        """The samples of the last seconds, none of them from before the last change."""
        return loads.since(self.samples, max(self.now_s - window_s, self.memory.changed_at_s))

    @property
    def lasting(self) -> list[Sample]:
        """Those from which a rate is known best: few requests come in a short cooldown, and now and then much fewer."""
        return self.last(max(STABLE_S, self.limits.calm_s))

    @property
    def recent(self) -> list[Sample]:
        """Those of the panic window: of its seconds, or the last few where one look takes longer than usual."""
        few = self.last(PANIC_AT_MOST_S)[-PANIC_SAMPLES:]
        return max(self.last(PANIC_S), few, key=len)

    @property
    def servers(self) -> Mapping[str, ServerSample]:
        return self.samples[-1].per_server if self.samples else {}


def _mend(view: _View) -> Decision | None:
    """Who died is replaced, and who was left on the way is brought home, whatever the load."""
    if not view.is_free_to_add:
        return None
    room = view.limits.most - (view.count - len(view.dead))
    if names := view.dead[: max(room, 0)]:
        return Replace(view.count, f"{_list(names)} died", names)
    others = () if view.now_s < view.memory.retry_at_s else view.warming
    if names := tuple(name for name in others if name not in view.memory.finished):
        return Finish(view.count, f"{_list(names)} runs and is not in service", names)
    return None


def _bound(view: _View) -> Decision | None:
    least, most = view.limits.least, view.limits.most
    if view.count < least and view.is_free_to_add:
        return Grow(least, f"{_workers(view.count)}, and --min is {least}", least - view.count)
    # Who serves does not go for somebody who does not yet.
    is_settled = view.dead or not (view.warming or view.frozen)
    if view.count > most and is_settled and view.is_free_to_remove and (victim := _victim(view)):
        return Shrink(most, f"{_workers(view.count)}, and --max is {most}", victim)
    return None


def _end_drains(view: _View) -> Decision | None:
    """A drain that somebody began and did not end."""
    if view.draining and view.is_free_to_remove:
        return Shrink(view.count, f"{view.draining[0]} was left draining", view.draining[0])
    return None


def _add(view: _View) -> Decision | None:
    """A sudden breach acts at once, a lasting one after the stable window."""
    recent, lasting = view.recent, view.last(STABLE_S)
    capacity = view.limits.target * max(len(view.serving), 1)
    if len(recent) < 2 or not view.is_free_to_add:
        return None
    now = loads.concurrency(recent)
    if now >= SUDDEN * capacity and _persists(recent, capacity):
        window_s = max(PANIC_S, view.now_s - recent[0].at_s)
        return _grow(view, now, f"{now:.1f} requests at a time in the last {window_s:.0f} s")
    if now > capacity and loads.covers(lasting, view.now_s, STABLE_S):
        lasts = min(now, loads.concurrency(lasting))
        if lasts > capacity:
            return _grow(view, lasts, f"{lasts:.1f} requests at a time throughout the last {STABLE_S:.0f} s")
    return None


def _persists(recent: Sequence[Sample], capacity: float) -> bool:
    """Whether it is no mere chance, and not a backlog either that those there are work off already."""
    return min(sample.concurrency for sample in recent[-2:]) > capacity and not loads.is_falling(recent)


def _grow(view: _View, concurrency: float, seen: str) -> Decision:
    needed = view.limits.needed(concurrency)
    wanted = view.limits.clamp(needed)
    if wanted <= view.count:
        more = (
            f", and --max is {view.limits.most}" if needed > view.limits.most else f", of which {view.count} are there"
        )
        return Hold(view.count, f"{seen} need {_workers(needed)}{more}")
    return Grow(wanted, f"{seen} need {_workers(needed)}", wanted - view.count, _lack(view))


def _lack(view: _View) -> Lack | None:
    """What is learnt where a worker was taken away: it was too early. A breach is a moment in which chance brought more
    than usual, so what comes now says nothing; `Memory.seen` unlearns it where more go on coming."""
    doubt = view.memory.doubt
    return replace(doubt, at_s=view.now_s) if doubt and doubt.workers == len(view.serving) else None


def _tend_pool(view: _View) -> Decision | None:
    """The warm pool comes last: one more for it, or no more than it is to have. Who cannot be woken does not count."""
    limits, fleet, asleep = view.limits, view.fleet, len(view.fleet.asleep)
    if not view.is_free_to_remove:
        return None
    there = asleep + len(fleet.sleepy)
    bound = there if limits.pool is None else limits.pool
    if fleet.sleepy:
        # Somebody who was about to put it to sleep was killed.
        return Refill(view.count, f"{_list(fleet.sleepy)} does not sleep yet", min(there, bound))
    # As with AWS's warm pools, nobody is kept ready who could never be needed.
    pool = min(bound, limits.most - view.count)
    if asleep < pool:
        return Refill(view.count, f"{asleep} of {_workers(pool)} sleep in the warm pool", asleep + 1)
    if asleep > bound:
        return Refill(view.count, f"{asleep} in the warm pool, and --warm-pool is {bound}", bound)
    if reason := _unfit(fleet):
        return Refill(view.count, reason, asleep)
    return None


def _unfit(fleet: Fleet) -> str | None:
    """Who takes a place in the warm pool and cannot be woken."""
    if fleet.outdated:
        return f"{_list(fleet.outdated)} in the warm pool was made otherwise than is wanted by now"
    return f"{_list(fleet.lost)} was in the warm pool, and is gone" if fleet.lost else None


def _remove(view: _View) -> Decision:
    """One worker less, where every reason to keep it is gone; otherwise the first of those reasons."""
    limits, fewer = view.limits, len(view.serving) - 1
    calm = view.last(limits.calm_s)
    if reason := _busy(view):
        return Hold(view.count, reason)
    if fewer < limits.least:
        return Hold(view.count, f"{_workers(view.count)}, and --min is {limits.least}")
    if not loads.covers(calm, view.now_s, limits.calm_s):
        return Hold(view.count, f"looking at the load for another {_wait_s(view, calm):.0f} s before a worker may go")
    if reason := _needed(view, calm, fewer):
        return Hold(view.count, reason)
    victim = _victim(view)
    if victim is None:
        return Hold(view.count, "no worker is in service")
    why = f"{loads.concurrency(calm):.1f} requests at a time in the last {limits.calm_s:.0f} s fit {_workers(fewer)}"
    return Shrink(fewer, why, victim, Lack(view.now_s, fewer, loads.rate_at_most(view.lasting)))


def _wait_s(view: _View, calm: Sequence[Sample]) -> float:
    """How long the load is still to be looked at: from the last change on, or from the load balancer's last silence."""
    watched, since_s = loads.unbroken(calm, view.now_s, view.limits.calm_s), view.memory.changed_at_s
    if len(watched) < len(calm):
        since_s = watched[0].at_s if watched else view.now_s
    return max(1.0, view.limits.calm_s - (view.now_s - since_s))


def _busy(view: _View) -> str | None:
    """Why nothing may be removed whatever the load."""
    if not view.samples or view.now_s - view.samples[-1].at_s > _SILENT_S:
        return "the load balancer does not tell its figures"
    if view.now_s < view.memory.retry_at_s:
        return "the last change failed; it is tried again in a moment"
    if view.memory.adding:
        return "workers are on their way"
    if view.memory.refilling:
        return "a worker is on its way to the warm pool"
    if view.memory.removing is not None:
        return f"{view.memory.removing} is draining"
    if view.frozen:
        return f"{_list(view.frozen)} sleeps and is wanted in service"
    if view.warming or view.dead:
        return f"{_list(view.warming + view.dead)} is not in service yet"
    return None


def _needed(view: _View, calm: Sequence[Sample], fewer: int) -> str | None:
    """Why `fewer` workers would not do."""
    limits, peak = view.limits, loads.peak(calm, PANIC_S)
    if peak > limits.target * fewer:
        needed = _workers(limits.needed(peak))
        return f"up to {peak:.1f} requests at a time in the last {limits.calm_s:.0f} s need {needed}"
    concurrency = loads.concurrency(calm)
    each = waiting.requests(waiting.work(concurrency, len(view.serving)), fewer) / fewer
    if each == float("inf"):
        return f"{_workers(fewer)} would not keep up with {concurrency:.1f} requests at a time"
    if each > SPARE * limits.target:
        return f"{_workers(fewer)} would soon have {each:.1f} requests at a time each, too near to {limits.target:g}"
    rate, can = loads.rate_at_most(calm), fewer * capacity.each(view.memory.fulls, view.now_s)
    if rate > SPARE * can:
        return f"{rate:.0f} requests a second are too near to the {can:.0f} that {_workers(fewer)} can do"
    return _found_lacking(view, fewer)


def _found_lacking(view: _View, fewer: int) -> str | None:
    """When so many workers were too few for about as much as comes now."""
    rate = loads.rate_at_most(view.lasting)
    for lack in view.memory.lacks:
        is_valid = view.now_s - lack.at_s < REMEMBERED_S and fewer <= lack.workers
        if is_valid and rate > SPARE * lack.rate:
            return f"{lack.rate:.0f} requests a second were too many for {_workers(lack.workers)}"
    return None


def _victim(view: _View) -> NodeName | None:
    """Who goes first: whoever died; else as the policy says, the highest number where it is a draw."""
    names = view.dead or view.serving
    if not names:
        return None
    servers = view.servers

    def rank(name: NodeName) -> tuple[int, int, int]:
        server = servers.get(str(name))
        if server is None:
            return 0, 0, -name.index
        since_s, fewest = server.since_s, (server.users, server.sessions)
        ranks = {Victim.NEWEST: (since_s, 0), Victim.OLDEST: (-since_s, 0), Victim.FEWEST: fewest}
        return *ranks[view.limits.victim], -name.index

    return min(names, key=rank)


def _workers(count: int) -> str:
    return f"{count} worker{'' if count == 1 else 's'}"


def _list(names: tuple[NodeName, ...]) -> str:
    return ", ".join(map(str, names))
