"""What is shown of a node that is not what it should be, and what is not taken for a failure."""

import json
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from lab.flows import readiness
from lab.flows.deployment import Deployment
from lab.host import http
from lab.host.wait import await_until
from lab.model.deadline import Deadline
from lab.model.errors import LabError
from lab.model.node import STORE
from lab.model.plan import WORKER_PORT
from lab.store import source
from tests.conftest import REPO, type_lab
from tests.contract.conftest import W1, W2, say_nothing, status

LAST_WORDS = "no such setting: LAB_COLOUR"
_GIT = ["setpriv", "--reuid=lab", "--regid=lab", "--clear-groups", "git", "--git-dir=/srv/store/source/app.git"]


@pytest.fixture
def hopeless(whole: Deployment, tmp_path: Path, by: Deadline) -> Iterator[Deployment]:
    """A lab whose newest commit of the app ends at once; its history is put back afterwards."""
    app = tmp_path / "app"
    shutil.copytree(REPO / "app", app)
    (app / "gunicorn.conf.py").write_text(f"raise SystemExit({LAST_WORDS!r})\n")
    store = whole.reach(STORE)
    before = store.run([*_GIT, "rev-parse", "main"], by).out.strip()
    source.push(store, app, "An app that ends at once", by)
    yield whole
    store.run([*_GIT, "update-ref", "refs/heads/main", before], by)


# A container whose program ended has ended too; a machine tries again until somebody gives up.
@pytest.mark.only("docker")
def test_a_worker_that_cannot_start_is_shown_with_its_last_words(hopeless: Deployment) -> None:
    gave = type_lab("replace", f"{hopeless.plan.substrate}/{W2}", "--name", hopeless.lab)
    assert gave.code == 4
    assert "error: worker-2 did not become ready: " in gave.err
    assert f"    {LAST_WORDS}\n" in gave.err

    late = Deadline.after(1, "1 s")
    with pytest.raises(LabError) as raised:
        readiness.await_serving(hopeless, [W1, W2], lambda _: None, late)
    assert raised.value.message.splitlines()[0] == "traffic through the load balancer did not come about in time (1 s)"
    assert raised.value.message.endswith(f"    {LAST_WORDS}")
    assert "last log lines of worker-2:" in raised.value.message
    assert "last log lines of worker-1:" not in raised.value.message

    with pytest.raises(LabError) as raised, readiness.logs_told(hopeless, [W1, W2]):
        raise LabError("the engine gave up", where="the engine", mend="wait")
    assert raised.value.message.startswith("the engine gave up\nlast log lines of worker-2:\n")


@pytest.mark.long("vagrant")
def test_the_load_balancers_own_errors_have_the_form_of_the_apps(whole: Deployment, url: str, by: Deadline) -> None:
    for name in (W1, W2):
        whole.substrate.destroy(whole.lab, name, by)
    answers: list[httpx.Response] = []

    def probe() -> str | None:
        answers.append(httpx.get(f"{url}/entries", timeout=60, trust_env=False))
        return None if answers[-1].status_code == 503 else f"{answers[-1].status_code}"

    await_until(probe, by, what="a load balancer without workers", mend="")
    for answer in answers:
        assert answer.headers["content-type"] == "application/json"
        assert answer.json().keys() == {"error", "mend"}, answer.text


@pytest.mark.long("vagrant")
def test_a_store_that_is_ready_again_takes_the_next_write(whole: Deployment, url: str, by: Deadline) -> None:
    whole.reach(STORE).run(["sh", "-c", 'kill -KILL "$(head -n 1 /srv/store/database/postmaster.pid)"'], by)
    readiness.await_node(whole, STORE, say_nothing, by)
    key = {"Idempotency-Key": uuid4().hex}
    written = httpx.post(f"{url}/entries", json={"text": "after"}, headers=key, timeout=60, trust_env=False)
    assert written.status_code == 201, written.text


@pytest.fixture
def drive_away(whole: Deployment, by: Deadline) -> Iterator[Deployment]:
    """A lab whose store does not serve the drive; it does again after the test."""
    whole.reach(STORE).run(["rpc.nfsd", "0"], by)
    yield whole
    whole.reach(STORE).run(["systemctl", "restart", "lab-drive"], by)


@pytest.mark.long
@pytest.mark.only("vagrant")
def test_a_drive_that_is_away_is_shown_of_the_store_and_makes_no_worker_unready(
    drive_away: Deployment, by: Deadline
) -> None:
    store, worker = drive_away.plan.node(STORE), drive_away.plan.node(W1)
    seen = readiness.seen(drive_away.substrate, STORE.role, store.address, by, patient=True)
    assert seen == "no answer from its drive"
    assert status(drive_away)[str(STORE)]["ready"] is False

    def ask(path: str) -> int:
        return http.get(f"http://{worker.address}:{WORKER_PORT}{path}", Deadline.after(5, "one request")).status

    threads = int(worker.env["LAB_THREADS"])
    with ThreadPoolExecutor(threads) as visitors:
        # They give up, as the load balancer does; what they asked for goes on waiting.
        answers = list(visitors.map(lambda _: ask("/files/none"), range(threads)))
    assert set(answers) == {0, 503}
    assert [ask(path) for path in ("/files/none", "/readyz", "/entries?limit=1")] == [503, 200, 200]


@pytest.mark.long
@pytest.mark.only("vagrant")
def test_a_machine_whose_kernel_dies_boots_again_and_serves(whole: Deployment, by: Deadline) -> None:
    def booted_at() -> str | None:
        url = f"http://{whole.plan.node(W1).address}:{WORKER_PORT}"
        if http.get(f"{url}/readyz", Deadline.after(5, "one request")).status != 200:
            return None
        answer = http.get(f"{url}/whoami", Deadline.after(5, "one request"))
        return str(json.loads(answer.text)["booted_at"]) if answer.status == 200 else None

    before = booted_at()
    assert before is not None
    # As a fault of the kernel itself would: the rest of the command has to come first.
    whole.reach(W1).run(["sh", "-c", "(sleep 1; echo c >/proc/sysrq-trigger) >/dev/null 2>&1 &"], by)

    def probe() -> str | None:
        now = booted_at()
        return None if now is not None and now > before else f"it booted at {now}, and before at {before}"

    await_until(probe, Deadline.after(300, "5 min"), what="another boot of worker-1", mend="read its console")
