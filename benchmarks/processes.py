"""A node's processes on this computer, and the memory that they take (proc(5))."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from lab.flows.deployment import Deployment
from lab.host.run import run
from lab.model.deadline import Deadline
from lab.model.node import NodeName

_PROC = Path("/proc")


def of_node(lab: Deployment, name: NodeName) -> set[int]:
    """The processes that are a node: a container's own, or the QEMU of a machine."""
    if lab.plan.substrate == "vagrant":
        return with_words(f"guest=labkit-{lab.lab}_{name},")
    inspect = ["docker", "inspect", "-f", "{{.State.Pid}}", f"labkit-{lab.lab}_{name}"]
    return family(int(run(inspect, by=Deadline.after(30, "asking Docker")).out))


def of_lab(lab: Deployment) -> set[int]:
    """The processes of all nodes, and those that stand beside them for this lab alone."""
    nodes = {pid for spec in lab.plan.nodes for pid in of_node(lab, spec.name)}
    if lab.plan.substrate == "vagrant":
        return nodes | with_words(f"/labkit-{lab.lab}_net.conf")
    # Each container has a shim, which is the parent of its first process; a published port has a proxy.
    proxies = {pid for spec in lab.plan.nodes for pid in with_words("docker-proxy", spec.address)}
    return nodes | proxies | {parent for pid in nodes if (parent := _parent(pid)) not in nodes}


def with_words(*words: str) -> set[int]:
    """The processes in whose command line all these words stand."""
    return {pid for pid, line in _command_lines() if all(word in line for word in words)}


def family(pid: int) -> set[int]:
    """A process and its descendants."""
    found, parents = {pid}, {each: _parent(each) for each, _ in _command_lines()}
    while more := {each for each, parent in parents.items() if parent in found} - found:
        found |= more
    return found


def pss_mb(pids: Iterable[int]) -> float:
    """Their proportional set size in MB: what they share is divided among those who share it."""
    lines = (line for pid in pids for line in (_PROC / str(pid) / "smaps_rollup").read_text().splitlines())
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) * 1024 / 1e6


def _command_lines() -> Iterator[tuple[int, str]]:
    for folder in _PROC.glob("[0-9]*"):
        try:
            yield int(folder.name), (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except (FileNotFoundError, ProcessLookupError):
            continue


def _parent(pid: int) -> int:
    try:
        status = (_PROC / str(pid) / "status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("PPid:"))
