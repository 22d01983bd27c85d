"""Who is where in a fleet: from what is wanted, what the engine tells, and what the load balancer tells. Pure."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from lab.loadbalancer.config import Server
from lab.model.node import LabPlan, NodeName, Role, State

_THERE = (State.RUNNING, State.DRAINING)


@dataclass(frozen=True)
class Fleet:
    """The workers as they are at this moment, each at most in one place, by number.

    `serving` get new requests; `warming` run and are not in service yet, so they are no capacity; `draining` are on
    their way out; `frozen` are wanted in service and sleep: they are being woken, or somebody put them to sleep;
    `dead` are wanted in service and not there, there in part, stopped or failed. `asleep` sleep in the warm pool;
    `outdated` do, too, and were made otherwise than is wanted by now, so that nobody wakes them. A pool worker that
    still boots is in none.
    """

    serving: tuple[NodeName, ...] = ()
    warming: tuple[NodeName, ...] = ()
    draining: tuple[NodeName, ...] = ()
    frozen: tuple[NodeName, ...] = ()
    asleep: tuple[NodeName, ...] = ()
    dead: tuple[NodeName, ...] = ()
    outdated: tuple[NodeName, ...] = ()


def joined(
    plan: LabPlan, states: Mapping[NodeName, State], servers: Iterable[Server], old: Collection[NodeName] = ()
) -> Fleet:
    """The fleet, from what is wanted, the engine's states of nodes, the load balancer's servers, and those nodes that
    were made otherwise than is wanted. Pure."""
    known = {server.name: server for server in servers}
    places: dict[str, list[NodeName]] = {}
    for name in sorted(states.keys() | plan.worker_names):
        if name.role is Role.WORKER:
            state = states.get(name, State.ABSENT)
            place = _place(plan, name, state, known.get(str(name)), is_old=name in old)
            places.setdefault(place, []).append(name)
    places.pop("", None)
    return Fleet(**{place: tuple(names) for place, names in places.items()})


def _place(plan: LabPlan, name: NodeName, state: State, server: Server | None, *, is_old: bool) -> str:
    """Where in the fleet a worker belongs, in the words of `Fleet`; an empty one for nowhere."""
    is_wanted, is_pooled = name in plan.worker_names, name in plan.pool
    if not is_wanted and not is_pooled:
        # Also one that stopped already: who removed it may have been killed before it was gone.
        return "" if state is State.ABSENT else "draining"
    if state is State.SLEEPING:
        if not is_pooled:
            return "frozen"
        return "outdated" if is_old else "asleep"
    if state not in _THERE:
        return "dead" if is_wanted else ""
    if is_pooled and server is None:
        return ""
    if is_pooled or state is State.DRAINING or (server is not None and server.is_held_back):
        return "draining"
    return "serving" if server is not None and server.is_serving else "warming"
