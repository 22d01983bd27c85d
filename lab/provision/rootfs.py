"""Root file systems: each layer is made once, as a tar with a manifest, and kept under its content key."""

import os
import secrets
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from lab.host import lock, namespace, paths, records
from lab.host.run import run
from lab.model.deadline import Deadline
from lab.model.errors import LabError, UnknownError
from lab.provision import layers, manifest, roles
from lab.provision.layers import Layer

Report = Callable[[str], None]

# One build at a time in this process; the lock file does the same between processes.
_ONE_BUILD = threading.Lock()

# Device files come with whatever runs the tree; a normal user could not make them.
_UNPACK = ("tar", "--extract", "--numeric-owner", "--same-owner", "--same-permissions", "--exclude=./dev/*")

# $1 the tree, $2 the folder that apt's lists and archives are kept in between builds.
_MOUNTS = """
set -eu
mount --bind "$1" "$1"
cd "$1"
mount -t tmpfs -o mode=0755 lab-dev dev
for node in full null random tty urandom zero; do : >dev/$node; mount --bind /dev/$node dev/$node; done
mkdir -m 1777 dev/shm
mkdir dev/pts
mount -t devpts -o newinstance,ptmxmode=0666 lab-pts dev/pts
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd
ln -s fd/0 dev/stdin; ln -s fd/1 dev/stdout; ln -s fd/2 dev/stderr
mount --rbind /proc proc
mount -t tmpfs lab-run run
mount -t tmpfs lab-tmp tmp
mount --bind "$2/lists" var/lib/apt/lists
mount --bind "$2/cache" var/cache/apt
mount --bind "$(realpath /etc/resolv.conf)" etc/resolv.conf
printf '#!/bin/sh\\nexit 101\\n' >usr/sbin/policy-rc.d
chmod 755 usr/sbin/policy-rc.d
chroot . apt-get update --quiet=2
"""

# $1 the tree, $2 the tar.
_PACK = """
set -eu
rm -f "$1/usr/sbin/policy-rc.d" "$1"/var/log/*.log "$1"/var/log/apt/*
# Empty means that each machine gets an identity of its own when it boots.
[ ! -e "$1/etc/machine-id" ] || : >"$1/etc/machine-id"
tar --create --file="$2" --directory="$1" --numeric-owner --sort=name .
rm -rf "$1"
"""

_AS_SHIPPED = """
: >"$1/etc/resolv.conf"
echo localhost >"$1/etc/hostname"
rm -f "$1"/var/log/*.log "$1"/var/log/apt/* "$1"/var/cache/apt/*.bin
"""


@dataclass(frozen=True)
class RootFs:
    """A made root file system. `manifest` is JSON, see `lab.provision.manifest.of_tar`."""

    key: str
    tar: Path
    manifest: Path


def is_made(layer: Layer) -> bool:
    """Whether this layer is there, whole."""
    return _folder(layer).is_dir()


def make(layer: Layer, report: Report, by: Deadline) -> RootFs:
    """The root file system of a layer, made now with all below it unless it is there already.

    `report` hears of each step. Raises LabError; what an interrupted build leaves is removed by the next one.
    """
    if not is_made(layer):
        with _ONE_BUILD, lock.held(_home() / "lock", "build"):
            _remove([*_home().glob("making-*")], by)
            for each in layer.lineage():
                if not is_made(each):
                    _make_one(each, report, by)
    return find(layer)


def find(layer: Layer) -> RootFs:
    """The root file system of a layer that was made; raises UnknownError where it is not there, and makes nothing."""
    if not is_made(layer):
        raise UnknownError(
            f"the root file system {layer.name} is not there, so nothing can be compared with it: run `lab build`",
            where=str(_folder(layer)),
            mend="`lab build`",
        )
    folder = _folder(layer)
    return RootFs(layer.key, folder / "rootfs.tar", folder / "manifest.json")


def made() -> dict[str, str]:
    """The root file systems that are there, whole: their names with their content keys."""
    folders = [entry for entry in _home().glob("*-*") if (entry / "manifest.json").exists()]
    return {folder.name: folder.name.rpartition("-")[2] for folder in folders if not folder.name.startswith("making-")}


def remove(names: Sequence[str], by: Deadline) -> None:
    """Removes root file systems, named as `made` names them."""
    with _ONE_BUILD, lock.held(_home() / "lock", "clean"):
        _remove([_home() / name for name in names], by)


def remove_all(by: Deadline) -> None:
    """Removes every made root file system, and what apt keeps for the next build."""
    with _ONE_BUILD, lock.held(_home() / "lock", "clean"):
        _remove([entry for entry in _home().iterdir() if entry.name != "lock"], by)


def _home() -> Path:
    return paths.cache() / "rootfs"


