"""`lab load`: visitors at a lab, as many as a profile says; what became of their requests, phase by phase."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lab.flows import deployment, prove, readiness
from lab.flows.deployment import Deployment
from lab.host import http
from lab.host.wait import await_until
from lab.ledger import report as verdicts
from lab.ledger.audit import Account
from lab.ledger.files import audit_file
from lab.ledger.plan import Plan, within
from lab.ledger.writer import Unkept
from lab.model.deadline import Deadline
from lab.model.errors import ExitCode, UsageError
from lab.substrates.base import Report
from lab.timeline.events import Event, Kind
from lab.traffic.figures import Figures
from lab.traffic.notes import Tally
from lab.traffic.profiles import Profile
from lab.traffic.run import Traffic
from lab.traffic.visits import Patience

MOST_CPU_MS = 2000
"""What the app allows one request for work."""

_BEAT_S = 1.0
_SHORTEST_S = 0.25
"""What the last sample is about at least: a single request in a moment is no thousand a second."""

_LOOK_S = 0.5
"""For one look at the load balancer's workers: a sample does not wait longer for that."""

_ANSWER_S = 5.0
_LAST_S = 120.0
"""For what is in flight at the end, with its repeats."""

_READ_S = 700.0
"""For reading everything back, twice."""


@dataclass(frozen=True)
class Asked:
    """What a load was asked for. With `cpu_ms`, visitors also ask for work that costs so much CPU.

    With `proves`, each write is accounted for as in `lab prove run`.
    """

    lab: str
    substrate: str
    profile: Profile
    cpu_ms: int
    seed: int
    proves: bool


@dataclass(frozen=True)
class Progress:
    """How far a load is: seconds since its start, the name of the phase, requests a second that are due now, and the
    fields of the last second's sample."""

    at_s: float
    phase: str
    rate: float
    sample: Mapping[str, Any]


@dataclass(frozen=True)
class Loaded:
    """What a load came to. `began_at` is the Unix time from which the phases count, to a tenth of a second; `figures`
    tell of any other part of it.

    `journal` is that of a load that proves, and `account` what it tells.
    """

    asked: Asked
    began_at: float
    figures: Figures
    total: Mapping[str, Any]
    phases: list[dict[str, Any]]
    late_ms: float
    journal: Path | None
    account: Account | None

    def as_json(self) -> dict[str, Any]:
        """What `lab load --json` prints; `proof` is what `lab prove run --json` does."""
        asked, profile = self.asked, self.asked.profile
        told = {
            "lab": asked.lab,
            "substrate": asked.substrate,
            "profile": profile.name,
            "peak": profile.peak,
            "base": profile.base,
            "duration_s": profile.pace.duration_s,
            "work_ms": asked.cpu_ms,
            "seed": asked.seed,
            "began_at": round(self.began_at, 3),
            "phases": self.phases,
            **self.total,
            "late_ms": self.late_ms,
        }
        return told | ({"proof": verdicts.as_json(self.account)} if self.account else {})

    @property
    def exit_code(self) -> ExitCode:
        """The verdict's, where there is one."""
        return verdicts.verdict(self.account).exit_code if self.account else ExitCode.DONE


Watch = Callable[[Progress], None]


def checked_work(cpu_ms: int) -> int:
    """The cost of work, if the app allows it; raises UsageError otherwise. 0 is none."""
    if cpu_ms:
        within("--work", cpu_ms, MOST_CPU_MS, "ms of CPU")
    return cpu_ms


def longest_s(asked: Asked) -> float:
    """How long a load may take at most."""
    return asked.profile.pace.duration_s + _LAST_S + (_READ_S if asked.proves else 0)


def run(asked: Asked, watch: Watch, report: Report, by: Deadline) -> Loaded:
    """Has the visitors come, and gives what they got. It takes no lock, and changes no node.

    Each second stands in the lab's timeline. A request is sent once; where writes are accounted for, those in doubt are
    repeated as in every proof. Raises UsageError, before the first request, where the lab does not answer.
    """
    lab = deployment.load(asked.lab, asked.substrate)
    url = _answering(lab, by)
    plan = Plan.paced(prove.new_run(), asked.seed, asked.profile.pace, asked.cpu_ms)
    figures, journal = Figures(asked.profile), None
    pulse = _Pulse(lab, asked.profile, plan, figures, watch)
    report(f"{_words(asked, plan)}, to {url}")
    with pulse.marked(_words(asked, plan)):
        if asked.proves:
            journal = prove.follow(lab, plan, figures.hear, lambda seen: pulse.beat(seen.tally), report, by)
        else:
            _visit(url, lab, plan, figures, pulse, by)
    account = audit_file(journal) if journal else None
    return Loaded(asked, pulse.began_at, figures, figures.total(), figures.phases(), pulse.late_ms, journal, account)


