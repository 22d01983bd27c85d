"""What tests of the proof share: a run and its figures, and the app with a planted bug."""

import json
import math
import os
import re
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

from benchmarks.proof_runs import RATES
from lab.faults import injection
from lab.faults.store import _FILLER, _PLACES
from lab.flows import prove, readiness, workers
from lab.flows.deployment import Deployment
from lab.host.wait import await_until
from lab.ledger.audit import Account
from lab.ledger.files import audit_file
from lab.ledger.journal import Record
from lab.ledger.records import Attempt, Intent, Kind, Source, Stage
from lab.ledger.users import KILL
from lab.ledger.writes import Outcome, What
from lab.model.deadline import Deadline
from lab.model.errors import LabError
from lab.model.node import STORE
from lab.store import source
from lab.traffic.visitor import Visitor
from tests.conftest import REPO, type_lab

PLANTED = REPO / "tests" / "planted"
# Among so many, the plan of each of the first seeds has a login and a file whose name ends in 7: some bugs need one.
REQUESTS = 200
NO_SPACE = 507  # Insufficient Storage
# A drive that was away takes no new file for ten seconds, until those who had one open have told so.
WRITE_S = 120.0


def run_proof(lab: Deployment, *words: str) -> dict[str, object]:
    """What `lab prove run --json` printed, with its exit code under `code`."""
    gave = type_lab("prove", "run", lab.substrate.name, "--json", "--name", lab.lab, *words)
    assert gave.code in (0, 1, 3), gave.err
    told: dict[str, object] = json.loads(gave.out)
    return told | {"code": gave.code}


def journal_of(lab: Deployment, told: dict[str, object]) -> Path:
    """The journal of a run, given what the run printed."""
    return prove.journal(lab.lab, str(told["run"]))


def account_of(lab: Deployment, told: dict[str, object]) -> Account:
    """What the journal of a run tells, given what the run printed."""
    return audit_file(journal_of(lab, told))


def lost_with_workers(records: Iterable[Record]) -> set[str]:
    """The writes of a run that a killed worker had acknowledged before, and that the store lacks in the end."""
    acknowledged: list[tuple[str, float, str]] = []
    killed_s: dict[str, float] = {}
    there: set[str] = set()
    for record in records:
        if record["kind"] == Kind.ATTEMPTS:
            rows = map(Attempt._make, record["rows"])
            acknowledged += [(row.key, row.done_s, row.worker) for row in rows if row.outcome == Outcome.ACKNOWLEDGED]
        elif record["kind"] == Kind.FAULT and (record["name"], record["stage"]) == (KILL, Stage.VERIFIED):
            killed_s[record["target"]] = record["at_s"]
        elif record["kind"] == Kind.FOUND and record["source"] == Source.STORE:
            there |= {key for key, _ in record["rows"]}
    return {key for key, done_s, worker in acknowledged if done_s <= killed_s.get(worker, 0.0)} - there


def kinds_answered(records: Iterable[Record], status: int) -> set[What]:
    """The kinds of writes of which an attempt had an answer with this status."""
    whats: dict[str, What] = {}
    found: set[What] = set()
    for record in records:
        if record["kind"] == Kind.INTENTS:
            whats |= {intent.key: What(intent.what) for intent in map(Intent._make, record["rows"])}
        elif record["kind"] == Kind.ATTEMPTS:
            rows = map(Attempt._make, record["rows"])
            found |= {whats[row.key] for row in rows if row.status == status}
    return found


def after_commit(records: Iterable[Record], run: str) -> dict[str, list[str]]:
    """How each attempt ended of the entries that a run names as cut off after their COMMIT, from the fault on."""
    told = list(records)
    notes = [record for record in told if record["kind"] == Kind.FAULT and record["name"] == "answer-cut"]
    named = {key for note in notes for key in re.findall(rf"{run}-\d+-\d+", note["note"])}
    rows = [Attempt._make(row) for record in told if record["kind"] == Kind.ATTEMPTS for row in record["rows"]]
    return {
        key: [row.outcome for row in rows if row.key == key and row.done_s >= notes[0]["at_s"]] for key in sorted(named)
    }


def rate_of(lab: Deployment) -> str:
    """The requests a second that a lab on this substrate answers also beside its faults."""
    return f"{RATES[lab.substrate.name]:g}"


def calm_rate_of(lab: Deployment) -> str:
    """Half as many for emulated machines: what users notice of a kill is looked at, not what they notice of a computer
    that has something else to do for a while."""
    return f"{RATES[lab.substrate.name] / (2 if lab.substrate.has_own_kernel else 1):g}"


def pace_of(lab: Deployment) -> list[str]:
    """The words for a run of `REQUESTS` at that rate, at least."""
    rate = rate_of(lab)
    return ["--rate", rate, "--duration", str(math.ceil(REQUESTS / float(rate)))]


def faults_of(names: tuple[str, ...]) -> list[str]:
    return [word for name in names for word in ("--fault", name)]


def patched(name: str, folder: Path) -> Path:
    """A copy of the app with a planted bug."""
    app = folder / "app"
    shutil.copytree(REPO / "app", app)
    done = subprocess.run(
        # Not `patch`, which a bare Debian lacks. The ceiling: the folder is no part of a repository around it.
        ["git", "apply", str(PLANTED / f"{name}.patch")],
        cwd=app,
        env={**os.environ, "GIT_CEILING_DIRECTORIES": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return app


def deploy(lab: Deployment, app: Path, by: Deadline) -> None:
    """Every worker runs this app."""
    source.push(lab.reach(STORE), app, app.name, by)
    for spec in lab.plan.workers():
        workers.replace(lab, spec.name, lambda _: None, by)


def check_healed(lab: Deployment, by: Deadline) -> None:
    """Nothing is left of a fault: all nodes do what they are there for, and what is written is there."""
    assert injection.read(prove.open_faults(lab)) == []
    serving = [spec.name for spec in lab.plan.workers()]
    for spec in lab.plan.nodes:
        readiness.await_node(lab, spec.name, lambda _: None, by)
    for name in serving:
        readiness.await_store_reached(lab, name, by)
    readiness.await_serving(lab, serving, lambda _: None, by)
    check_no_filler(lab, by)
    check_writes(lab, by)


def check_no_filler(lab: Deployment, by: Deadline) -> None:
    """Nothing of a full disk is left on the store's disks, which outlive it."""
    script = f"for place in {_PLACES}; do ls -A $place | grep -F {_FILLER} || true; done"
    assert prove.ground_of(lab).tell(STORE, script, by) == ""


def check_writes(lab: Deployment, by: Deadline) -> None:
    """A login, an entry and a file are taken and read back; who awaits the drive may have to send theirs again."""
    visitor = Visitor(lab.substrate.url(lab.plan))

    def probe() -> str | None:
        try:
            visitor.log_in()
            visitor.write_entry("after the healing")
            visitor.write_file(b"after the healing")
            gone = visitor.missing()
        except LabError as refused:
            return refused.message
        assert gone == []
        return None

    await_until(probe, by.at_most(WRITE_S, f"{WRITE_S:g} s for writes"), what="a write after the healing", mend="")
