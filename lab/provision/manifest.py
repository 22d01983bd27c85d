"""What is in a root file system: packages with their versions, and each file with its hash. Read from its tar."""

import hashlib
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

_CHUNK = 1 << 20
_STATUS = "var/lib/dpkg/status"
_LISTS = "var/lib/dpkg/info/"
# Links to the folders of the same name in /usr, by which some packages still name their files.
_MOVED = ("bin", "lib", "lib64", "sbin")


def of_tar(tar: Path) -> dict[str, dict[str, str]]:
    """`{"packages": {name: version}, "files": {path: "sha256:… | link:… | dir | other"}, "owners": {path: package}}`,
    paths from the root on. A path that several packages own, a folder for example, has the last of them."""
    files: dict[str, str] = {}
    packages: dict[str, str] = {}
    owners: dict[str, str] = {}
    with tarfile.open(tar) as archive:
        for member in archive:
            path = member.name.removeprefix("./")
            if path in ("", "."):
                continue
            if path == _STATUS:
                packages = dict(_installed(_opened(archive, member).read().decode()))
            if path.startswith(_LISTS) and path.endswith(".list"):
                package = path.removeprefix(_LISTS).removesuffix(".list").partition(":")[0]
                owners |= dict.fromkeys(_listed(_opened(archive, member).read().decode()), package)
            files[path] = _entry(archive, member, files)
    return {"packages": packages, "files": files, "owners": owners}


def _entry(archive: tarfile.TarFile, member: tarfile.TarInfo, before: dict[str, str]) -> str:
    if member.isdir():
        return "dir"
    if member.issym():
        return f"link:{member.linkname}"
    if member.islnk():
        # A second name of a file that came before.
        return before[member.linkname.removeprefix("./")]
    if not member.isfile():
        return "other"
    digest = hashlib.sha256()
    content = _opened(archive, member)
    while chunk := content.read(_CHUNK):
        digest.update(chunk)
    return f"sha256:{digest.hexdigest()}"


def _opened(archive: tarfile.TarFile, member: tarfile.TarInfo) -> IO[bytes]:
    content: Any = archive.extractfile(member)
    assert content is not None, f"{member.name} is a regular file"
    opened: IO[bytes] = content
    return opened


def _listed(paths: str) -> Iterator[str]:
    """The paths in the text of a package's list of files, as the tar names them."""
    for line in paths.splitlines():
        path = line.removeprefix("/")
        yield f"usr/{path}" if path.partition("/")[0] in _MOVED else path


def _installed(status: str) -> Iterator[tuple[str, str]]:
    """Name and version of each installed package in the text of dpkg's status file."""
    for paragraph in status.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in paragraph.splitlines() if ": " in line and line[0] != " ")
        if fields.get("Status", "").endswith(" installed"):
            yield fields["Package"], fields["Version"]
