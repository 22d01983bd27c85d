"""Bad topology files: each gets one error that names file, key and value."""

from pathlib import Path

import pytest

from lab.model import topology
from lab.model.errors import UsageError

REPO = Path(__file__).resolve().parents[3]
GOOD = (REPO / "topology.toml").read_text()
KNOWN = ("docker", "vagrant")

BAD = {
    "an unknown key": (
        GOOD.replace("retries = 3", "retries = 3\nretrys = 3"),
        "unknown key loadbalancer.retrys (its value is 3)",
    ),
    "an unknown table": (GOOD + "\n[database]\nsize = 1\n", "unknown key database (its value is {'size': 1})"),
    "a missing key": (GOOD.replace("count = 2", "# count = 2"), "the key worker.count is missing"),
    "a wrong type": (
        GOOD.replace("count = 2 ", 'count = "two" '),
        "worker.count = 'two' is not right: Input should be a valid integer",
    ),
    "a number out of range": (
        GOOD.replace("count = 2 ", "count = 0 "),
        "worker.count = 0 is not right: Input should be greater than or equal to 1",
    ),
    "a version that is none": (
        GOOD.replace('haproxy = "3.0"', 'haproxy = "three"'),
        "versions.haproxy = 'three' is not right: String should match pattern",
    ),
    "overlapping subnets": (
        GOOD.replace("10.77.64.0/18", "10.77.0.0/17"),
        "substrates.docker.subnets = '10.77.0.0/18' overlaps substrates.vagrant.subnets = '10.77.0.0/17'",
    ),
    "a public network": (
        GOOD.replace("10.77.64.0/18", "11.77.64.0/18"),
        "substrates.vagrant.subnets = '11.77.64.0/18' is not right: "
        "must be a private IPv4 network of /18 or larger (room for 64 labs)",
    ),
    "an unknown substrate": (
        GOOD.replace("substrates.vagrant", "substrates.podman"),
        "unknown key substrates.podman; the substrates are docker, vagrant",
    ),
    "no TOML": ("[loadbalancer", "the topology file is not TOML"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_topology_is_refused_in_one_clear_error(case: str, tmp_path: Path) -> None:
    text, message = BAD[case]
    assert text != GOOD
    path = tmp_path / "topology.toml"
    path.write_text(text)
    with pytest.raises(UsageError) as raised:
        topology.load(path, KNOWN)
    assert raised.value.message.startswith(message)
    assert str(path) in raised.value.where
    assert str(path) in raised.value.mend


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as raised:
        topology.load(tmp_path / "none.toml", KNOWN)
    assert raised.value.where == str(tmp_path / "none.toml")


def test_two_labs_never_share_a_network() -> None:
    found = topology.load(REPO / "topology.toml", KNOWN)
    networks = [t.subnet(slot) for t in found.substrates.values() for slot in range(topology.LABS_AT_MOST)]
    assert len(set(networks)) == len(networks)
    assert not any(a.overlaps(b) for i, a in enumerate(networks) for b in networks[i + 1 :])
