"""`lab clean`: what can be built again is gone, from this computer and from each engine."""

import subprocess

import pytest

from lab.flows import artefacts, deployment
from lab.host import paths
from lab.model.deadline import Deadline
from lab.model.node import Role
from lab.substrates import registry
from lab.substrates.vagrant import virsh
from tests.conftest import type_well


@pytest.mark.long
@pytest.mark.only("vagrant")
def test_clean_leaves_nothing_that_can_be_built_again() -> None:
    type_well("build")
    versions = deployment.read_topology(None).versions
    type_well("clean", "--yes")
    for name in registry.NAMES:
        assert artefacts.missing(registry.get(name), versions) == list(Role)
    assert not paths.cache().exists()
    assert [name for name in virsh.volumes(Deadline.after(60, "test")) if name.startswith("labkit-")] == []
    for listed in (["docker", "images", "labkit/*"], ["vagrant", "box", "list", "--no-tty"]):
        assert "labkit" not in subprocess.run(listed, check=True, capture_output=True, text=True).stdout
