"""What of a lab listens on this computer: on its loopback and on the lab's own network, and nowhere else."""

import os
import re
import subprocess
from collections.abc import Set as AbstractSet
from ipaddress import ip_address, ip_network

from lab.comparison import belongings
from lab.flows.deployment import Deployment

# Only root is told whose a socket is.
ROOT = () if os.geteuid() == 0 else ("sudo", "-n")


def ask(*words: str) -> str:
    return subprocess.run([*ROOT, *words], capture_output=True, text=True, check=True, timeout=60).stdout


def doors(pids: AbstractSet[int]) -> set[str]:
    """The addresses at which these processes take TCP connections or UDP packets (ss(8)); `*%DEVICE` for all of one
    device alone."""
    lines = ask("ss", "-H", "-l", "-n", "-t", "-u", "-p").splitlines()
    owned = [line for line in lines if pids & {int(pid) for pid in re.findall(r"pid=(\d+)", line)}]
    return {line.split()[4].rpartition(":")[0].strip("[]") for line in owned}


def own_address(address: str) -> str:
    """An address; for all of one device alone that of the device."""
    _, _, device = address.partition("%")
    return ask("ip", "-o", "-4", "address", "show", "dev", device).split()[3].split("/")[0] if device else address


def test_nothing_of_a_lab_listens_beyond_loopback_and_the_labs_network(running_lab: Deployment) -> None:
    found = {own_address(address) for address in doors(belongings.of_lab(running_lab))}
    assert found, "a published port, or the lab's DHCP"
    subnet = ip_network(running_lab.plan.subnet)
    beyond = [a for a in found if not (ip_address(a).is_loopback or ip_address(a) in subnet)]
    assert beyond == []