def _folder(layer: Layer) -> Path:
    return _home() / f"{layer.name}-{layer.key}"


def _make_one(layer: Layer, report: Report, by: Deadline) -> None:
    # A name of its own: a program that outlived an interrupted build can only harm what that build was making.
    making = _home() / f"making-{secrets.token_hex(4)}"
    making.mkdir(parents=True)
    tar = making / "rootfs.tar"
    if layer.parent is None:
        release = dict(layer.variables)["release"]
        report(f"{layer.name}: fetching Debian {release}")
        _bootstrap(release, tar, by)
    else:
        _apply(layer, layer.parent, tar, report, by)
    report(f"{layer.name}: listing its files")
    records.write_json(making / "manifest.json", manifest.of_tar(tar))
    _flush(tar)
    # From this moment on the layer is made; before it, nothing looks at what is there.
    making.rename(_folder(layer))


def _bootstrap(release: str, tar: Path, by: Deadline) -> None:
    # mmdebstrap's own folder goes where there is room, and is removed with ours if we are interrupted.
    temporary = tar.parent / "mmdebstrap"
    temporary.mkdir()
    words = ["mmdebstrap", "--mode=root", "--variant=minbase", f"--include={','.join(layers.BASE_PACKAGES)}"]
    words += [*(f"--dpkgopt={option}" for option in layers.LEFT_OUT), f"--customize-hook={_AS_SHIPPED}"]
    run(
        namespace.in_namespace([*words, release, str(tar), *_sources(release, by)]),
        by=by,
        env={"TMPDIR": str(temporary)},
        where="the base of all root file systems",
        mend="Debian's mirror must be reachable, and the packages mmdebstrap and uidmap installed: `lab doctor`",
    )
    temporary.rmdir()


def _apply(layer: Layer, parent: Layer, tar: Path, report: Report, by: Deadline) -> None:
    tree = tar.parent / "tree"
    where = f"role {layer.role}, {layers.PLAYBOOKS / 'roles' / str(layer.role)}"
    kept = _home() / "apt"
    for folder in (tree, kept / "lists", kept / "cache"):
        folder.mkdir(parents=True, exist_ok=True)
    with namespace.opened(by) as room:
        report(f"{layer.name}: unpacking {parent.name}")
        run(
            room.argv([*_UNPACK, f"--file={_folder(parent) / 'rootfs.tar'}", f"--directory={tree}"]), by=by, where=where
        )
        run(room.argv(["sh", "-c", _MOUNTS, "mounts", str(tree), str(kept)]), by=by, where=where)
        what = _play(layer, tree)
        roles.play(what, lambda step: report(f"{layer.name}: {step}"), by, prefix=room.prefix(), where=where)
    # The room's mounts are gone: what is left in the tree is what belongs to it.
    report(f"{layer.name}: packing")
    run(namespace.in_namespace(["sh", "-c", _PACK, "pack", str(tree), str(tar)]), by=by, where=where)


def _play(layer: Layer, tree: Path) -> roles.Play:
    """The layer's role against a tree that lies here."""
    into_tree = {
        "ansible_connection": "community.general.chroot",
        "ansible_host": str(tree),
        "ansible_python_interpreter": "/usr/bin/python3",
    }
    variables = {"layer_role": layer.role, **dict(layer.variables)}
    return roles.Play(layers.LAYER_PLAYBOOK, {layer.name: into_tree}, variables)


def _remove(folders: Sequence[Path], by: Deadline) -> None:
    """Removes folders whose files may belong to any user of the namespace."""
    there = [str(folder) for folder in folders if folder.exists()]
    if there:
        run(namespace.in_namespace(["rm", "-rf", "--one-file-system", "--", *there]), by=by, where=str(_home()))


def _flush(file: Path) -> None:
    with file.open("rb") as opened:
        os.fsync(opened.fileno())


def _sources(release: str, by: Deadline) -> list[str]:
    """Lines for the guests' sources.list, from the mirrors that this computer's own apt uses."""
    told = run(["apt-get", "indextargets", "--format", "$(LABEL) $(REPO_URI)", "Created-By: Packages"], by=by)
    mirrors = dict(line.split(" ", 1) for line in told.out.splitlines() if line.startswith("Debian"))
    if "Debian" not in mirrors:
        raise LabError(
            "this computer's apt names no Debian mirror",
            where="/etc/apt/sources.list and sources.list.d",
            mend="run `apt-get update` as root (`lab setup` does), then this again",
        )
    suites = [(mirrors["Debian"], release), (mirrors["Debian"], f"{release}-updates")]
    if "Debian-Security" in mirrors:
        suites.append((mirrors["Debian-Security"], f"{release}-security"))
    return [f"deb {mirror} {suite} main" for mirror, suite in suites]
