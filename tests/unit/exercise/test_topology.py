"""The kit's topology with an exercise's changes."""

import tomllib

import pytest

from lab.exercise import topology
from lab.exercise.catalogue import Seen
from tests.conftest import REPO

KITS = (REPO / "topology.toml").read_text()


def test_only_what_is_named_changes() -> None:
    changes: dict[str, Seen] = {
        "store.fsync": False,
        "worker.count": 3,
        "substrates.docker.subnets": "10.1.0.0/18",
        "worker.cpu_quota": 0.2,
    }
    before, after = tomllib.loads(KITS), tomllib.loads(topology.changed(KITS, changes))
    before["store"]["fsync"] = False
    before["worker"] |= {"count": 3, "cpu_quota": 0.2}
    before["substrates"]["docker"]["subnets"] = "10.1.0.0/18"
    assert after == before


def test_a_key_that_is_not_there_is_refused() -> None:
    with pytest.raises(ValueError, match=r"has no store\.count"):
        topology.changed(KITS, {"store.count": 3, "store.fsync": False})
