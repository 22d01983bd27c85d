"""`lab refresh`: each worker is replaced by one that runs the newest version, while the lab serves as many as before.

The order is `lab/scaling/rolling.py`'s. After each step it looks at what really is, so it goes on where an interrupted
one stopped, and is not led astray by a worker that dies on the way.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from lab.flows import acceptance, deploy, deployment, excuses, fleet, leases, readiness, refreshable, unfinished
from lab.flows.deployment import Deployment
from lab.flows.fleet import ScaleIn
from lab.flows.leases import leased
from lab.host.wait import await_until
from lab.model.deadline import Deadline
from lab.model.errors import LabError, UnknownError, UsageError
from lab.model.node import NodeName
from lab.model.plan import WORKER_PORT
from lab.scaling import rolling
from lab.scaling.places import Fleet
from lab.scaling.rolling import Admit, Done, Launch, Leave, Place, Served, Step, Traffic, Worker
from lab.store.source import Version, is_behind, newest_before
from lab.substrates.base import Report

READY_S = 300.0
"""For a new worker to be ready: five times what an emulated machine takes from nothing."""

_ACCEPT_S = 60.0
"""For its check, ten requests in all."""

_WATCH_S = 5.0
_ENOUGH = 50
"""So long, or for so many requests, a new worker's traffic is watched before an old one leaves."""

_LOST_AT_MOST = 1
"""One new worker that dies may have been killed by anybody; a version whose workers die is no good."""

_LOOK_S = 30.0
_BASE_S = 600.0
_DRAIN_S = 120.0
_DELAY_S = 300.0
"""For the sessions of users who stay with their worker (AWS's default, "Deregistration delay")."""


@dataclass(frozen=True)
class Refreshed:
    """What came of a refresh: the version that all workers have now, who left for it, `why` that is not the one which
    was the newest when it began (None where it is), and what the load balancer counted meanwhile."""

    version: Version
    replaced: tuple[NodeName, ...]
    why: str | None
    traffic: Traffic


class _Refused(Exception):
    """What was seen speaks against the new version."""


def longest_s(workers: int, ready_within_s: float) -> float:
    """How long a refresh of so many workers may take at most, going back included."""
    return _BASE_S + 2 * (workers + 1) * (ready_within_s + _ACCEPT_S + _WATCH_S + _DELAY_S + _DRAIN_S)


def refresh(lab: Deployment, ready_within_s: float, report: Report, by: Deadline) -> Refreshed:
    """Every worker replaced, one by one, by one of the newest version; or, where that is no good, by the one before.

    Raises UsageError, with nothing changed, for a lab whose workers keep data or do not all serve, and beside a run of
    the proof. What ends it in the
    middle leaves the lab with workers of both versions; the next refresh goes on.
    """
    with leased(lab.lab, leases.REFRESH, leases.refreshing(lab.plan.substrate)):
        history = refreshable.checked(lab, by)
        return _Run(lab, history, ready_within_s, report, by).go()


def forecast(lab: Deployment, by: Deadline) -> list[str]:
    """What a refresh would do, in words; raises as it does."""
    history = refreshable.checked(lab, by)
    commits = deploy.running(lab, by)
    lines = [
        f"would launch a worker of {history[0].short}, check it, then drain and remove {name}, which runs {_short(ran)}"
        for name, ran in commits.items()
        if is_behind(history, ran) is not False
    ]
    return lines or [f"nothing to do: all {len(commits)} workers run the newest version, {history[0].short}"]


def _short(commit: str | None) -> str:
    return commit[:10] if commit else "it does not say what"


def _listed(names: Iterable[NodeName]) -> str:
    return ", ".join(str(name) for name in sorted(names))


