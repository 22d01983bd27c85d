"""What checks look through: the exercise's lab as it is now, and what happened to it since the learner began."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import requests
import testinfra
from testinfra.host import Host

from lab.exercise import evidence, home, seeds
from lab.exercise.catalogue import Seen
from lab.exercise.evidence import Failures, Run
from lab.exercise.telling import Kind, Told
from lab.exercise.workspace import APP
from lab.flows import deploy, deployment, leases, prove
from lab.flows.deployment import Deployment
from lab.host import http
from lab.host.wait import await_until
from lab.loadbalancer.config import Server
from lab.model import labs
from lab.model.deadline import Deadline
from lab.model.errors import UnknownError, UsageError
from lab.model.node import STORE, NodeName, State
from lab.model.plan import WORKER_PORT
from lab.store import source
from lab.store.source import Version
from lab.timeline import events
from lab.timeline.events import Event

# As a deploy and a refresh note them in the timeline.
_DEPLOYED, _WENT_BACK = "deploy", "refresh rolled back"
_ANSWER_S = 30.0
_PAGE = 1000

WRITTEN_AT = "extract(epoch FROM min(coalesce(pg_xact_commit_timestamp(xmin), to_timestamp(0))))"
"""In a question to the database: when the first of these rows was written, as Unix time. The app never changes a row of
entries or sessions, so it is as old as what wrote it; nought is what was written before the database noted times."""

# Hidden files are uploads that have not ended.
_UPLOADED = r"""
cd /srv/drive
{ find . -type f -iname '*WORD*'; grep -rlis WORD . || true; } | grep -v '/\.' | sort -u | xargs -r stat -c %.Y
"""


@dataclass(frozen=True)
class Given:
    """What a check is told from outside: whose exercise it is, where, since when, and what `start` noted of each
    substrate: `commit`, the newest one then, `workers`, those that stood there, and `failures`, what had failed."""

    exercise: str
    learner: str
    lab: str
    substrates: tuple[str, ...]
    started_at: float
    workspace: str
    check_s: float
    noted: Mapping[str, Mapping[str, Any]]

    def as_json(self) -> dict[str, Any]:
        """What `Given(**...)` takes."""
        return asdict(self)


def words(given: Given) -> dict[str, str]:
    """What the texts of an exercise may stand in for: the learner's own lab, substrate, word and workspace."""
    return {
        "lab": given.lab,
        "substrate": given.substrates[0],
        "substrates": " ".join(given.substrates),
        "word": seeds.word(given.learner, given.exercise, given.started_at),
        "workspace": given.workspace,
    }


class Refused(AssertionError):
    """A part of a check that failed: what was seen, what was expected, and the message to the learner."""

    def __init__(self, saw: str, expected: str, says: str) -> None:
        super().__init__(says)
        self.saw, self.expected, self.says = saw, expected, says


class Look:
    """How a check speaks. It says at once what it looks at; what it saw it notes, for hints; and it expects."""

    def __init__(self, tell: Callable[[Told], None], words: Mapping[str, str]) -> None:
        self._tell, self._words = tell, words
        self.saw, self.expected = "", ""

    def at(self, what: str) -> None:
        """Says what is looked at from now on, or waited for."""
        self._tell(Told(Kind.LOOKS, self._filled(what)))

    def note(self, **observed: Seen) -> None:
        """Notes what was seen, by name, for hints and predictions. Do it before `expect`, which may end the test."""
        self._tell(Told(Kind.NOTED, noted=observed))

    def expect(self, ok: bool, *, saw: str, expected: str, says: str) -> None:
        """Ends the test as failed unless `ok`; `says` tells the learner what that means and what to do about it.

        `{lab}`, `{substrate}`, `{word}` and `{workspace}` in the texts stand for the learner's own.
        """
        self.saw, self.expected = self._filled(saw), self._filled(expected)
        if not ok:
            raise Refused(self.saw, self.expected, self._filled(says))

    def wait(self, what: str, probe: Callable[[], str | None], seconds: float) -> None:
        """Waits until `probe` gives None, and says for what. Raises UnknownError, with its last text, at the end."""
        by = Deadline.after(seconds, f"{seconds:g} s")
        self.at(f"waiting for {what}, for {seconds:g} s at most")
        await_until(probe, by, what=what, mend="check again", error=UnknownError)

    def _filled(self, text: str) -> str:
        return fill(text, self._words)


def listed(names: Sequence[str]) -> str:
    """The names as a sentence has them: a, b and c; nobody, where there are none. Pure."""
    return " and ".join(filter(None, (", ".join(names[:-1]), *names[-1:]))) or "nobody"


def fill(text: str, words: Mapping[str, object]) -> str:
    """The text with each `{name}` that is known replaced; other braces stay. Pure."""
    for name, value in words.items():
        text = text.replace(f"{{{name}}}", str(value))
    return text


