"""What this computer is and has: system, packages, groups, devices, space. Looks only, changes nothing."""

import grp
import os
import pwd
import shutil
import socket
import stat
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from lab.host.run import run
from lab.model.deadline import Deadline

KVM = Path("/dev/kvm")
ID_FILES = (Path("/etc/subuid"), Path("/etc/subgid"))


@dataclass(frozen=True)
class Rights:
    """Who may use a device: its group and its mode in octal digits."""

    group: str
    mode: str


def system() -> tuple[str, str]:
    """The system's name and version in its own words (os-release(5)), for example ("debian", "12")."""
    pairs = dict(line.split("=", 1) for line in lines(Path("/etc/os-release")) if "=" in line)
    return pairs.get("ID", "unknown").strip('"'), pairs.get("VERSION_ID", "").strip('"')


def user() -> str:
    """Who will use the lab: the person behind sudo, if there is one."""
    behind = os.environ.get("SUDO_USER", "")
    return behind if os.geteuid() == 0 and behind else pwd.getpwuid(os.geteuid()).pw_name


def packages() -> frozenset[str]:
    """The names of the installed Debian packages."""
    by = Deadline.after(30, "asking dpkg: 30 s")
    said = run(["dpkg-query", "--show", "--showformat", r"${db:Status-Status} ${Package}\n"], by=by)
    words = (line.split() for line in said.out.splitlines())
    return frozenset(name for status, name in words if status == "installed")


def memberships(name: str) -> frozenset[str]:
    """The groups that the system's lists put this user in, whenever the user logged in."""
    return frozenset(group.gr_name for group in grp.getgrall() if name in group.gr_mem)


def is_in(group: str) -> bool:
    """Whether this process is in a group; it keeps the groups that its user had at login."""
    try:
        number = grp.getgrnam(group).gr_gid
    except KeyError:
        return False
    return number in {os.getegid(), *os.getgroups()}


def has_id_range(name: str) -> bool:
    """Whether a user has ranges of user and group ids (subuid(5))."""
    return all(any(line.startswith(f"{name}:") for line in lines(file)) for file in ID_FILES)


def first_free_id(id_lines: Iterable[str]) -> int:
    """The first id above all ranges in lines NAME:START:COUNT of subuid(5). Pure."""
    ends = [100_000]
    for line in id_lines:
        fields = line.strip().split(":")
        if len(fields) == 3 and fields[1].isdigit() and fields[2].isdigit():
            ends.append(int(fields[1]) + int(fields[2]))
    return max(ends)


def rights(device: Path) -> Rights | None:
    """Who may use a device; None where there is none."""
    try:
        found = device.stat()
    except FileNotFoundError:
        return None
    try:
        group = grp.getgrgid(found.st_gid).gr_name
    except KeyError:
        group = str(found.st_gid)
    return Rights(group, f"{stat.S_IMODE(found.st_mode):04o}")


def somebody_listens(path: Path) -> bool:
    """Whether a daemon listens on this socket, also where we have no rights on it."""
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(path))
        except PermissionError:
            return True
        except (FileNotFoundError, ConnectionRefusedError):
            return False
    return True


def may_write(file: Path) -> bool:
    """Whether we may write a file there, which may be there already, and so may the folders above it be."""
    try:
        if file.exists():
            return not file.is_dir() and os.access(file, os.W_OK)
        return may_make(file.parent)
    except OSError:
        return False


def may_make(folder: Path) -> bool:
    """Whether we may write in a folder, or make it where it is not there."""
    try:
        first = next(each for each in (folder, *folder.absolute().parents) if each.exists())
        return first.is_dir() and os.access(first, os.W_OK | os.X_OK)
    except OSError:
        return False


def free_mb(folder: Path) -> int:
    """The free space, in MiB, where this folder is or would be."""
    return shutil.disk_usage(_place(folder)).free // 2**20


def used_mb(folder: Path, by: Deadline) -> int:
    """What lies in a folder, in MiB, as far as we may read it; 0 where there is none."""
    if not folder.exists():
        return 0
    said = run(["du", "-sm", str(folder)], by=by, ok={0: "counted", 1: "counted but for what may not be read"})
    return int(said.out.split()[0])


def allocated(folders: Sequence[Path], by: Deadline) -> int:
    """The bytes on the disk that these folders really take together; a file that has two names in them counts once."""
    words = ["--summarize", "--total", "--block-size=1", "--one-file-system", "--", *map(str, folders)]
    return int(run(["du", *words], by=by).out.splitlines()[-1].split()[0])


def device(folder: Path) -> int:
    """The number of the file system where this folder is or would be."""
    return _place(folder).stat().st_dev


def file_system(folder: Path) -> str:
    """The kind of file system where this folder is or would be, in the kernel's words (proc(5), mounts)."""
    place = _place(folder).resolve()
    mounts = [line.split()[1:3] for line in lines(Path("/proc/self/mounts"))]
    # The later of two on one place lies over the other.
    above = [(len(point), number, kind) for number, (point, kind) in enumerate(mounts) if place.is_relative_to(point)]
    return max(above, default=(0, 0, "not known"))[2]


def _place(folder: Path) -> Path:
    while not folder.exists():
        folder = folder.parent
    return folder


def available_memory_mb() -> int:
    """The memory, in MiB, that programs can still have (proc(5), MemAvailable)."""
    line = next(each for each in lines(Path("/proc/meminfo")) if each.startswith("MemAvailable:"))
    return int(line.split()[1]) // 1024


def lines(file: Path) -> list[str]:
    """The lines of a text file; none where there is no file."""
    return file.read_text().splitlines() if file.exists() else []
