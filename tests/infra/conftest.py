"""testinfra hosts for the nodes of the lab under test, and what /proc tells of a node."""

from collections.abc import Callable, Generator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, ip_address

import pytest
import testinfra
from testinfra.host import Host

from lab.flows.deployment import Deployment
from lab.model.errors import LabError
from lab.model.node import NodeName, Role
from tests.conftest import nodes_of

_PROCESSES = r"""
for status in /proc/[0-9]*/status; do
    [ -r "$status" ] && awk -v OFS='|' '
        /^Name:/ {name=$2} /^Uid:/ {uid=$2} /^CapEff:/ {caps=$2} /^NoNewPrivs:/ {nnp=$2} /^VmSize:/ {size=$2}
        END {if (size) print name, uid, caps, nnp}' "$status" 2>/dev/null
done
true
"""

_SOCKETS = """
for kind in tcp tcp6 udp udp6; do
    [ ! -e /proc/net/$kind ] || sed "1d; s/^/$kind /" /proc/net/$kind
done
"""


@dataclass(frozen=True)
class Process:
    """A process of a node (kernel threads left out)."""

    name: str
    uid: int
    capabilities: int
    no_new_privileges: bool


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(call: pytest.CallInfo[None]) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Has a check whose node could not be asked told as one without an answer, which pytest calls an error, not as one
    that said no. Of a lost connection the kit raises LabError, and testinfra RuntimeError (its backend/ssh.py)."""
    report = yield
    if call.when == "call" and call.excinfo is not None and call.excinfo.errisinstance((LabError, RuntimeError)):
        report.when = "setup"
    return report


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    nodes = nodes_of(metafunc.config)
    if "node" in metafunc.fixturenames:
        metafunc.parametrize("node", nodes, ids=str)
    if "worker" in metafunc.fixturenames:
        workers = [name for name in nodes if name.role is Role.WORKER]
        metafunc.parametrize("worker", workers, ids=str)


@pytest.fixture(scope="session")
def into(running_lab: Deployment) -> Callable[[NodeName], Host]:
    """A testinfra host for a node."""
    return lambda name: testinfra.get_host(running_lab.reach(name).testinfra)


def processes(host: Host) -> list[Process]:
    """All processes of a node, from /proc: its root file system has no ps."""
    rows = [line.split("|") for line in host.check_output(_PROCESSES).splitlines()]
    return [Process(name, int(uid), int(caps, 16), nnp == "1") for name, uid, caps, nnp in rows]


@dataclass(frozen=True)
class Door:
    """Where a node takes what comes: `protocol` is tcp or udp."""

    protocol: str
    address: IPv4Address | IPv6Address
    port: int


def listening(host: Host) -> set[Door]:
    """The doors of a node, from /proc/net (proc(5)): listening TCP sockets, and UDP sockets open to anybody."""
    found = set()
    for line in host.check_output(_SOCKETS).splitlines():
        kind, _, local, _, state, *_ = line.split()
        address, port = local.split(":")
        if state == {"tcp": "0A", "udp": "07"}[kind[:3]]:
            found.add(Door(kind[:3], _address(address), int(port, 16)))
    return found


def _address(digits: str) -> IPv4Address | IPv6Address:
    """The kernel prints each 32 bits as a number in the byte order of the machine, which is little-endian here."""
    words = [bytes.fromhex(digits[start : start + 8])[::-1] for start in range(0, len(digits), 8)]
    found = ip_address(b"".join(words))
    mapped = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    return mapped or found


def networks(host: Host) -> set[str]:
    """The networks that a node is on, from its routes."""
    lines = host.file("/proc/net/route").content_string.splitlines()[1:]
    pairs = [(_address(words[1]), _address(words[7])) for words in map(str.split, lines)]
    return {str(IPv4Network(f"{network}/{mask}")) for network, mask in pairs if int(mask)}
