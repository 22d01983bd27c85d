"""Verbs typed in a folder of their own, labs that stand there in their records, and engines that are not there."""

import json
from pathlib import Path

from lab.model.topology import load
from lab.substrates.registry import NAMES
from tests.conftest import REPO, Typed
from tests.unit.cli.inside import type_inside

AWAY = {
    "DOCKER_HOST": "unix:///nowhere/docker.sock",
    "LIBVIRT_DEFAULT_URI": "qemu+unix:///system?socket=/nowhere/libvirt.sock",
}


def typed(home: Path, *words: str, **env: str) -> Typed:
    """Types `lab WORDS` with what it keeps in this folder."""
    homes = {"XDG_STATE_HOME": str(home / "state"), "XDG_CACHE_HOME": str(home / "cache")}
    return type_inside(*words, env={**homes, **env})


def record(home: Path, workers: dict[str, list[int]], lab: str = "lab") -> None:
    """Notes a lab as up with these workers by substrate, as `up` does."""
    topology = load(REPO / "topology.toml", NAMES).model_dump()
    entry = {"mode": "stateless", "topology": topology, "keys": {"loadbalancer": "k", "store": "k", "worker": "k"}}
    substrates = {name: {**entry, "workers": numbers} for name, numbers in workers.items()}
    folder = home / "state" / "vagrant-docker-lab" / "labs" / lab
    folder.mkdir(parents=True)
    (folder / "lab.json").write_text(json.dumps({"lab": lab, "slot": 0, "substrates": substrates}))
