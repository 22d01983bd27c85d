"""What happened to the exercise's lab, from its journals, its timeline, its versions and its balancer's figures."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from lab.flows import deployment, leases, password, prove
from lab.flows.deployment import Deployment
from lab.host import lock
from lab.host.wait import await_until
from lab.ledger import report
from lab.ledger.audit import Account
from lab.ledger.files import audit_file
from lab.ledger.sorts import Sort
from lab.ledger.users import KILL
from lab.ledger.writes import What
from lab.loadbalancer import config
from lab.model.deadline import Deadline
from lab.model.errors import LabError, UnknownError
from lab.model.node import NodeName, Role, State
from lab.store.source import Version
from lab.timeline.events import Event

_KINDS = {What.ENTRY: "entries", What.FILE: "files", What.LOGIN: "logins"}
_ANSWER_S = 30.0


@dataclass(frozen=True)
class Run:
    """One run of `lab prove run`, from its journal: its name, what the audit found, and the verdict's word."""

    name: str
    account: Account
    verdict: str

    @property
    def began_at(self) -> float:
        """When it began, as Unix time."""
        return self.account.header.began_at if self.account.header else 0.0

    @property
    def ended_at(self) -> float:
        """When all was read back in the end, as Unix time; when it began, where it did not get so far."""
        return self.began_at + (self.account.final_read_began_s or 0.0)

    @property
    def killed(self) -> list[str]:
        """The workers that it destroyed itself, and saw to be gone, as often as it did; see also `Scene.destroyed`."""
        return [fault.target for fault in self.account.faults if fault.name == KILL and fault.verified]

    @property
    def faults(self) -> list[str]:
        """The names of all faults that were seen to happen in it."""
        return [fault.name for fault in self.account.faults if fault.verified]

    @property
    def lost(self) -> int:
        """How many acknowledged writes are gone."""
        return self.account.count(Sort.LOST)

    @property
    def lost_kinds(self) -> list[str]:
        """Of which kinds writes are gone: entries, files, logins."""
        return [_KINDS[what] for what in What if self.account.count(Sort.LOST, what)]


def unkept(run: Run) -> str | None:
    """What is said of a run that does not show that all was kept: why not; None where its verdict is kept. Pure."""
    if not run.account.is_whole:
        return "This run was cut off, so nobody read back what was written: it shows nothing. Let one go to its end."
    if run.verdict != "kept":
        return f"The verdict is {run.verdict}. Read `lab prove show --name {{lab}}`: it says of which writes, and why."
    return None


def found_later(gone: Sequence[str]) -> str | None:
    """What is said of a run that kept all, and in which nobody's end was seen, where these were found gone after it;
    None where nobody was. Pure."""
    if not gone:
        return None
    return (
        f"Kept, but in this run nobody's end was seen: only after it the lab's timeline tells of that of "
        f"{' and '.join(sorted(set(gone)))}. Whether visitors wrote just then, nobody can tell. Let the run destroy "
        "some, with --kills, or use `lab kill` for this lab while it goes on."
    )


def note_gone(lab: str, substrate: str, by: Deadline) -> None:
    """Notes in a lab's timeline which of its nodes are gone that it does not know of: a hand ended them with the
    engine's own tools.

    Not while another command changes the lab, which notes itself what it does. An engine that does not answer is told
    by whoever needs its answer.
    """
    if deployment.is_there(lab, substrate):
        with suppress(LabError), lock.held(leases.changes(lab), "exercise check", is_brief=True):
            found = deployment.load(lab, substrate)
            found.note_gone(found.states(by))


def is_kept(lab: str, substrate: str) -> bool:
    """Whether a lab's data is there still, and every version with it: nobody destroyed it together with that."""
    return deployment.is_there(lab, substrate) or password.path(lab, substrate).exists()


def is_changed(history: Sequence[Version], commit: str) -> bool:
    """Whether the newest of these versions has another content than that of this commit. Pure."""
    return history[0].tree not in {version.tree for version in history if version.commit == commit}


@dataclass(frozen=True)
class Failures:
    """Requests of users that did not go well since the load balancer started (HAProxy management guide, 9.1).

    `errors` were answered with a 5xx (hrsp_5xx), `unserved` of them since no worker took them (econ); `broken` had a
    worker that took them and ended without an answer (eresp), whether or not another one answered after that; of an
    upload that is still being sent HAProxy counts two.
    """

    errors: int = 0
    unserved: int = 0
    broken: int = 0

    @property
    def cut(self) -> int:
        """How many a worker took with it, so that the user got an error: what only reads is sent again and is none."""
        return min(self.errors - self.unserved, self.broken)

    def since(self, before: Mapping[str, int]) -> "Failures":
        """Those since these figures were noted; a load balancer that was started anew counts from nought."""
        now, then = vars(self), {name: before.get(name, 0) for name in vars(self)}
        is_same = all(now[name] >= then[name] for name in now)
        return Failures(**{name: now[name] - then[name] for name in now}) if is_same else self


def failures(statistics: str) -> Failures:
    """The failures in the answer to `show stat`. Pure."""
    rows = {(row["pxname"], row["svname"]): row for row in config.statistics(statistics)}
    row = rows[config.BACKEND, "BACKEND"]
    return Failures(*(config.number(row, column) for column in ("hrsp_5xx", "econ", "eresp")))


def failed(lab: Deployment, by: Deadline) -> Failures:
    """What failed since a lab's load balancer started; raises UnknownError where that does not answer."""
    told: list[str] = []

    def probe() -> str | None:
        told[:] = filter(None, [lab.loadbalancer().statistics(by)])
        return None if told else "no answer"

    ask, mend = by.at_most(_ANSWER_S, f"{_ANSWER_S:g} s for its figures"), lab.typed("up @")
    await_until(probe, ask, what="the load balancer's figures", mend=mend, error=UnknownError)
    return failures(told[0])


def destroyed(nodes: Sequence[Event], since: float = float("-inf"), until: float = float("inf")) -> list[str]:
    """The workers in these events of nodes, in order of time, that were absent all at once, and not drained, between
    these Unix times. Pure."""
    before: dict[str, str] = {}
    found = []
    for event in nodes:
        state = str(event.fields.get("state"))
        if state == State.ABSENT and before.get(event.what) not in (State.DRAINING, State.ABSENT):
            found += [event.what] if event.what.startswith(Role.WORKER) and since <= event.at <= until else []
        before[event.what] = state
    return found


def made(nodes: Sequence[Event], name: NodeName) -> list[float]:
    """When a node was made anew, from events of nodes: one that slept or had stopped, and goes on, was not. Pure."""
    return [one.at for one in nodes if one.what == str(name) and one.fields.get("state") == State.CREATING]


def runs_since(lab: str, substrate: str, began_at: float) -> list[Run]:
    """The runs on a lab that began at or after a Unix time. A journal without one whole line is nobody's run."""
    found = []
    for path in prove.journals(lab):
        account = audit_file(path, path.stem)
        header = account.header
        if header and (header.lab, header.substrate) == (lab, substrate) and header.began_at >= began_at:
            found.append(Run(path.stem, account, report.verdict(account).word))
    return found