class _Run:
    """One refresh. The newest version is always the one that all workers are to have: going back changes it first."""

    def __init__(
        self, lab: Deployment, history: Sequence[Version], ready_within_s: float, report: Report, by: Deadline
    ) -> None:
        self._lab, self._history, self._report, self._by = lab, history, report, by
        self._ready_within_s = ready_within_s
        self._commits: dict[NodeName, str] = {}
        """What each worker runs, as far as it ever said so."""
        self._served: set[str] = set()
        """The commits that workers with traffic ran."""
        self._launched: set[NodeName] = set()
        """Those that this run made for the version that is now the newest."""
        self._admitted: set[NodeName] = set()
        """Those of them that were checked and got traffic, and those that had traffic and ran that version already."""
        self._new: set[NodeName] = set()
        """Those that had traffic while the version was on trial; they stand for that version also afterwards."""
        self._is_on_trial = True
        self._dead: set[NodeName] = set()
        """Those of the new ones that were dead at the last look: each is counted once, however long it is there."""
        self._lost = 0
        self._replaced: list[NodeName] = []
        self._seen = Fleet()
        """What the next step was decided from."""
        self._ask_all()
        self._figures: Mapping[str, Served] = {}
        self._figures = self._counted()
        self._traffic = Traffic(self._figures)

    def go(self) -> Refreshed:
        newest = self._history[0]
        before = self._before.commit if self._before else None
        goal = f"workers get {newest.short}: {newest.message}"
        self._note("refresh began", goal, commit=newest.commit, before=before, workers=self._wanted())
        why = None
        try:
            self._roll()
        except _Refused as refused:
            why = str(refused)
            self._go_back(why)
        unfinished.end(self._lab.lab, self._lab.plan.substrate)
        traffic = self._traffic
        self._note(
            "refresh ended",
            f"all workers run {self._history[0].short}; failed were {(traffic.new + traffic.old).in_words()}",
            commit=self._history[0].commit,
            replaced=len(self._replaced),
            rolled_back=why is not None,
            new={"requests": traffic.new.requests, "errors": traffic.new.errors},
            old={"requests": traffic.old.requests, "errors": traffic.old.errors},
        )
        return Refreshed(self._history[0], tuple(self._replaced), why, traffic)

    def _go_back(self, why: str) -> None:
        self._report(why)
        where = f"lab {self._lab.lab} on {self._lab.plan.substrate}"
        mend = f"{self._lab.typed('deploy @')} a version that works, then {self._lab.typed('refresh @')}"
        if self._before is None:
            self._ask_all()
        if (before := self._before) is None:
            raise LabError(f"no worker ran an earlier version to go back to: {why}", where=where, mend=mend)
        self._report(f"going back to {before.short}: {before.message}")
        self._is_on_trial = False
        self._history = deploy.bring_back(self._lab, before, None, self._by)
        self._launched.clear()
        self._note("refresh rolled back", why.splitlines()[0], commit=self._history[0].commit)
        try:
            self._roll()
        except _Refused as also:
            raise LabError(
                f"{why}\nand the version before is no good either, so nothing more was changed: {also}",
                where=where,
                mend=mend,
            ) from also

    def _roll(self) -> None:
        """Takes step after step until all workers run the newest version; raises _Refused where that is no good."""
        while not isinstance(step := self._next(), Done):
            # Before the first one more: whom it launches and checks is counted from then on.
            unfinished.begin(self._lab.lab, self._lab.plan.substrate, self._wanted())
            self._report(step.in_words())
            self._note("refresh step", step.in_words())
            try:
                self._take(step)
            except readiness.UnreadyError as problem:
                self._hold_against(problem, step)

    def _take(self, step: Step) -> None:
        """Raises UnreadyError for a worker that was started and does not do what it is there for. What goes wrong
        before is another's fault: an engine that cannot make one, for example since a disk is full."""
        match step:
            case Launch():
                self._launch()
            case Admit(name):
                self._admit(name)
            case Leave(name):
                self._leave(name)

    def _hold_against(self, problem: readiness.UnreadyError, step: Step) -> None:
        """Raises _Refused: what a worker does not do speaks against the version. Not where somebody removed it, which
        is made up for, nor where the store is away, without which none could do it: LabError is raised for that."""
        unchecked = unfinished.unchecked_of(self._lab.lab, self._lab.plan.substrate)
        started = {step.name} if isinstance(step, Admit) else unchecked
        if removed := excuses.removed(self._lab, started, self._by):
            self._lose(removed - self._launched - self._new)  # these are counted at the next look
            return
        excuses.check_store(self._lab, problem, self._by)
        raise _Refused(problem.message) from problem

    def _next(self) -> Step:
        self._look()
        if self._by.is_over():
            where = f"lab {self._lab.lab} on {self._lab.plan.substrate}"
            raise LabError(f"it did not end in time ({self._by.label})", where=where, mend=self._lab.typed("refresh @"))
        seen = self._fleet()
        workers = self._workers(seen)
        if there := self._there_already(workers):
            self._take_up(there)
            seen = self._fleet()  # the watch took its time
            workers = self._workers(seen)
        self._count_lost(seen.dead)
        self._seen = seen
        return rolling.next_step(self._wanted(), workers)

    def _there_already(self, workers: Sequence[Worker]) -> list[NodeName]:
        """Those with traffic that run the version on trial though this run did not make them: one died or the load grew
        after the deploy, or a refresh was cut off. None where there is nothing to go back to."""
        if not self._is_on_trial or self._before is None:
            return []
        serving = (worker for worker in workers if worker.is_right and worker.place is Place.SERVING)
        return [worker.name for worker in serving if worker.name not in self._new]

    def _take_up(self, names: Sequence[NodeName]) -> None:
        """Counts such workers among the new ones, and watches them before an old one leaves: among the others, what
        they do wrong would excuse the new ones, which do it as well."""
        self._report(f"watching {_listed(names)}, where the new version runs already")
        self._new.update(names)
        self._admitted.update(names)
        self._watch(names)

    def _count_lost(self, dead: Collection[NodeName]) -> None:
        """Counts the new ones that died since the last look; raises _Refused for the second. One that somebody drains
        or does not want any more did not die."""
        new = (self._new | self._launched).intersection(dead)
        lost, self._dead = new - self._dead, new
        self._lose(lost)

    def _lose(self, lost: Collection[NodeName]) -> None:
        self._lost += len(lost)
        if lost and self._is_on_trial and self._lost > _LOST_AT_MOST:
            raise _Refused(f"{_listed(lost)} died, and it was not the first new worker to do so")

    def _fleet(self) -> Fleet:
        """The fleet as it is; who does not answer is asked again for a while. Also the lab as it is wanted, by now."""
        self._lab = deployment.load(self._lab.lab, self._lab.plan.substrate)
        found: list[Fleet] = []

        def probe() -> str | None:
            try:
                found.append(fleet.seen(self._lab, self._by))
            except UnknownError as error:
                return error.message
            return None

        look = self._by.at_most(_LOOK_S, f"{_LOOK_S:g} s")
        await_until(probe, look, what="a look at the lab's workers", mend=self._lab.typed("status"), every_s=0.5)
        return found[0]

    def _workers(self, seen: Fleet) -> list[Worker]:
        places = dict.fromkeys(seen.serving, Place.SERVING) | dict.fromkeys(seen.warming, Place.WAITING)
        places |= dict.fromkeys((*seen.draining, *seen.dead), Place.ASIDE)
        # Whoever gave it traffic meanwhile, for example by hand: its check is still to come.
        places |= dict.fromkeys((self._launched - self._admitted) & set(seen.serving), Place.WAITING)
        if seen.frozen:
            where = f"lab {self._lab.lab} on {self._lab.plan.substrate}"
            raise UsageError(f"{_listed(seen.frozen)} sleeps", where=where, mend=self._lab.typed("up @"))
        self._ask(seen.serving)
        return [Worker(name, self._is_right(name), place) for name, place in places.items()]

    def _ask(self, serving: Collection[NodeName]) -> None:
        """Asks all workers what they run, and notes what had traffic. Who is not checked yet counts as one without: it
        may be all that there ever was of its version."""
        ran = deploy.running(self._lab, self._by)
        self._commits |= {name: commit for name, commit in ran.items() if commit is not None}
        used = set(serving) - unfinished.unchecked_of(self._lab.lab, self._lab.plan.substrate)
        self._served |= {self._commits[name] for name in used & self._commits.keys()}

    def _ask_all(self) -> None:
        """Asks again for a while, until each worker that has traffic has said what it runs: one that is emulated and
        busy may miss a question."""
        look = self._by.at_most(_LOOK_S, f"{_LOOK_S:g} s")

        def probe() -> str | None:
            serving = self._fleet().serving
            self._ask(serving)
            silent = [name for name in serving if name not in self._commits]
            return f"no answer from {_listed(silent)}" if silent and not look.is_over() else None

        what, mend = "workers to say what they run", self._lab.typed("status")
        await_until(probe, self._by, what=what, mend=mend, every_s=0.5, tell=readiness.because(self._report, what))

    @property
    def _before(self) -> Version | None:
        """The version to go back to, as far as is known by now."""
        return newest_before(self._history, self._served)

    def _is_right(self, name: NodeName) -> bool:
        return name in self._launched or is_behind(self._history, self._commits.get(name)) is False

    def _wanted(self) -> int:
        at = (self._lab.lab, self._lab.plan.substrate)
        return unfinished.wanted(*at) or len(self._lab.plan.worker_names - unfinished.unchecked_of(*at))

    def _launch(self) -> None:
        self._lab, names = fleet.launch(self._lab, 1, self._report, self._ready_by(), unchecked=True)
        for name in names:
            self._forget(name)
        self._launched |= set(names)

    def _admit(self, name: NodeName) -> None:
        """Gives a worker traffic that answers as it has to, and watches what comes of it. One that had traffic before
        is only awaited: it may have missed a health check."""
        if name in self._admitted:
            readiness.await_serving(self._lab, [name], self._report, self._ready_by(), asks_door=False)
        else:
            self._check(name)
            self._look()  # what came until now came to others
            unfinished.settled(self._lab.lab, self._lab.plan.substrate, [name])
            self._lab = fleet.admit(self._lab, [name], self._report, self._ready_by())
        self._admitted.add(name)
        if self._is_on_trial:
            self._new.add(name)
            self._watch([name])

    def _check(self, name: NodeName) -> None:
        self._report(f"{name} answers each call once, at its own address")
        url = f"http://{self._lab.plan.node(name).address}:{WORKER_PORT}"
        newest = {version.commit for version in self._history if version.tree == self._history[0].tree}
        within = self._by.at_most(_ACCEPT_S, f"{_ACCEPT_S:g} s")
        if (said := acceptance.refusal(url, name, newest, within)) is not None:
            what = f"{name}, before it got traffic: {said}"
            raise readiness.UnreadyError(what, where=f"lab {self._lab.lab}", mend=self._lab.typed("refresh @"))

    def _watch(self, names: Collection[NodeName]) -> None:
        over, began = self._by.at_most(_WATCH_S, f"{_WATCH_S:g} s"), self._figures

        def came(name: NodeName) -> int:
            last, now = (figures.get(str(name), Served()) for figures in (began, self._figures))
            return rolling.grown(last, now).requests

        def probe() -> str | None:
            self._look()
            fewest = min(came(name) for name in names)
            return None if fewest >= _ENOUGH or over.is_over() else f"{fewest} requests"

        what = f"traffic on {_listed(names)}"
        await_until(probe, self._by, what=what, mend=self._lab.typed("status"), every_s=0.2)
        if idle := [name for name in names if not came(name)]:
            over_s = f"in {_WATCH_S:g} s"
            self._report(f"no request came to {_listed(idle)} {over_s}: what only traffic shows, this did not see")

    def _look(self) -> None:
        """Counts what came to the workers since the last look; raises _Refused where it speaks against new ones."""
        self._figures = self._counted()
        self._traffic = self._traffic.seen(self._figures, {str(name) for name in self._new})
        if self._is_on_trial and (said := self._traffic.complaint()) is not None:
            raise _Refused(said)

    def _counted(self) -> Mapping[str, Served]:
        """What the load balancer counted by worker; as it was where it does not answer."""
        servers = self._lab.loadbalancer().servers(self._by)
        if servers is None:
            return self._figures
        return {server.name: Served(server.requests, server.errors) for server in servers}

    def _leave(self, name: NodeName) -> None:
        was_used, was = str(name) in self._figures, self._seen.place_of(name)
        # Who serves nobody any more goes whatever the others do.
        least = self._wanted() if was == "serving" else 0
        self._lab = fleet.shrink(
            self._lab, name, ScaleIn.DELETE, _DELAY_S, self._report, self._by, was=was, least=least
        )
        # Where it stays, it may be a successor that somebody else made.
        self._forget(name)
        if was_used and name not in self._lab.plan.worker_names:
            self._replaced.append(name)

    def _forget(self, name: NodeName) -> None:
        """What is known of a worker that is gone is not true of the next one with its number."""
        for names in (self._launched, self._admitted, self._new):
            names.discard(name)
        self._commits.pop(name, None)

    def _ready_by(self) -> Deadline:
        return self._by.at_most(self._ready_within_s, f"a new worker has {self._ready_within_s:g} s to become ready")

    def _note(self, what: str, why: str, **fields: object) -> None:
        deploy.note(self._lab, what, why, **fields)
