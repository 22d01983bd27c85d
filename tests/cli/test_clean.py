"""`lab clean`: what can be built again is gone, from this computer and from each engine.

Images and boxes are the engines', so those of this user go; root file systems do not, and bring them back in moments.
"""

import subprocess
from pathlib import Path

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
def test_clean_leaves_nothing_that_can_be_built_again(tmp_path: Path) -> None:
    assert deployment.names() == [], "what labs use stays: destroy your labs first"
    type_well("build")
    versions = deployment.read_topology(None).versions
    made = tmp_path / paths.KIT / "rootfs" / "base-0" / "manifest.json"
    made.parent.mkdir(parents=True)
    made.touch()
    type_well("clean", "--yes", env={"XDG_CACHE_HOME": str(tmp_path)})
    for name in registry.NAMES:
        assert artefacts.missing(registry.get(name), versions) == list(Role)
    assert list(tmp_path.iterdir()) == []
    assert [name for name in virsh.volumes(Deadline.after(60, "test")) if name.startswith("labkit-")] == []
    for listed in (["docker", "images", "labkit/*"], ["vagrant", "box", "list", "--no-tty"]):
        assert "labkit" not in subprocess.run(listed, check=True, capture_output=True, text=True).stdout