def forecast(asked: Asked, by: Deadline) -> list[str]:
    """What a load would do, in words; raises as `run` does."""
    lab = deployment.load(asked.lab, asked.substrate)
    url, pace = _answering(lab, by), asked.profile.pace
    lines = [f"would send {_words(asked, Plan.paced('forecast', asked.seed, pace, asked.cpu_ms))}, to {url}"]
    for phase in asked.profile.phases:
        count = sum(phase.from_s <= due_s < phase.to_s for due_s in pace.due_s())
        lines.append(f"{phase.name}, from {phase.from_s:g} s to {phase.to_s:g} s: {count:,} requests")
    return lines


def _words(asked: Asked, plan: Plan) -> str:
    profile = asked.profile
    rates = f"{profile.base:g} to {profile.peak:g} a second"
    work = f", most of them work of {asked.cpu_ms} ms of CPU" if asked.cpu_ms else ""
    return f"{plan.requests:,} requests in {plan.duration_s:g} s, {profile.name}, {rates}{work}"


def _answering(lab: Deployment, by: Deadline) -> str:
    """The address of a lab that answers; raises UsageError for one that does not."""
    url = lab.substrate.url(lab.plan)
    refusal = readiness.refusal("/readyz", http.get(f"{url}/readyz", by.at_most(_ANSWER_S, "one request")))
    if refusal is not None:
        raise UsageError(
            f"lab {lab.lab} on {lab.substrate.name} does not answer: {refusal}", where=url, mend=lab.typed("up @")
        )
    return url


def _visit(url: str, lab: Deployment, plan: Plan, figures: Figures, pulse: "_Pulse", by: Deadline) -> None:
    """Visitors whose writes nobody accounts for."""
    once = Patience(repeat_s=0)
    with Traffic(url, plan, Unkept(), once, hear=figures.hear, sticky=lab.is_sticky) as traffic:

        def probe() -> str | None:
            tally = traffic.tally()
            pulse.beat(tally)
            return f"{tally.ended:,} of {plan.requests:,} have ended" if traffic.is_going() else None

        await_until(
            probe, by, what="the end of the load", mend=f"ask for less, or {lab.typed('status @')}", every_s=0.1
        )
        pulse.beat(traffic.tally())
        traffic.join()


class _Pulse:
    """Takes a sample each second, for the timeline and for who watches.

    `began_at` is the Unix time of the first request, to a tenth of a second.
    """

    def __init__(self, lab: Deployment, profile: Profile, plan: Plan, figures: Figures, watch: Watch) -> None:
        self._lab, self._balancer = lab, lab.loadbalancer()
        self._profile, self._plan, self._figures, self._watch = profile, plan, figures, watch
        self._began = self._sampled = self._next = self._beaten = self.began_at = 0.0
        self._tally: Tally | None = None
        self._begun = 0

    @property
    def late_ms(self) -> float:
        """How late the generator itself ever was."""
        return round(self._tally.late_s * 1000, 1) if self._tally else 0.0

    @contextmanager
    def marked(self, words: str) -> Iterator[None]:
        """Notes that a load begins and ends, also where it is cut short; what is left becomes the last sample."""
        self._mark(f"began: {words}")
        ended = "cut short"
        try:
            yield
            ended = "ended"
        finally:
            if self._began:
                # What came after the last beat, such as reading everything back, is no part of the load.
                self._sample(self._beaten)
            total = self._figures.total()
            self._mark(f"{ended}: {total['errors']:,} of {total['requests']:,} requests failed")

    def beat(self, tally: Tally) -> None:
        """Takes a sample if it is time for one; the first request starts the clock."""
        now, self._tally = time.monotonic(), tally
        self._beaten = now
        if not self._began and tally.begun:
            self._began = self._sampled = now
            self.began_at = time.time()
            self._next = now + _BEAT_S
        elif self._began and now >= self._next:
            self._sample(now)
            self._next = max(self._next + _BEAT_S, now)

    def _mark(self, why: str) -> None:
        self._note(Event(time.time(), Kind.CHANGE, "load", {"why": why}))

    def _note(self, event: Event) -> None:
        # It takes no lock, so the lab may be destroyed meanwhile: that shall leave no timeline behind.
        if deployment.is_there(self._lab.lab, self._lab.plan.substrate):
            self._lab.timeline().note(event)

    def _sample(self, now: float) -> None:
        tally, at_s = self._tally, now - self._began
        begun = tally.begun if tally else 0
        fields = self._figures.sample(max(now - self._sampled, _SHORTEST_S), begun - self._begun)
        fields |= {"users": self._plan.present(at_s), "workers": self._workers()}
        self._sampled, self._begun = now, begun
        self._note(Event(self.began_at + at_s, Kind.SAMPLE, "visitors", fields))
        phase = self._profile.phase_at(at_s).name
        self._watch(Progress(at_s, phase, self._profile.pace.rate_at(at_s), fields))

    def _workers(self) -> int | None:
        """How many workers the load balancer serves; None where it does not say in time."""
        servers = self._balancer.servers(Deadline.after(_LOOK_S, "one look"))
        return None if servers is None else sum(server.is_serving for server in servers)
