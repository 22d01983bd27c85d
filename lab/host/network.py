"""What this computer's network already uses."""

import ipaddress
import socket
from pathlib import Path

from lab.model.deadline import Deadline

_FIRST_BYTES = 4096
_LEAST_S = 0.05


def is_free(port: int) -> bool:
    """Whether nothing listens on this port of 127.0.0.1."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def answers(address: str, port: int, by: Deadline) -> bool:
    """Whether something accepts a connection there."""
    try:
        _connected(address, port, by).close()
    except OSError:
        return False
    return True


def reply(address: str, port: int, hello: bytes, by: Deadline) -> bytes:
    """What comes back first, 4 KB at most, from whoever is told `hello` there; empty where nothing does."""
    try:
        with _connected(address, port, by) as connection:
            connection.sendall(hello)
            connection.settimeout(max(by.left(), _LEAST_S))
            return connection.recv(_FIRST_BYTES)
    except OSError:
        return b""


def _connected(address: str, port: int, by: Deadline) -> socket.socket:
    return socket.create_connection((address, port), timeout=max(by.left(), _LEAST_S))


def routed() -> list[ipaddress.IPv4Network]:
    """The networks that this computer has a route to, without the default route."""
    found = []
    for line in Path("/proc/net/route").read_text().splitlines()[1:]:
        _, destination, _, _, _, _, _, mask, *_ = line.split()
        if _number(mask):
            found.append(ipaddress.IPv4Network((_number(destination), _number(mask).bit_count())))
    return found


def _number(word: str) -> int:
    """The kernel prints addresses as numbers in the byte order of the machine, which is little-endian here."""
    return int.from_bytes(bytes.fromhex(word), "little")
