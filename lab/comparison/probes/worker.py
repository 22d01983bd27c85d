"""The worker that a column measures, and the lab around it: how it is kept as the column wants it, and left whole."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass

from lab.comparison import belongings
from lab.comparison.columns import Way
from lab.comparison.probes import bare
from lab.comparison.probes.base import Ground
from lab.comparison.probes.quota import quota
from lab.flows import deployment, prove, readiness, up
from lab.flows.deployment import Deployment
from lab.host import http
from lab.host.wait import await_until
from lab.model.deadline import Deadline
from lab.model.errors import LabError
from lab.model.node import NodeName
from lab.model.plan import WORKER_PORT
from lab.substrates import registry
from lab.substrates.base import CanStandApart, HasRoot, Reach

APART = "it stands beside the lab, without a load balancer: see what is asked of the worker itself"
# Much oftener than what is measured takes. Who looks takes time from who is looked at: at a machine, seldomer.
_OFTEN_S, _OFTEN_AT_A_MACHINE_S = 0.01, 0.05
_LOOK_S, _MEND_S = 0.5, 900.0
_UNKNOWN = "who knows"
VERB = "compare"
"""What holds a lab's lock while one of its workers is measured."""


@dataclass(frozen=True)
class Worker:
    """A worker that serves, at its own door `url`. `reach` is as the app's user where the engine leads there, `root` as
    root. `says` is what its figures have to be read with."""

    name: str
    url: str
    reach: Reach
    root: Reach
    says: str = ""


def measured(lab: Deployment) -> NodeName:
    """The worker that is measured: the last one. The first stays, so that the site is never without one."""
    return lab.plan.workers()[-1].name


def url_of(lab: Deployment, name: NodeName) -> str:
    """A worker's own door."""
    return f"http://{lab.plan.node(name).address}:{WORKER_PORT}"


def root_of(lab: Deployment, name: NodeName) -> Reach:
    """How to get into a node as root; raises LabError where the engine leads nobody there."""
    if not isinstance(lab.substrate, HasRoot):
        raise LabError("nobody can be root in its nodes", where=lab.plan.substrate, mend="leave these rows out")
    return lab.substrate.root(lab.lab, name)


def visitors_rate(by: Deadline) -> float:
    """The requests a second of visitors, in every column the same: what the slowest of this computer's engines answers
    beside a fault. Engines are asked that are not measured, too, for their columns may be merged with these; who uses
    the rate tells it, since one that is not installed cannot say how it would run."""
    emulated = [name for name in registry.NAMES if _accelerator(name, by) == "tcg"]
    return prove.RATE_EMULATED if emulated else prove.RATE


def _accelerator(name: str, by: Deadline) -> str | None:
    """What runs the guests of an engine; None also where that does not answer: nothing is measured on it then."""
    try:
        return registry.get(name).accelerator(by)
    except LabError:
        return None


class Keeper:
    """Keeps each lab's measured worker as the column wants it: several columns share a lab, and differ in a setting."""

    def __init__(self) -> None:
        self._variants: dict[tuple[str, str], str] = {}

    def note(self, ground: Ground, variant: str) -> None:
        """The measured worker was made with this setting just now."""
        self._variants[_key(ground)] = variant

    def set(self, ground: Ground, by: Deadline) -> Deployment:
        """The lab, its measured worker made anew if it was made for another column."""
        lab, wanted = ground.deployment(), ground.place.variant
        if self._variants.get(_key(ground), "") == wanted:
            return lab
        name = measured(lab)
        ground.report(f"making {name} anew, as {ground.place.title} wants it")
        with self.whole(ground):
            remade(lab, name, ground.place.variant, by)
        self.note(ground, wanted)
        return lab

    @contextmanager
    def whole(self, ground: Ground) -> Iterator[None]:
        """Where the block fails, the lab is brought back to the workers that it had, before the failure goes on."""
        before = ground.deployment().deployed
        try:
            yield
        except LabError as failed:
            # Made by now as who knows what: the next column makes it anew.
            self.note(ground, _UNKNOWN)
            ground.report("it failed; making the lab whole again")
            try:
                deployment.restaff(ground.deployment(), before.workers, before.pool)
                # By a time of its own: that of the run may be over.
                up.up(up.Wanted(ground.lab, ground.place.substrate), ground.report, Deadline.after(_MEND_S, "mending"))
            except LabError as second:
                message = f"{failed.message}; and the lab could not be made whole again: {second.message}"
                raise LabError(message, where=failed.where, mend=second.mend) from failed
            raise

    @contextmanager
    def serving(self, ground: Ground, by: Deadline, *, is_bounded: bool = True) -> Iterator[Worker]:
        """A worker that serves: the lab's measured one; or one beside the lab, such as a bare process, for as long as
        the block lasts. Its processor time is bounded as the lab's topology says, or not, for what has to do with the
        computer and not with the app."""
        if ground.place.way is Way.BARE or stands_apart(ground):
            stands = _bare if ground.place.way is Way.BARE else _apart
            with stands(ground, by, is_bounded=is_bounded) as worker:
                yield worker
            return
        lab = self.set(ground, by)
        name = measured(lab)
        with self.whole(ground), nullcontext() if is_bounded else unbounded(lab, name, by):
            yield Worker(str(name), url_of(lab, name), lab.reach(name), root_of(lab, name))


