"""What a manifest tells of a tar."""

import hashlib
import io
import tarfile
from pathlib import Path

from lab.provision import manifest

_STATUS = """\
Package: haproxy
Status: install ok installed
Version: 3.0.11-1
Description: fast and reliable
 Status: deinstall ok config-files

Package: gone
Status: deinstall ok config-files
Version: 1.0
"""


def _member(name: str, kind: bytes = tarfile.REGTYPE, link: str = "", size: int = 0) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.type, member.linkname, member.size = kind, link, size
    return member


def _tar(path: Path) -> Path:
    with tarfile.open(path, "w") as archive:
        archive.addfile(_member("./", tarfile.DIRTYPE))
        archive.addfile(_member("./etc", tarfile.DIRTYPE))
        archive.addfile(_member("./etc/a", size=5), io.BytesIO(b"hello"))
        archive.addfile(_member("./etc/b", tarfile.LNKTYPE, "./etc/a"))
        archive.addfile(_member("./etc/c", tarfile.SYMTYPE, "/run/c"))
        archive.addfile(_member("./dev/null", tarfile.CHRTYPE))
        listed = "/.\n/usr\n/usr/bin/haproxy\n/lib/units/haproxy.service\n"
        lists = _member("./var/lib/dpkg/info/haproxy:amd64.list", size=len(listed))
        archive.addfile(lists, io.BytesIO(listed.encode()))
        archive.addfile(_member("./var/lib/dpkg/status", size=len(_STATUS)), io.BytesIO(_STATUS.encode()))
    return path


def test_each_kind_of_file_has_its_word(tmp_path: Path) -> None:
    hello = f"sha256:{hashlib.sha256(b'hello').hexdigest()}"
    files = manifest.of_tar(_tar(tmp_path / "root.tar"))["files"]
    files = {path: word for path, word in files.items() if not path.startswith("var/")}
    assert files == {"etc": "dir", "etc/a": hello, "etc/b": hello, "etc/c": "link:/run/c", "dev/null": "other"}


def test_only_installed_packages_are_listed(tmp_path: Path) -> None:
    assert manifest.of_tar(_tar(tmp_path / "root.tar"))["packages"] == {"haproxy": "3.0.11-1"}


def test_each_file_of_a_package_has_its_owner_where_the_file_really_lies(tmp_path: Path) -> None:
    owners = manifest.of_tar(_tar(tmp_path / "root.tar"))["owners"]
    assert owners["usr/bin/haproxy"] == owners["usr/lib/units/haproxy.service"] == "haproxy"
