"""The fleet of a lab: who is dead gets a successor, and who has no app yet is counted for nothing."""

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from lab.flows import deployment, fleet
from lab.flows.deployment import Deployment
from lab.host.wait import await_until
from lab.model.deadline import Deadline
from lab.scaling.places import Fleet
from lab.substrates.base import CanPause
from tests.conftest import REPO, type_well
from tests.contract.conftest import W1, W2, W3, W4, bring_source_back, say_nothing, status, take_source_away


@pytest.fixture
def lab(whole: Deployment) -> Iterator[Deployment]:
    """A lab of workers 1 and 2; `up` makes it that again, without a warm pool."""
    yield whole
    deployment.restaff(whole, [1, 2], pool=[])


@pytest.mark.long("vagrant")
def test_a_dead_worker_gets_a_successor_from_the_warm_pool_or_made_anew_where_nobody_sleeps(
    lab: Deployment, by: Deadline
) -> None:
    """Also that a pool of which somebody removed a worker is filled again. All in one: each boot costs a machine."""
    # As it is after a hand destroyed the pool's one worker: it is wanted, and not there.
    lab = deployment.restaff(lab, [1, 2], pool=[3])
    assert fleet.pool(lab, by) == ()
    assert fleet.seen(lab, by) == Fleet(serving=(W1, W2), lost=(W3,))
    lab = fleet.fill_pool(lab, 1, say_nothing, by)
    assert fleet.pool(lab, by) == (W3,)
    assert fleet.seen(lab, by) == Fleet(serving=(W1, W2), asleep=(W3,))
    type_well("kill", f"{lab.plan.substrate}/worker-2", "--name", lab.lab)
    assert fleet.seen(lab, by) == Fleet(serving=(W1,), asleep=(W3,), dead=(W2,))
    lab = fleet.replace_dead(lab, [W2], say_nothing, by)
    assert fleet.seen(lab, by) == Fleet(serving=(W1, W3))
    assert fleet.replace_dead(lab, [W2, W3], say_nothing, by).deployed.workers == (1, 3)
    lab.substrate.destroy(lab.lab, W3, by)
    lab = fleet.replace_dead(lab, [W3], say_nothing, by)
    assert fleet.seen(lab, by) == Fleet(serving=(W1, W2))


@pytest.mark.long("vagrant")
def test_of_two_new_workers_the_ready_one_serves_while_the_other_hangs(lab: Deployment, by: Deadline) -> None:
    engine = lab.substrate
    assert isinstance(engine, CanPause)

    def freeze(step: str) -> None:
        if step == f"waiting for {W3}":
            engine.pause(lab.lab, W3, by)

    def probe() -> str | None:
        seen = fleet.seen(lab, by)
        return None if seen.serving == (W1, W2, W4) else f"{seen}"

    with ThreadPoolExecutor(1) as beside:
        growing = beside.submit(fleet.grow, lab, 2, freeze, by)
        try:
            await_until(lambda: None if W4 in lab.states(by) else "no worker-4", by, what="a new worker", mend="")
            await_until(probe, by.at_most(300, "300 s"), what="the ready one in service", mend="", every_s=0.2)
            assert not growing.done()
        finally:
            engine.resume(lab.lab, W3, by)
        assert fleet.seen(growing.result(), by).serving == (W1, W2, W3, W4)


@pytest.fixture(params=["made", "woken"])
def sourceless(lab: Deployment, request: pytest.FixtureRequest, by: Deadline) -> Iterator[Deployment]:
    """A lab whose source service is away, and whose next worker is made, or woken; it is back after the test."""
    if request.param == "woken":
        fleet.fill_pool(lab, 1, say_nothing, by)
    take_source_away(lab, by)
    yield lab
    bring_source_back(lab, by)


@pytest.mark.long("vagrant")
def test_a_worker_without_a_source_says_so_is_not_counted_and_serves_once_the_source_is_back(
    sourceless: Deployment, by: Deadline
) -> None:
    lab = sourceless
    code = (
        "import sys; from lab.flows import deployment, fleet; from lab.model.deadline import Deadline\n"
        "fleet.grow(deployment.load(*sys.argv[1:]), 1, print, Deadline.after(600, 'a test'))"
    )
    growing = subprocess.Popen([sys.executable, "-c", code, lab.lab, lab.plan.substrate], cwd=REPO)
    try:

        def probe() -> str | None:
            shown = status(lab).get("worker-3", {})
            return None if shown.get("waits_for") == "the source service" else f"{shown}"

        await_until(probe, by, what="the status of a worker without its source", mend="", every_s=0.5)
        assert status(lab)["worker-3"]["ready"] is False
        seen = fleet.seen(lab, by)
        assert (seen.serving, seen.warming) == ((W1, W2), (W3,))
        bring_source_back(lab, by)
        assert growing.wait(timeout=by.left()) == 0
    finally:
        growing.kill()
        growing.wait()
    assert fleet.seen(lab, by).serving == (W1, W2, W3)
