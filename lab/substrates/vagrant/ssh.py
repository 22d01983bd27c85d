"""Keys of a lab and of its nodes, and the ssh configuration that uses them."""

import os
import stat
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from lab.host import paths, records
from lab.host.run import run
from lab.host.wait import await_until
from lab.model.deadline import Deadline
from lab.model.errors import UsageError
from lab.model.node import NodeName
from lab.substrates.base import Reach

_OFF_AT_MOST_S = 0.3
_SET_AT_MOST = 3


def ensure_key(path: Path, comment: str, by: Deadline) -> None:
    """Makes a key pair at `path` unless there is one; the private half is readable for its owner only."""
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", str(aside)], by=by)
    # The public half first: the private one's being there says that the pair is complete.
    aside.with_name(f"{aside.name}.pub").rename(path.with_name(f"{path.name}.pub"))
    aside.rename(path)


def host_key(folder: Path, name: NodeName | str) -> Path:
    """Where a node's own key lies."""
    return folder / "ssh" / f"host-{name}"


def write_config(addresses: Mapping[str, str], folder: Path) -> None:
    """Writes ssh_config and known_hosts: each node by its name, its key known before it first boots."""
    known = []
    for name, address in addresses.items():
        public = host_key(folder, name).with_suffix(".pub").read_text().split()
        known.append(f"{address} {public[0]} {public[1]}\n")
    records.write(folder / "ssh" / "known_hosts", "".join(known))
    blocks = [f"Host {name}\n  HostName {address}\n" for name, address in addresses.items()]
    records.write(folder / "ssh_config", "".join(blocks) + _COMMON.format(folder=folder, sockets=sockets()))


def set_clock(reach: Reach, name: NodeName, by: Deadline) -> None:
    """Sets a machine's clock to this computer's: one that was saved goes on with the time at which it was.

    The guest has no agent that libvirt could tell the time. To connect takes an emulated guest seconds, a command on a
    connection that is open takes a tenth of one: so the time is told over the second, and read back, for that may take
    longer on a busy computer. The clock of one that never answers in time stays about as wrong as it is slow.
    """

    def probe() -> str | None:
        opened = reach.run(["true"], by, ok={0: "open", 255: "no connection"})
        return opened.err.strip() or "no answer" if opened.status else None

    await_until(probe, by, what=f"{name} answering over ssh", mend=f"read the log of {name}")
    delay_s = 0.0
    for _ in range(_SET_AT_MOST):
        reach.run(["date", f"--set=@{time.time() + delay_s:.3f}"], by)
        asked = time.time()
        told = float(reach.run(["date", "+%s.%N"], by).out)
        ahead_s = told - (asked + time.time()) / 2
        if abs(ahead_s) <= _OFF_AT_MOST_S:
            return
        delay_s -= ahead_s


def sockets() -> Path:
    """A short path for the sockets of connections kept open: a Unix socket's path has 108 characters at most.

    Raises UsageError where the folder is another user's or open to others: who owns it could take a connection over.
    """
    session = Path(os.environ.get("XDG_RUNTIME_DIR") or "/nowhere")
    if _is_private(session):
        return session
    folder = paths.sockets()
    with suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    if not _is_private(folder):
        raise UsageError(
            "the folder for the sockets of ssh is not a folder of yours that is closed to others",
            where=str(folder),
            mend="remove it, as its owner or as root; it holds nothing that has to be kept",
        )
    return folder


def _is_private(folder: Path) -> bool:
    """Whether it is a folder, no link to one, of ours, and nobody else may look into it."""
    try:
        found = folder.lstat()
    except FileNotFoundError:
        return False
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid() and stat.S_IMODE(found.st_mode) == 0o700


# The first login to an emulated machine takes seconds, so a connection is kept for ten minutes after its last use. The
# substrate closes it with its machine; where that ends otherwise, 15 s without a sign of life end it (ServerAlive...).
_COMMON = """Host *
  User root
  IdentityFile "{folder}/ssh/key"
  IdentitiesOnly yes
  UserKnownHostsFile "{folder}/ssh/known_hosts"
  StrictHostKeyChecking yes
  PasswordAuthentication no
  LogLevel ERROR
  ConnectTimeout 10
  ServerAliveInterval 5
  ServerAliveCountMax 3
  ControlMaster auto
  ControlPath {sockets}/%C
  ControlPersist 600
"""
