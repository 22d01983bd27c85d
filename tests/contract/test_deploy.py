"""A new version comes to a lab while it is used; one that is no good stops at the first worker, and goes back."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from lab.comparison.visitors import visiting, watching
from lab.flows import deploy, deployment, fleet, leases
from lab.flows.deployment import Deployment
from lab.host.wait import await_until
from lab.ledger import report
from lab.model.deadline import Deadline
from lab.model.node import STORE, NodeName
from lab.store import source
from lab.store.source import is_behind
from tests.conftest import REPO, Typed, type_lab, type_well
from tests.contract.conftest import W1, W2, W3, say_nothing, shown, status
from tests.contract.proof import patched, rate_of

# For a new worker to be ready: five times what one takes.
READY_WITHIN_S = {"docker": "20", "vagrant": "300"}


@pytest.fixture
def by() -> Deadline:
    """Emulated machines boot up to five times in one test."""
    return Deadline.after(2400, "one test")


@pytest.fixture
def lab(whole: Deployment, by: Deadline) -> Iterator[Deployment]:
    """A lab of workers 1 and 2 that run the kit's app; `up` makes it that again."""
    yield whole
    history = deploy.versions(whole, by)
    if source.difference(whole.copy_of_source, history[0].commit, REPO / "app", by):
        source.push(whole.reach(STORE), REPO / "app", "The kit's app again", by)
        history = deploy.versions(whole, by)
    now = deployment.restaff(whole, [1, 2], pool=[])
    for name, commit in deploy.running(now, by).items():
        if commit is not None and is_behind(history, commit):
            whole.substrate.destroy(whole.lab, name, by)


@pytest.fixture
def app(tmp_path: Path) -> Path:
    """The kit's app with another page."""
    app = Path(shutil.copytree(REPO / "app", tmp_path / "app", ignore=shutil.ignore_patterns("__pycache__")))
    page = app / "templates" / "page.html"
    page.write_text(page.read_text().replace("</body>", "<p>A friendlier page</p></body>"))
    assert "A friendlier page" in page.read_text()
    return app


def words(lab: Deployment, *more: str) -> list[str]:
    """What comes after the verb."""
    return [lab.plan.substrate, "--name", lab.lab, *more]


def versions(lab: Deployment) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(type_well("deploy", *words(lab, "--list", "--json")).out)["versions"]
    return found


def status_text(lab: Deployment) -> str:
    return type_well("status", lab.plan.substrate, "--name", lab.lab).out


def behind(lab: Deployment) -> set[str]:
    return {node["name"] for node in shown(lab)["nodes"] if node["behind"]}


def commits(url: str) -> set[str]:
    """Who answers through the load balancer, by version."""
    return {httpx.get(f"{url}/whoami", timeout=30).json()["commit"] for _ in range(20)}


def test_a_version_is_told_and_replaces_nobody_and_an_earlier_one_comes_back(
    lab: Deployment, url: str, app: Path, by: Deadline
) -> None:
    before, ran = versions(lab), commits(url)
    assert [version["newest"] for version in before] == [True, *[False] * (len(before) - 1)]
    told = type_well("deploy", lab.plan.substrate, str(app), "--dry-run", "--name", lab.lab).out
    assert told == f"would make {app} the newest version; changed: templates/page.html\n"
    assert versions(lab) == before

    gave = type_well("deploy", lab.plan.substrate, str(app), "-m", "A friendlier page", "--name", lab.lab)
    assert f"2 workers run another version; {lab.typed('refresh @')} replaces them" in gave.err
    newest, *older = versions(lab)
    assert (newest["message"], newest["newest"], newest["workers"]) == ("A friendlier page", True, [])
    assert [version["commit"] for version in older] == [version["commit"] for version in before]
    assert commits(url) == ran
    assert behind(lab) == {"worker-1", "worker-2"}
    assert shown(lab)["newest"] == newest["commit"]
    assert shown(lab)["app_differs"] == ["templates/page.html"]
    words_of_status = f"behind: the newest version is {newest['commit'][:10]}; {lab.typed('refresh @')} brings it"
    await_until(
        lambda: None if words_of_status in (text := status_text(lab)) else text, by, what=words_of_status, mend=""
    )
    told = type_well("refresh", *words(lab, "--dry-run")).out
    assert len(told.splitlines()) == 2
    assert f"would launch a worker of {newest['commit'][:10]}, check it, then drain and remove worker-1" in told

    type_well("deploy", *words(lab, "--rollback"))
    back = versions(lab)
    assert back[0]["message"].startswith(f"Back to {older[0]['commit'][:10]}: ")
    assert len(back) == len(before) + 2
    assert behind(lab) == set(), "who runs the same content under an older commit is not behind"
    assert fleet.seen(lab, by).serving == (W1, W2)
    assert [event.what for event in lab.timeline().read().events if event.what == "deploy"][-2:] == ["deploy"] * 2


