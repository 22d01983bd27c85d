"""What `lab list` tells of labs: what engines have of them, and the secrets that are on this computer."""

from pathlib import Path

import pytest

from lab.flows import destroy, listing, password, setup
from lab.flows.listing import SECRET
from lab.model.deadline import Deadline
from lab.model.errors import LabError, UnknownError
from lab.substrates import registry


@pytest.fixture
def by(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Deadline:
    """The time for one test, on a computer where Docker has one lab's volume and the other engine does not answer."""

    def away(*_: object) -> None:
        raise UnknownError("it does not answer", where="this computer", mend="start it")

    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setattr(type(registry.get("docker")), "leftovers", lambda *_: {"blue": ["volume blue"]})
    monkeypatch.setattr(type(registry.get("vagrant")), "leftovers", away)
    return Deadline.after(60, "one test")


def refuse(*_: object) -> None:
    raise LabError("its pool is not active", where="this computer", mend="start it")


def test_a_secret_is_told_also_where_a_hand_removed_the_data_that_it_opened(by: Deadline) -> None:
    for lab, substrate in (("blue", "docker"), ("green", "docker"), ("green", "vagrant")):
        password.make(lab, substrate, has_data=True)
    assert listing.labs(by) == (
        {"blue": {"docker": ["volume blue", SECRET]}, "green": {"docker": [SECRET], "vagrant": [SECRET]}},
        ["vagrant"],
    )


def test_a_file_beside_a_secret_is_none(by: Deadline) -> None:
    password.make("green", "docker", has_data=True)
    password.path("green", "docker").unlink()
    assert password.untold("green", "docker").exists()
    assert listing.labs(by)[0] == {"blue": {"docker": ["volume blue"]}}


def test_an_engine_that_refuses_is_told_as_one_that_cannot_tell_and_holds_back_nothing(
    by: Deadline, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(registry.get("vagrant")), "leftovers", refuse)
    assert listing.labs(by) == ({"blue": {"docker": ["volume blue"]}}, ["vagrant"])
    # Who takes engines away has to know what they have.
    with pytest.raises(LabError, match="its pool is not active"):
        setup.labs_left(by)


def test_a_lab_that_was_removed_is_removed_whatever_another_engine_says(
    by: Deadline, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(registry.get("vagrant")), "leftovers", refuse)
    monkeypatch.setattr(type(registry.get("docker")), "leftovers", lambda *_: {})
    monkeypatch.setattr(type(registry.get("docker")), "remove", lambda *_, **__: None)
    password.make("blue", "docker", has_data=True)
    destroy.destroy("blue", ["docker"], lambda _: None, by, volumes=True)
    assert listing.labs(by) == ({}, ["vagrant"])
