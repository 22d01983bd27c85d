"""`lab status`: what really is, also where a hand or a crash changed it."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace

from lab.flows import artefacts, deployment, readiness
from lab.flows.changes import outdated
from lab.flows.deployment import Deployment
from lab.host import paths
from lab.loadbalancer.config import Server
from lab.model.deadline import Deadline
from lab.model.errors import LabError, LateError, UsageError
from lab.model.node import STORE, LabPlan, Node, NodeName, Role, State
from lab.store import source
from lab.store.source import Version, is_behind

# How long one look at all nodes may take: with the start of this program, an answer within a second.
_LOOK_S = 0.45
SOURCE = "the source service"
Row = tuple[NodeName, State, str]


@dataclass(frozen=True)
class _Source:
    """What the source service has: its versions, the newest first, and how the kit's app/ differs from that one."""

    versions: list[Version]
    app_differs: list[str]


@dataclass(frozen=True)
class NodeStatus:
    """One node as `status --json` shows it; `outdated` says whether it was made otherwise than is wanted, None if
    untold: `up` makes it anew, and an autoscaler one of the warm pool after an `up`.

    `behind` says whether a worker runs another version of the app than the newest, None if untold.
    `in_pool` says that it sleeps until it is needed: never ready, for it serves nobody. `waits_for` says what it cannot
    become ready without, None where that is nothing that is known.
    """

    name: str
    role: str
    state: str
    ready: bool
    commit: str | None
    address: str
    outdated: bool | None
    behind: bool | None = None
    in_pool: bool = False
    waits_for: str | None = None


@dataclass(frozen=True)
class SubstrateStatus:
    """One substrate; `nodes` is None where its engine does not answer as it should, and `problem` then says why.

    `newest` is the newest commit of the app, None where the store does not tell.

    `accelerator` is what its machines were made for; without any, what `up` or `doctor` found out, None before that.
    """

    url: str | None
    mode: str
    nodes: list[NodeStatus] | None
    app_differs: list[str] | None
    accelerator: str | None = None
    problem: str | None = None
    newest: str | None = None

    def as_json(self) -> dict[str, object]:
        """The shape that `status --json` promises; what a substrate has no word for is left out."""
        values = asdict(self)
        return {key: value for key, value in values.items() if value is not None or key in ("url", "nodes")}


def gather(lab: str, substrates: list[str], by: Deadline) -> dict[str, SubstrateStatus]:
    """The status of a lab on each of these substrates that it is deployed on."""
    deployed = deployment.deployed(lab)
    asked = [deployment.load(lab, name) for name in substrates if name in deployed]
    with ThreadPoolExecutor(max(len(asked), 1)) as pool:
        return dict(zip((one.plan.substrate for one in asked), pool.map(lambda one: _of(one, by), asked), strict=True))


def _of(lab: Deployment, by: Deadline) -> SubstrateStatus:
    url, mode, accelerator = lab.substrate.url(lab.plan), str(lab.plan.mode), lab.substrate.known_accelerator()
    try:
        nodes = lab.substrate.nodes(lab.lab, by)
    except LabError as error:
        return SubstrateStatus(url, mode, None, None, accelerator=accelerator, problem=error.message)
    # Of a mixture, which a change of it leaves where nodes keep data, the slower one: `tcg`.
    accelerator = max((node.accelerator for node in nodes if node.accelerator), default=accelerator)
    rows = merged(lab.plan, nodes)
    # All at once, each within its own limit: a node that does not answer must not hold up what is told of the others.
    look = by.at_most(_LOOK_S, f"one look: {_LOOK_S} s")
    with ThreadPoolExecutor(4) as beside:
        asked_servers = beside.submit(_servers, lab, look)
        asked = beside.submit(_source, lab, rows, look, by)
        is_outdated = beside.submit(_outdated, lab, nodes)
        probed = readiness.probe_all(lab.substrate, rows, look)
    old, servers = is_outdated.result(), asked_servers.result()
    told, has_source = asked.result()
    # Who only is late took the question, if the store lives at all.
    has_source = probed[STORE][0] if has_source is None else has_source
    probed[STORE] = probed[STORE][0] and has_source, None
    shown = [
        node_status(
            row,
            _word(row, servers or {}),
            probed[row[0]],
            is_old=None if old is None else row[0] in old,
            in_pool=row[0] in lab.plan.pool,
            is_known=servers is None or str(row[0]) in servers,
            has_source=has_source,
        )
        for row in rows
    ]
    if told is None:
        return SubstrateStatus(url, mode, shown, None, accelerator)
    shown, newest = with_skew(shown, told.versions), told.versions[0].commit
    return SubstrateStatus(url, mode, shown, told.app_differs, accelerator, newest=newest)


