"""A box from a root file system: one uncompressed tar with metadata, Vagrantfile and disk."""

import json
import os
import shutil
import tarfile
import tempfile
from collections.abc import Sequence
from pathlib import Path

from lab.host import namespace, paths
from lab.host.run import run
from lab.model.deadline import Deadline
from lab.model.node import Role
from lab.substrates.base import Report
from lab.substrates.vagrant import virsh
from lab.substrates.vagrant.disk import Disk, make_disk
from lab.substrates.vagrant.names import boot_volume, box, image_volume, key_of
from lab.substrates.vagrant.tool import box_folder

KINDS = ("kernel", "initrd")
_VAGRANTFILE = paths.REPO / "vagrant" / "box.Vagrantfile"
PACKED_WITH = (_VAGRANTFILE, Path(__file__).with_name("disk.py"))


def is_added(role: Role, key: str, by: Deadline) -> bool:
    """Whether Vagrant has the box, and the pool has its kernel and its image."""
    name = box(role, key)
    image = _image(name)
    if not image.exists():
        return False
    return {image_volume(name, image), *(boot_volume(kind, key) for kind in KINDS)} <= virsh.volumes(by)


def add(role: Role, key: str, tar: Path, report: Report, by: Deadline) -> None:
    """Makes the box and adds it to Vagrant; its kernel goes to libvirt's pool, since machines boot it directly.

    So does its image, which Vagrant would else put there at the first `up`: ended while it does, it leaves a part of
    the image, and takes that for the whole from then on.
    """
    name = box(role, key)
    # Interrupted, it may leave files that only the namespace of the next one can remove.
    with tempfile.TemporaryDirectory(dir=_scratch(by), ignore_cleanup_errors=True) as folder:
        report(f"making the disk of {role}")
        disk = make_disk(tar, Path(folder), by)
        archive = _archive(disk, Path(folder))
        report(f"adding the box of {role}")
        present = virsh.volumes(by)
        # From here on until it is added anew there is no box, so that a kernel in part is not taken for a whole one.
        shutil.rmtree(box_folder(name), ignore_errors=True)
        for kind, path in zip(KINDS, (disk.kernel, disk.initrd), strict=True):
            virsh.upload(boot_volume(kind, key), path, by, present)
        virsh.upload(image_volume(name, disk.image), disk.image, by, present)
        # Vagrant adds a box whole or not at all.
        run(
            ["vagrant", "box", "add", "--no-tty", "--force", "--provider", "libvirt", "--name", name, str(archive)],
            by=by,
            env={"VAGRANT_CHECKPOINT_DISABLE": "1"},
            where=f"vagrant, box {name}",
        )
        # Last: Vagrant unpacks it with the time of now. With its own, which names the volume, it counts as made.
        made_s = disk.image.stat().st_mtime
        os.utime(_image(name), (made_s, made_s))


def _image(name: str) -> Path:
    """Where Vagrant keeps the image of a box."""
    return box_folder(name) / "0" / "libvirt" / "box.img"


def packed(by: Deadline) -> dict[str, str]:
    """Every box of ours, and every volume that libvirt holds of them, by name with its content key."""
    boxes = [folder.name.replace("-VAGRANTSLASH-", "/") for folder in box_folder("").glob("*")]
    keys = {name: key_of(name) for name in [*sorted(boxes), *sorted(virsh.volumes(by))]}
    return {name: key for name, key in keys.items() if key is not None}


def remove(names: Sequence[str], by: Deadline) -> None:
    """Removes boxes and volumes, named as `packed` names them."""
    volumes = virsh.volumes(by)
    for name in names:
        if name in volumes:
            virsh.delete(name, by)
        else:
            shutil.rmtree(box_folder(name))


def _scratch(by: Deadline) -> Path:
    """An empty folder to work in; one `add` at a time uses it."""
    folder = paths.cache() / "boxes"
    run(namespace.in_namespace(["rm", "-rf", "--one-file-system", "--", str(folder)]), by=by, where=str(folder))
    folder.mkdir(parents=True)
    return folder


def _archive(disk: Disk, folder: Path) -> Path:
    size_gib = -(-disk.virtual_size // 1024**3)
    metadata = folder / "metadata.json"
    metadata.write_text(json.dumps({"provider": "libvirt", "format": "qcow2", "virtual_size": size_gib}))
    archive = folder / "package.box"
    with tarfile.open(archive, "w") as tar:
        tar.add(metadata, "metadata.json")
        tar.add(_VAGRANTFILE, "Vagrantfile")
        tar.add(disk.image, "box.img")
    return archive
