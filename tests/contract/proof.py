"""What tests of the proof share: a run and its figures, and the app with a planted bug."""

import json
import shutil
import subprocess
from pathlib import Path

from benchmarks.proof_runs import RATES
from lab.flows import prove, workers
from lab.flows.deployment import Deployment
from lab.ledger.audit import Account
from lab.ledger.files import audit_file
from lab.model.deadline import Deadline
from lab.model.node import STORE
from lab.store import source
from tests.conftest import REPO, type_lab

PLANTED = REPO / "tests" / "planted"


def run_proof(lab: Deployment, *words: str) -> dict[str, object]:
    """What `lab prove run --json` printed, with its exit code under `code`."""
    gave = type_lab("prove", "run", lab.substrate.name, "--json", "--name", lab.lab, *words)
    assert gave.code in (0, 1, 3), gave.err
    told: dict[str, object] = json.loads(gave.out)
    return told | {"code": gave.code}


def account_of(lab: Deployment, told: dict[str, object]) -> Account:
    """What the journal of a run tells, given what the run printed."""
    return audit_file(prove.journal(lab.lab, str(told["run"])))


def rate_of(lab: Deployment) -> str:
    """The requests a second that a lab on this substrate answers also beside its faults."""
    return f"{RATES[lab.substrate.name]:g}"


def faults_of(names: tuple[str, ...]) -> list[str]:
    return [word for name in names for word in ("--fault", name)]


def patched(name: str, folder: Path) -> Path:
    """A copy of the app with a planted bug."""
    app = folder / "app"
    shutil.copytree(REPO / "app", app)
    done = subprocess.run(
        ["patch", "--strip=1", "--fuzz=0", "--batch", f"--input={PLANTED / f'{name}.patch'}"],
        cwd=app,
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
