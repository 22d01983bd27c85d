"""What this computer's network already uses."""

import ipaddress
import socket
from pathlib import Path

from lab.model.deadline import Deadline


def is_free(port: int) -> bool:
    """Whether nothing listens on this port of 127.0.0.1."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def answers(address: str, port: int, by: Deadline, hello: bytes = b"") -> bool:
    """Whether something accepts a connection there and, if it is given a `hello`, says something to that."""
    try:
        with socket.create_connection((address, port), timeout=max(by.left(), 0.05)) as connection:
            connection.sendall(hello)
            connection.settimeout(max(by.left(), 0.05))
            return not hello or bool(connection.recv(1))
    except OSError:
        return False


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