def _is_end(event: Event) -> bool:
    return event.fields.get("state") == State.ABSENT


class Scene:
    """The exercise's lab on one substrate, as it is now. Everything here asks; nothing here changes the lab.

    What does not answer raises an error, which makes the part of the check one that could not be checked.
    """

    def __init__(self, given: Given, substrate: str) -> None:
        self.given, self.substrate = given, substrate
        self.by = Deadline.after(given.check_s, f"the check's {given.check_s:g} s")

    @property
    def name(self) -> str:
        """The lab's name."""
        return self.given.lab

    @property
    def word(self) -> str:
        """The learner's own word for this exercise."""
        return words(self.given)["word"]

    @property
    def started_at(self) -> float:
        """When the learner began, as Unix time."""
        return self.given.started_at

    @property
    def noted(self) -> Mapping[str, Any]:
        """What `start` noted of this substrate: `commit`, the newest one then, `workers`, their names, and `failures`,
        what had failed by then."""
        return self.given.noted.get(self.substrate, {})

    @property
    def workspace(self) -> Path:
        """The learner's folder for this exercise; their copy of the app is `app` in it."""
        return Path(self.given.workspace)

    @cached_property
    def lab(self) -> Deployment:
        """The lab as the kit knows it: its plan, its substrate, its nodes. Raises UsageError where it is not up."""
        if not evidence.is_kept(self.name, self.substrate):
            # Not `lab up`, which knows nothing of the state that the exercise begins in.
            begin = home.typed(f"exercise start {self.given.exercise}", self.name)
            problem = f"lab {self.name} is not up on {self.substrate}"
            raise UsageError(problem, where=f"lab {self.name}", mend=f"{begin} makes it again")
        return deployment.load(self.name, self.substrate)

    @property
    def url(self) -> str:
        """Where users reach the site."""
        return self.lab.substrate.url(self.lab.plan)

    @property
    def workers(self) -> list[NodeName]:
        """The workers that are wanted now."""
        return [spec.name for spec in self.lab.plan.workers()]

    def typed(self, words: str) -> str:
        """The command `lab WORDS` as it is typed for this lab; an @ in it stands for the substrate."""
        return labs.typed(words.replace("@", self.substrate), self.name)

    def into(self, node: NodeName) -> Host:
        """A testinfra host for a node that runs."""
        return testinfra.get_host(self.lab.reach(node).testinfra)

    def as_root(self, node: NodeName, script: str) -> str:
        """What a shell script printed that was run as root in a node, without the line's end."""
        return prove.ground_of(self.lab).tell(node, script, self.by)

    def sql(self, question: str) -> list[list[str]]:
        """What the store's database answers to a question in SQL: rows of columns, as texts."""
        answer = prove.ground_of(self.lab).ask(question, self.by)
        return [line.split("|") for line in answer.splitlines()]

    def uploaded(self) -> list[float]:
        """When each file on the shared drive that has the learner's word in its name or in it was written, as far as
        that was since they began, the oldest first: Unix time by the clock of the store."""
        found = self.as_root(STORE, _UPLOADED.replace("WORD", self.word))
        return sorted(at for at in map(float, found.split()) if at >= self.started_at)

    def servers(self) -> list[Server]:
        """The workers as the load balancer sees them; raises UnknownError where it does not answer."""
        found = self.lab.loadbalancer().servers(self.by.at_most(_ANSWER_S, f"{_ANSWER_S:g} s"))
        if found is None:
            raise UnknownError("the load balancer does not answer", where=self.url, mend=self.typed("up @"))
        return found

    def serving(self) -> list[str]:
        """The names of the workers that the load balancer gives requests to, and that run, as the engine tells: the
        load balancer takes a moment to notice that one is gone."""
        states = {str(name): state for name, state in self.lab.states(self.by).items()}
        return [one.name for one in self.servers() if one.is_serving and states.get(one.name) is State.RUNNING]

    def state(self, worker: str) -> State:
        """What a worker is doing, as the engine tells it now; absent where it is not there."""
        return self.lab.states(self.by).get(NodeName.parse(worker), State.ABSENT)

    def failed(self) -> Failures:
        """What failed of users' requests since the learner began, as the load balancer counted it."""
        return evidence.failed(self.lab, self.by).since(self.noted.get("failures", {}))

    def get(self, path: str) -> requests.Response:
        """What the site answers to a GET through the load balancer; raises UnknownError where no answer comes."""
        try:
            return requests.get(f"{self.url}{path}", timeout=_ANSWER_S, proxies={"http": ""})
        except requests.RequestException as failed:
            raise UnknownError(
                f"the site does not answer: {failed}", where=self.url, mend=self.typed("up @")
            ) from failed

    def whoami(self, worker: NodeName) -> dict[str, Any]:
        """What a worker says of itself, asked directly; raises UnknownError where it does not answer."""
        address = f"http://{self.lab.plan.node(worker).address}:{WORKER_PORT}/whoami"
        answer = http.get(address, self.by.at_most(_ANSWER_S, f"{_ANSWER_S:g} s"))
        if answer.status != http.OK:
            raise UnknownError(f"{worker} does not answer: {answer.text}", where=address, mend=self.typed("up @"))
        return dict(json.loads(answer.text))

    def entries(self) -> list[str]:
        """The texts of all entries that the site shows, the oldest first."""
        texts: list[str] = []
        after: int | None = 0
        while after is not None:
            answer = self.get(f"/entries?after={after}&limit={_PAGE}")
            if answer.status_code != http.OK:
                raise UnknownError(f"GET /entries said {answer.status_code}", where=self.url, mend=self.typed("up @"))
            page = answer.json()
            texts += [entry["text"] for entry in page["entries"]]
            after = page["next"]
        return texts

    def runs(self) -> list[Run]:
        """The runs of the proof on this lab and substrate that began after the learner did, the oldest first.

        Raises UnknownError while one goes on: what came of it nobody can tell yet; UsageError where the lab is not up.
        """
        if leases.is_held(self.name, leases.PROVE):
            raise UnknownError(
                "a run of the proof is going on", where=f"lab {self.name}", mend="check again when it has ended"
            )
        return evidence.runs_since(self.lab.lab, self.substrate, self.started_at)

    def destroyed(self, since: float, until: float) -> list[str]:
        """The workers that were destroyed without warning between these Unix times, whoever did so, each as often as it
        was. One that was drained before, as by a refresh, is none of them. Of one that a hand ended with the engine's
        own tools nobody knows when: it counts from the check on that found it gone."""
        return evidence.destroyed(self.events(events.Kind.NODE), since, until)

    def drained(self, worker: str, since: float) -> bool:
        """Whether a worker ended since a Unix time, and never without warning."""
        ends = {event.what for event in self.events(events.Kind.NODE) if event.at >= since and _is_end(event)}
        return worker in ends and worker not in self.destroyed(since, float("inf"))

    def made(self, node: NodeName) -> list[float]:
        """When a node was made anew since the learner began, as Unix times; one that slept or had stopped was not."""
        return evidence.made(self.events(events.Kind.NODE), node)

    def runs_of_newest(self) -> list[Run]:
        """Those of `runs` that began when the newest version was the newest already, whoever ran it then."""
        newest = self.versions()[0]
        return [run for run in self.runs() if run.began_at >= newest.at]

    def gone(self, run: Run) -> list[str]:
        """Who was destroyed in a run: by the run itself, or by somebody while `lab load --prove` went on."""
        return run.killed or self.destroyed(run.began_at, run.ended_at)

    def gone_after(self, run: Run) -> list[str]:
        """Who is known to have been destroyed only since a run had ended; a hand may have done so while it went on."""
        return self.destroyed(run.ended_at, float("inf"))

    def telling(self, runs: Sequence[Run]) -> tuple[Run, list[str]]:
        """Of one run or more the last that destroyed somebody and kept all, else the last; and who was destroyed."""
        found = [(run, self.gone(run)) for run in runs]
        return ([one for one in found if one[1] and one[0].verdict == "kept"] or found)[-1]

    def runs_elsewhere(self) -> list[str]:
        """Other labs on which the proof was run since the learner began: where somebody forgot --name."""
        others = [name for name in deployment.names() if name != self.name]
        return [
            name
            for name in others
            if any(journal.stat().st_mtime > self.started_at for journal in prove.journals(name))
        ]

    def versions(self) -> list[Version]:
        """Every version of the app in the lab's source service, the newest first: git commits."""
        return deploy.versions(self.lab, self.by)

    def is_changed(self) -> bool:
        """Whether the newest version has another content than the one that the exercise began with."""
        return evidence.is_changed(self.versions(), str(self.noted.get("commit")))

    def behind(self) -> list[str]:
        """The workers that run another version than the newest one; who does not answer is none of them."""
        history, running = self.versions(), deploy.running(self.lab, self.by)
        return [str(name) for name, commit in running.items() if source.is_behind(history, commit)]

    def undeployed(self) -> list[str]:
        """The files in which the learner's copy of the app differs from the newest version."""
        newest = self.versions()[0].commit
        return source.difference(self.lab.copy_of_source, newest, self.workspace / APP, self.by)

    def went_back(self) -> str | None:
        """Why the last refresh went back to the version before; None where it did not, or another came since."""
        changes = [one for one in self.events(events.Kind.CHANGE) if one.what in (_DEPLOYED, _WENT_BACK)]
        return str(changes[-1].fields.get("why")) if changes and changes[-1].what == _WENT_BACK else None

    def events(self, kind: events.Kind) -> list[Event]:
        """What happened to the lab since the learner began, as its timeline has it, in order of time."""
        found = self.lab.timeline().read().events
        return [event for event in found if event.kind is kind and event.at >= self.started_at]