class OfServing:
    """What probes share that ask a worker that serves, or a bare process, and leave nothing behind.

    `rows` are all that they measure.
    """

    rows: tuple[str, ...]

    def __init__(self, keeper: Keeper) -> None:
        self._keeper = keeper

    def impossible(self, ground: Ground) -> Mapping[str, str]:
        """All of the rows where there can be no bare process in its column."""
        why = bare.impossible(ground.place)
        return dict.fromkeys(self.rows, why) if why else {}

    def prepare(self, ground: Ground, by: Deadline) -> None:
        """The files of a bare process."""
        bare.prepare(ground, by)

    def clear(self, ground: Ground, by: Deadline) -> None:
        """Nothing."""


def stands_apart(ground: Ground) -> bool:
    """Whether the column's workers stand beside the lab, without an address in its network."""
    engine = ground.deployment().substrate
    return isinstance(engine, CanStandApart) and ground.place.variant in engine.apart


@contextmanager
def _bare(ground: Ground, by: Deadline, *, is_bounded: bool) -> Iterator[Worker]:
    lab = ground.deployment()
    cpus = lab.plan.node(measured(lab)).cpu_quota
    with quota(f"labkit-{ground.lab}-bare", cpus) as bound, bare.running(ground, by) as process:
        process.await_ready(by)
        if is_bounded:
            bound.hold(process.pids())
        says = f"its processor time is not bounded: {bound.impossible}" if is_bounded and bound.impossible else ""
        yield Worker(process.name, process.url, process.reach, process.root, says)


@contextmanager
def _apart(ground: Ground, by: Deadline, *, is_bounded: bool) -> Iterator[Worker]:
    lab, name = ground.deployment(), "apart-1"
    url, told = bare.door(lab, name)
    assert isinstance(lab.substrate, CanStandApart)
    with lab.substrate.stand_apart(lab.plan, measured(lab), told, by) as apart:
        await_ready(url, by)
        yield Worker(name, url, apart.reach, apart.root, "" if is_bounded else "its processor time is bounded")


def _key(ground: Ground) -> tuple[str, str]:
    return ground.lab, ground.place.substrate


def remade(lab: Deployment, name: NodeName, variant: str, by: Deadline) -> None:
    """Destroys a worker, and returns once one that was made with this setting serves in its place."""
    with deployment.changing(lab.lab, VERB, by):
        lab.substrate.destroy(lab.lab, name, by)
        await_absence(lab, name, by)
        lab.substrate.prepare(lab.plan, by)
        engine = belongings.measurable(lab)
        engine.type_start(lab.plan, name, by, variant)
        await_served(lab, name, by)
        engine.bound(lab.plan, name, by, holds=True)


@contextmanager
def unbounded(lab: Deployment, name: NodeName, by: Deadline) -> Iterator[None]:
    """Lets a worker have all processors as long as the block lasts: what is bounded is what it serves with, and no
    start."""
    engine = belongings.measurable(lab)
    engine.bound(lab.plan, name, by, holds=False)
    yield
    # Not where the block failed: the worker is made anew then.
    engine.bound(lab.plan, name, by, holds=True)


def await_absence(lab: Deployment, name: NodeName, by: Deadline) -> None:
    """The load balancer still counts on a worker that died a moment ago: what comes next is to be its successor."""
    balancer = lab.loadbalancer()

    def probe() -> str | None:
        serving = [server.name for server in balancer.servers(by) or [] if server.is_serving]
        return "still in service" if str(name) in serving else None

    await_until(probe, by, what=f"{name} leaving service", mend="read the log of the load balancer")


def await_known(lab: Deployment, name: NodeName, by: Deadline, given_up: Callable[[], bool] = lambda: False) -> None:
    """Returns once the load balancer knows a worker, in service or not yet, or nobody wants to know any more."""
    balancer = lab.loadbalancer()

    def probe() -> str | None:
        known = given_up() or any(server.name == str(name) for server in balancer.servers(by) or [])
        return None if known else "not known"

    what = f"the load balancer knowing {name}"
    await_until(probe, by, what=what, mend="read the log of the load balancer", every_s=often_s(lab))


def await_served(lab: Deployment, name: NodeName, by: Deadline) -> None:
    """Returns once the worker is ready and in service."""
    readiness.await_node(lab, name, lambda _: None, by)
    readiness.await_serving(lab, [name], lambda _: None, by)


def often_s(lab: Deployment) -> float:
    """The time between two looks at a worker of this lab."""
    return _OFTEN_AT_A_MACHINE_S if lab.substrate.has_own_kernel else _OFTEN_S


def await_ready(
    url: str, by: Deadline, given_up: Callable[[], bool] = lambda: False, every_s: float = _OFTEN_S
) -> None:
    """Returns once a worker's own door says that it is ready, or nobody wants to know any more."""

    def probe() -> str | None:
        if given_up():
            return None
        return readiness.refusal(url, http.get(f"{url}/readyz", by.at_most(_LOOK_S, "one look")))

    await_until(probe, by, what=f"{url} becoming ready", mend="read its log", every_s=every_s)


def await_answer(lab: Deployment, name: NodeName, by: Deadline, given_up: Callable[[], bool] = lambda: False) -> None:
    """Returns once the front door gave an answer of this worker, or nobody wants to know any more."""
    url = lab.substrate.url(lab.plan)

    def probe() -> str | None:
        if given_up():
            return None
        answered = answered_by(http.get(f"{url}/healthz", by).headers)
        return None if answered == str(name) else f"{answered or 'nobody'} answered"

    await_until(probe, by, what=f"an answer of {name}", mend="read `lab status`", every_s=often_s(lab))


def answered_by(headers: Mapping[str, str]) -> str:
    """Which worker an answer names; HAProxy writes the names of headers in small letters. Pure."""
    return next((value for name, value in headers.items() if name.lower() == "x-worker"), "")