def test_what_is_no_version_is_one_clear_error_and_changes_nothing(
    lab: Deployment, app: Path, tmp_path: Path, url: str
) -> None:
    before, ran = versions(lab), commits(url)
    (app / "git~1").write_text("git refuses this name")
    (tmp_path / "empty").mkdir()
    bad = {
        str(tmp_path / "missing"): "there is no folder ",
        str(app / "app.py"): "is a file, and an app is a folder",
        str(tmp_path / "empty"): "is no app: there is no app.py in it",
        str(REPO / "app"): "is the same as the newest version",
        str(app): "the source service refused this version: error: invalid path 'git~1'",
    }
    for path, said in bad.items():
        refused(type_lab("deploy", lab.plan.substrate, path, "--name", lab.lab), said)
    refused(type_lab("deploy", *words(lab, "--rollback", "ffffffffffff")), "there is no version 'ffffffffffff'")
    with leases.leased(lab.lab, "refresh"):
        refused(type_lab("refresh", *words(lab)), "`lab refresh` (pid ")
        refused(type_lab("deploy", *words(lab, "--rollback")), "`lab refresh` (pid ")
    assert versions(lab) == before
    assert commits(url) == ran


def refused(gave: Typed, said: str) -> None:
    lines = gave.err.splitlines()
    errors = [line for line in lines if line.startswith("error: ")]
    assert (gave.code, len(errors)) == (2, 1), gave
    assert said in errors[0]
    assert lines[-1].startswith("  mend:  ")


@pytest.mark.long("vagrant")
def test_a_refresh_brings_the_new_version_and_nobody_notices(
    lab: Deployment, url: str, app: Path, by: Deadline
) -> None:
    type_well("deploy", lab.plan.substrate, str(app), "-m", "A friendlier page", "--name", lab.lab)
    newest, ran = versions(lab)[0]["commit"], commits(url)
    assert newest not in ran
    with visiting(lab, float(rate_of(lab)), by) as visit, watching(lab, by) as ready:
        gave = type_well("refresh", *words(lab))
    assert gave.out.startswith(f"all workers run {newest[:10]}: A friendlier page\n")
    assert commits(url) == {newest}
    assert "A friendlier page" in httpx.get(url, timeout=30).text
    assert behind(lab) == set()
    assert fleet.seen(lab, by).serving == (W1, W3)
    assert (visit.told.errors, report.verdict(visit.told).word) == (0, "kept")
    assert ready.fewest is not None
    assert ready.fewest >= 2
    told = [event.what for event in lab.timeline().read().events if event.what.startswith("refresh")]
    assert (told[0], told[-1], told.count("refresh step")) == ("refresh began", "refresh ended", 6)
    again = type_well("refresh", *words(lab, "--dry-run"))
    assert again.out == f"nothing to do: all 2 workers run the newest version, {newest[:10]}\n"


@pytest.mark.long
@pytest.mark.parametrize(
    ("version", "said"),
    [
        ("cannot-start", "worker-3 "),
        ("never-ready", "worker-3 "),
        ("answers-500", "worker-3, before it got traffic: POST /entries said 500: "),
    ],
)
def test_a_version_that_is_no_good_stops_at_the_first_worker_and_every_user_is_served(
    lab: Deployment, url: str, version: str, said: str, tmp_path: Path, by: Deadline
) -> None:
    ran = commits(url)
    broken = patched(f"deploy/{version}", tmp_path)
    type_well("deploy", lab.plan.substrate, str(broken), "-m", version, "--name", lab.lab)
    with visiting(lab, float(rate_of(lab)), by) as visit, watching(lab, by) as ready:
        gave = type_lab("refresh", *words(lab, "--ready-within", READY_WITHIN_S[lab.plan.substrate]))
    assert gave.code == 1, gave
    assert f"\nrolled back: {said}" in gave.out
    assert commits(url) == ran
    assert fleet.seen(lab, by).serving == (W1, W2)
    assert set(status(lab)) == {"loadbalancer-1", "store-1", "worker-1", "worker-2"}
    assert [told["message"].split()[0] for told in versions(lab)[:2]] == ["Back", version]
    assert behind(lab) == set()
    assert (visit.told.errors, report.verdict(visit.told).word) == (0, "kept")
    assert ready.fewest is not None
    assert ready.fewest >= 2
    told = [event for event in lab.timeline().read().events if event.what == "refresh rolled back"]
    assert told[-1].fields["why"].startswith(said.strip())


