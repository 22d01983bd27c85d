"""What people are told to do about a node that does not do what it is there for."""

from dataclasses import replace
from pathlib import Path

import pytest

from lab.flows import readiness, stuck, up
from lab.flows.changes import Changes
from lab.flows.deployment import Deployed, Deployment
from lab.model.deadline import Deadline
from lab.model.errors import LabError
from lab.model.node import STORE, Mode, NodeName, Role
from lab.store import source
from tests.unit.faults.ground import KEYS, NOBODY, ground
from tests.unit.model.test_plan import TOPOLOGY

AGAIN = "read `lab logs docker/{0} --name blue`, then run `lab up docker --name blue` again"
REPAIRS = "; `lab provision docker --apply --name blue` repairs what a hand changed in it"


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Deployment:
    """A lab whose nodes refuse all that they are told."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setattr(Deployment, "reach", lambda *_: NOBODY)
    on = ground()
    return Deployment("blue", on.substrate, Deployed(0, Mode.STATELESS, (1, 2), TOPOLOGY, KEYS), on.plan)


def test_a_store_that_refuses_the_app_may_have_been_changed_by_a_hand(
    lab: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stuck, "await_node", lambda *_: None)
    monkeypatch.setattr(source, "newest", lambda *_: "")
    with pytest.raises(LabError, match="ended with status 1") as raised:
        up._create_and_seed(lab, Changes(), lambda _: None, Deadline.after(60, "test"))
    assert raised.value.mend == AGAIN.format(STORE) + REPAIRS


def test_a_store_that_has_a_commit_is_not_logged_in_to(lab: Deployment, monkeypatch: pytest.MonkeyPatch) -> None:
    brought: list[str] = []
    monkeypatch.setattr(stuck, "await_node", lambda *_: None)
    monkeypatch.setattr(source, "newest", lambda *_: "9c6476a")
    monkeypatch.setattr(source, "bring", lambda commit, *_: brought.append(commit))
    up._create_and_seed(lab, Changes(), lambda _: None, Deadline.after(60, "test"))
    assert brought == ["9c6476a"], "whoever is logged in to refuses all"


@pytest.mark.parametrize(("mode", "loses"), [(Mode.STATELESS, ""), (Mode.STATEFUL, ", without what its users gave")])
def test_a_worker_is_not_repaired_but_made_anew(lab: Deployment, mode: Mode, loses: str) -> None:
    worker = NodeName(Role.WORKER, 1)
    lab = replace(lab, plan=replace(lab.plan, mode=mode))
    anew = f"; `lab replace docker/worker-1 --name blue` makes it anew{loses}"
    assert readiness.mend_of(lab, worker) == AGAIN.format(worker) + anew