def node_status(
    row: Row,
    word: str,
    probed: tuple[bool, str | None],
    *,
    is_old: bool | None,
    in_pool: bool,
    is_known: bool,
    has_source: bool,
) -> NodeStatus:
    """What is shown of a node: of its state in a word, and what it said, whether it is ready and its commit; `is_known`
    says whether the load balancer knows it. Pure."""
    (name, state, address), (is_ready, commit) = row, probed
    # A worker that says nothing has no app yet: it fetches that first, and tries until it has it. One that the load
    # balancer does not know yet may have an older version, from before it slept: it gets no traffic before the newest.
    needs_source = name.role is Role.WORKER and state is State.RUNNING and (commit is None or not (is_known or in_pool))
    is_waiting = needs_source and not has_source
    return NodeStatus(
        name=str(name),
        role=str(name.role),
        state=word,
        ready=is_ready and not in_pool and not is_waiting,
        commit=commit,
        address=address,
        outdated=is_old,
        in_pool=in_pool,
        waits_for=SOURCE if is_waiting else None,
    )


def with_skew(nodes: list[NodeStatus], versions: list[Version]) -> list[NodeStatus]:
    """The nodes, each with whether it runs another version of the app than the newest. Pure."""
    return [replace(node, behind=is_behind(versions, node.commit)) for node in nodes]


def _servers(lab: Deployment, by: Deadline) -> dict[str, Server] | None:
    """The workers that the load balancer knows; None where it does not tell."""
    servers = lab.loadbalancer().servers(by)
    return None if servers is None else {server.name: server for server in servers}


def _word(row: Row, servers: Mapping[str, Server]) -> str:
    """The state in a word: a worker that gets no new users is draining."""
    name, state, _ = row
    server = servers.get(str(name))
    return str(State.DRAINING if state is State.RUNNING and server and server.is_held_back else state)


def merged(plan: LabPlan, nodes: list[Node]) -> list[Row]:
    """The nodes that are wanted or there: name, state and address. One that is wanted but not there is absent. Pure."""
    there = {node.name: node for node in nodes}
    wanted = {spec.name: spec for spec in plan.nodes}
    rows = []
    for name in sorted(there.keys() | wanted.keys()):
        state = there[name].state if name in there else State.ABSENT
        address = wanted[name].address if name in wanted else there[name].address
        rows.append((name, state, address))
    return rows


def _outdated(lab: Deployment, nodes: list[Node]) -> set[NodeName] | None:
    """The nodes that were made otherwise than is wanted; None where the topology file, which may be half edited, cannot
    be read."""
    try:
        topology = deployment.read_topology(deployment.topology_file(lab.deployed))
    except UsageError:
        return None
    return outdated(artefacts.plan_now(lab.lab, lab.substrate, lab.deployed, topology), nodes)


def _source(lab: Deployment, rows: list[Row], look: Deadline, by: Deadline) -> tuple[_Source | None, bool | None]:
    """What the source service has, None where it does not tell within the look; and whether it answers, None where that
    is not known, since it is late."""
    if (STORE, State.RUNNING) not in [(name, state) for name, state, _ in rows]:
        return None, False
    copy = lab.copy_of_source
    try:
        commit = source.fetch(source.url(lab.plan.node(STORE).address), copy, look)
    except LateError:
        return None, None
    except LabError:
        return None, False
    try:
        versions = source.history(copy, commit, by)
        return _Source(versions, source.difference(copy, commit, paths.REPO / "app", by)), True
    except LabError:
        # Of the copy here: it says nothing of the service.
        return None, True