@pytest.mark.long("vagrant")
def test_a_version_that_cannot_start_is_rolled_back_also_where_the_new_worker_slept_in_the_warm_pool(
    lab: Deployment, url: str, tmp_path: Path, by: Deadline
) -> None:
    ran = commits(url)
    assert fleet.fill_pool(lab, 1, say_nothing, by).plan.pool == (W3,)
    broken = patched("deploy/cannot-start", tmp_path)
    type_well("deploy", lab.plan.substrate, str(broken), "-m", "cannot-start", "--name", lab.lab)
    gave = type_lab("refresh", *words(lab, "--ready-within", READY_WITHIN_S[lab.plan.substrate]))
    assert gave.code == 1, gave
    assert "\nrolled back: worker-3 did not become ready: " in gave.out
    assert commits(url) == ran
    assert fleet.seen(lab, by).serving == (W1, W2)
    assert set(status(lab)) == {"loadbalancer-1", "store-1", "worker-1", "worker-2"}
    assert behind(lab) == set()


@pytest.mark.long
def test_what_only_traffic_shows_is_rolled_back_and_its_errors_are_told(
    lab: Deployment, tmp_path: Path, by: Deadline
) -> None:
    old = deploy.versions(lab, by)[0]
    broken = patched("deploy/fails-under-traffic", tmp_path)
    type_well("deploy", lab.plan.substrate, str(broken), "-m", "No room", "--name", lab.lab)
    with visiting(lab, float(rate_of(lab)), by) as visit, watching(lab, by) as ready:
        gave = type_lab("refresh", *words(lab))
    assert gave.code == 1, gave
    assert "\nrolled back: new workers failed " in gave.out
    assert "failed, as the load balancer saw it: 0 of " not in gave.out, "what users saw is not called zero"
    history = deploy.versions(lab, by)
    assert history[0].tree == old.tree
    seen = fleet.seen(lab, by).serving
    running = deploy.running(deployment.load(lab.lab, lab.plan.substrate), by)
    assert set(running) == set(seen)
    assert not any(is_behind(history, commit) for commit in running.values())
    assert len(seen) == 2
    assert visit.told.errors > 0
    assert report.verdict(visit.told).word == "kept"
    assert ready.fewest is not None
    assert ready.fewest >= 2


@pytest.mark.long("vagrant")
def test_a_refresh_that_was_killed_leaves_a_lab_that_up_mends_and_the_next_one_goes_on(
    lab: Deployment, url: str, app: Path, by: Deadline
) -> None:
    """Twice: at first the new worker has the highest number, and then, in a lab of workers 1 and 3, it is 2."""
    for path, new, old, then in ((app, W3, (W1, W2), (W1, W3)), (REPO / "app", W2, (W1, W3), (W1, W2))):
        ran = commits(url)
        type_well("deploy", lab.plan.substrate, str(path), "-m", f"For {new}", "--name", lab.lab)
        newest = versions(lab)[0]["commit"]
        kill_refresh_once_it_makes(lab, new, by)
        assert commits(url) == ran, "whom it did not check serves nobody"
        type_well("up", *words(lab))
        assert fleet.seen(lab, by).serving == old
        assert new not in lab.states(by)
        assert commits(url) == ran
        gave = type_well("refresh", *words(lab))
        assert gave.out.startswith(f"all workers run {newest[:10]}: ")
        assert commits(url) == {newest}
        assert fleet.seen(lab, by).serving == then


def kill_refresh_once_it_makes(lab: Deployment, new: NodeName, by: Deadline) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "lab", "refresh", *words(lab)],
        cwd=REPO,
        env=os.environ.copy(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        stdin=subprocess.DEVNULL,
    )

    def probe() -> str | None:
        assert process.poll() is None, "the refresh ended by itself"
        return None if new in lab.states(by) else "no new worker"

    try:
        await_until(probe, by, what="a new worker", mend="", every_s=0.1)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
