"""The secret that opens a store's data, where somebody removed it and not the data."""

from pathlib import Path

import pytest

from lab.flows import artefacts, build, deployment, password, up
from lab.flows.deployment import Deployment
from lab.host import network
from lab.model.deadline import Deadline
from lab.model.errors import LabError
from lab.model.node import STORE
from lab.substrates import registry
from lab.substrates.base import Reach
from tests.unit.model.test_plan import KEYS

SAID = "the secret that opened the store's data was gone; a new one opens it now"


@pytest.fixture
def by() -> Deadline:
    return Deadline.after(60, "one test")


@pytest.fixture(autouse=True)
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What a computer on which nothing has to be built, and nothing is made, has of the store's data."""
    there: list[str] = []
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setattr(network, "routed", list)
    monkeypatch.setattr(build, "build", lambda *_: None)
    monkeypatch.setattr(artefacts, "keys", lambda *_: KEYS)
    monkeypatch.setattr(up, "_settle", lambda *_: None)
    kind = type(registry.get("vagrant"))
    monkeypatch.setattr(kind, "is_networked", lambda *_: False)
    monkeypatch.setattr(kind, "data", lambda *_: list(there))
    monkeypatch.setattr(kind, "leftovers", lambda *_: {"blue": list(there)})
    return there


def bring_up(by: Deadline) -> Deployment:
    return up.up(up.Wanted("blue", "vagrant"), pytest.fail, by)


def secret_of(lab: Deployment) -> str:
    return lab.plan.node(STORE).env["LAB_DATABASE_PASSWORD"]


def listening(monkeypatch: pytest.MonkeyPatch, heard: Path, status: int = 0) -> None:
    """Has the store write down what it is told, and the command line by which; it answers with this status."""
    script = f'cat >"$0"; printf "%s\\n" "$@" >"$0.argv"; exit {status}'
    reach = Reach(("sh", "-c", script, str(heard)), (), is_remote_shell=False, testinfra="the store")
    monkeypatch.setattr(Deployment, "reach", lambda *_: reach)


def test_a_new_lab_gets_one_that_is_for_its_owner_only_and_a_later_up_leaves_it(by: Deadline) -> None:
    first = bring_up(by)
    assert len(secret_of(first)) >= 32
    assert password.path("blue", "vagrant").stat().st_mode & 0o777 == 0o600
    assert not password.untold("blue", "vagrant").exists()
    assert secret_of(bring_up(by)) == secret_of(first)


def test_who_only_looks_makes_none(by: Deadline) -> None:
    bring_up(by)
    password.path("blue", "vagrant").unlink()
    assert secret_of(deployment.load("blue", "vagrant")) == ""
    assert not password.path("blue", "vagrant").exists()


def test_no_node_is_made_that_could_not_open_the_data(by: Deadline, monkeypatch: pytest.MonkeyPatch) -> None:
    bring_up(by)
    password.path("blue", "vagrant").unlink()
    lab = deployment.load("blue", "vagrant")
    monkeypatch.setattr(type(lab.substrate), "create", pytest.fail)
    with pytest.raises(LabError, match="the secret that opens the store's data is gone") as raised:
        up.create(lab, [STORE], pytest.fail, by)
    assert raised.value.mend == "`lab up vagrant --name blue` makes a new one, which opens it"


def test_a_store_whose_data_is_older_than_its_secret_is_told_it_once_it_answers(
    engine: list[str], by: Deadline, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = bring_up(by)
    engine.append("the store's data")
    password.path("blue", "vagrant").unlink()
    lab = bring_up(by)
    assert secret_of(lab) not in ("", secret_of(before))

    heard, said = tmp_path / "heard", list[str]()
    listening(monkeypatch, heard, status=3)
    with pytest.raises(LabError):
        up._tell_password(lab, said.append, by)
    # That up ended here; the next one finds a secret, which the store still does not know.
    listening(monkeypatch, heard)
    up._tell_password(bring_up(by), said.append, by)
    assert said == [SAID]
    assert f"ALTER ROLE lab PASSWORD '{secret_of(lab)}';" in heard.read_text()
    assert secret_of(lab) not in heard.with_name("heard.argv").read_text(), "everybody can read a command line"

    heard.unlink()
    up._tell_password(bring_up(by), said.append, by)
    assert not heard.exists(), "it knows it by now"


def test_nothing_of_it_is_left_with_the_data_that_it_opens(engine: list[str], by: Deadline) -> None:
    engine.append("the store's data")
    bring_up(by)
    deployment.forget("blue", "vagrant", volumes=False)
    assert password.untold("blue", "vagrant").exists(), "the data is kept, and nobody has told the store yet"
    deployment.forget("blue", "vagrant", volumes=True)
    assert list(password.path("blue", "vagrant").parent.iterdir()) == []
