"""What is shown where a node does not become what it should: its own last words."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from lab.flows import readiness
from lab.flows.deployment import Deployment
from lab.host.wait import await_until
from lab.model.deadline import Deadline
from lab.model.errors import LabError
from lab.model.node import STORE
from lab.store import source
from tests.conftest import REPO, type_lab
from tests.contract.conftest import W1, W2

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
