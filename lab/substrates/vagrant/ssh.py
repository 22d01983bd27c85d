"""Keys of a lab and of its nodes, and the ssh configuration that uses them."""

import os
import stat
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from lab.host import paths, records
from lab.host.run import run
from lab.model.deadline import Deadline
from lab.model.errors import UsageError
from lab.model.node import NodeName


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
