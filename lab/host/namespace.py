"""A private view of this computer for building root file systems: root in it, with or without being root outside.

For root it is a mount and a PID namespace; for a normal user also a user namespace in which uid 0 is that user and
all others come from /etc/subuid. Either way every mount and every process in it ends with it.
"""

import os
import select
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from lab.host import children
from lab.model.deadline import Deadline
from lab.model.errors import LabError

_END_S = 10.0
# The first process of the namespace tells its pid as this computer sees it, then lives until its stdin closes:
# that happens when we end, however we end, and the kernel then ends all others in the namespace.
_HOLDER = "read -r pid rest </proc/self/stat; echo $pid; exec cat"

# A normal user's PATH may lack the folders of what is meant for root: chroot, mke2fs.
_PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def in_namespace(argv: Sequence[str]) -> list[str]:
    """A command line that runs `argv` in a namespace of its own."""
    kinds = ["--mount", "--pid", "--fork", "--kill-child"]
    if os.geteuid() != 0:
        kinds += ["--user", "--map-root-user", "--map-auto"]
    return ["unshare", *kinds, "--", "env", _PATH, *argv]


@dataclass(frozen=True)
class Namespace:
    """A namespace that is held open; `pid` is its first process."""

    pid: int

    def prefix(self) -> list[str]:
        """What goes before a command line to run it in here."""
        user = [] if os.geteuid() == 0 else ["--user"]
        return ["nsenter", f"--target={self.pid}", *user, "--mount", "--pid", "--", "env", _PATH]

    def argv(self, argv: Sequence[str]) -> list[str]:
        """A command line that runs `argv` in here; its working directory is /."""
        return [*self.prefix(), *argv]


@contextmanager
def opened(by: Deadline) -> Iterator[Namespace]:
    """A namespace for several commands. Its mounts and processes are gone after the block, also if we are killed."""
    argv = in_namespace(["sh", "-c", _HOLDER])
    holder = subprocess.Popen(
        argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
    )
    with holder, children.recorded(holder.pid, argv):
        try:
            yield Namespace(_first_pid(holder, by))
        finally:
            _end(holder)


def _first_pid(holder: "subprocess.Popen[bytes]", by: Deadline) -> int:
    assert holder.stdout is not None
    assert holder.stderr is not None
    readable, _, _ = select.select([holder.stdout], [], [], by.left())
    line = holder.stdout.readline() if readable else b""
    if not line.strip().isdigit():
        _end(holder)
        raise LabError(
            f"no namespace to build in could be made: {holder.stderr.read().decode(errors='replace').strip()}",
            where="unshare on this computer",
            mend="a normal user needs the package uidmap, a line in /etc/subuid and in /etc/subgid, "
            "and user namespaces allowed by the kernel; `lab doctor` checks that",
        )
    return int(line)


def _end(holder: "subprocess.Popen[bytes]") -> None:
    assert holder.stdin is not None
    holder.stdin.close()
    try:
        holder.wait(timeout=_END_S)
    except subprocess.TimeoutExpired:
        holder.kill()
