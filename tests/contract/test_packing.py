"""Images and boxes come and go one by one: what no lab uses is found, and it alone is removed."""

import secrets
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.flows import clean
from lab.flows.deployment import Deployment
from lab.model.deadline import Deadline
from lab.model.node import Role
from lab.substrates import registry
from lab.substrates.base import Substrate
from tests.conftest import type_well


@pytest.fixture
def substrate(substrate_name: str) -> Substrate:
    return registry.get(substrate_name)


@pytest.fixture
def superseded(substrate: Substrate, tmp_path: Path, deadline: Deadline) -> Iterator[set[str]]:
    """The names of what was packed from a nearly empty root file system, which no lab uses."""
    key, tar = secrets.token_hex(8), tmp_path / "rootfs.tar"
    with tarfile.open(tar, "w") as made:
        for name in ("vmlinux", "initrd"):
            (tmp_path / name).write_bytes(name.encode())
            made.add(tmp_path / name, f"./boot/lab/{name}")
    substrate.pack(Role.WORKER, key, tar, lambda _: None, deadline)
    yield named(substrate, key, deadline)
    substrate.unpack(sorted(named(substrate, key, deadline)), deadline)


def named(substrate: Substrate, key: str, by: Deadline) -> set[str]:
    return {name for name, its_key in substrate.packed(by).items() if its_key == key}


def test_what_is_removed_is_gone_and_all_else_stays(
    substrate: Substrate, superseded: set[str], deadline: Deadline
) -> None:
    before = set(substrate.packed(deadline))
    assert superseded
    substrate.unpack(sorted(superseded), deadline)
    assert set(substrate.packed(deadline)) == before - superseded


def test_clean_would_remove_what_no_lab_uses_and_nothing_that_one_does(
    running_lab: Deployment, superseded: set[str]
) -> None:
    name = running_lab.plan.substrate
    lines = type_well("clean", "--dry-run").out.splitlines()
    assert {f"would remove {name}: {thing}" for thing in superseded} <= set(lines)
    used = clean.keys_of(name, running_lab.deployed)
    assert len(used) >= 5, "Debian itself, what all roles share, and three roles"
    assert not [line for line in lines if any(key in line for key in used)]


def test_a_lab_that_another_user_made_stays_with_all_that_it_may_use(running_lab: Deployment, tmp_path: Path) -> None:
    # As for another user: none of the records are theirs.
    lines = type_well("clean", "--all", "--dry-run", env={"XDG_STATE_HOME": str(tmp_path)}).out.splitlines()
    name, lab = running_lab.plan.substrate, running_lab.lab
    told = f"there is no record of it here; if it is yours, `lab clean --all --name {lab}` removes it"
    assert f"lab {lab} stays: {told}" in lines
    assert f"{name}: images and boxes stay, for lab {lab} may use them: {told}" in lines
    assert not [line for line in lines if line.startswith((f"{lab}: ", f"would remove {name}: "))]
