"""Who is where in a fleet: from what is wanted, what the engine tells, and what the load balancer tells. Pure."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, fields

from lab.loadbalancer.config import Server
from lab.model.node import LabPlan, NodeName, Role, State

_THERE = (State.RUNNING, State.DRAINING)


@dataclass(frozen=True)
class Fleet:
    """The workers as they are at this moment, each at most in one place, by number.

    `serving` get new requests; `warming` run and are not in service yet, so they are no capacity; `draining` are on
    their way out; `frozen` are wanted in service and sleep: they are being woken, or somebody put them to sleep;
    `dead` are wanted in service and not there, there in part, stopped or failed.

    Those of the warm pool: `asleep` can be woken; `sleepy` run, and are still to be put to sleep; `outdated` sleep or
    run and were made otherwise than is wanted by now, so that nobody wakes them; `lost` are not there, there in part,
    stopped or failed.
    """

    serving: tuple[NodeName, ...] = ()
    warming: tuple[NodeName, ...] = ()
    draining: tuple[NodeName, ...] = ()
    frozen: tuple[NodeName, ...] = ()
    asleep: tuple[NodeName, ...] = ()
    dead: tuple[NodeName, ...] = ()
    sleepy: tuple[NodeName, ...] = ()
    outdated: tuple[NodeName, ...] = ()
    lost: tuple[NodeName, ...] = ()

    def place_of(self, name: NodeName) -> str:
        """Where a worker is, in the words above; an empty one for nowhere."""
        return next((place.name for place in fields(self) if name in getattr(self, place.name)), "")


def joined(
    plan: LabPlan, states: Mapping[NodeName, State], servers: Iterable[Server], old: Collection[NodeName] = ()
) -> Fleet:
    """The fleet, from what is wanted, the engine's states of nodes, the load balancer's servers, and those nodes that
    were made otherwise than is wanted. Pure."""
    known = {server.name: server for server in servers}
    places: dict[str, list[NodeName]] = {}
    for name in sorted(states.keys() | plan.worker_names.union(plan.pool)):
        if name.role is Role.WORKER:
            state = states.get(name, State.ABSENT)
            place = _place(plan, name, state, known.get(str(name)), is_old=name in old)
            places.setdefault(place, []).append(name)
    places.pop("", None)
    return Fleet(**{place: tuple(names) for place, names in places.items()})


def _place(plan: LabPlan, name: NodeName, state: State, server: Server | None, *, is_old: bool) -> str:
    """Where in the fleet a worker belongs, in the words of `Fleet`; an empty one for nowhere."""
    if name in plan.pool:
        return _pool_place(state, server, is_old=is_old)
    if name not in plan.worker_names:
        # Also one that stopped already: who removed it may have been killed before it was gone.
        return "" if state is State.ABSENT else "draining"
    if state is State.SLEEPING:
        return "frozen"
    if state not in _THERE:
        return "dead"
    if state is State.DRAINING or (server is not None and server.is_held_back):
        return "draining"
    return "serving" if server is not None and server.is_serving else "warming"


def _pool_place(state: State, server: Server | None, *, is_old: bool) -> str:
    if state in _THERE and server is not None:
        return "draining"
    if state is State.DRAINING:
        return ""  # it ends: in a moment it has stopped
    if state not in (State.RUNNING, State.SLEEPING):
        return "lost"
    if is_old:
        return "outdated"
    return "asleep" if state is State.SLEEPING else "sleepy"
