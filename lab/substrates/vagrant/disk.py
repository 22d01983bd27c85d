"""A disk image from a root file system, without a loop device and without a mount."""

from dataclasses import dataclass
from pathlib import Path

from lab.host import namespace
from lab.host.run import run
from lab.model.deadline import Deadline

_GIB = 1024**3
# What machines boot directly, as role `machine` leaves it in the root file system.
_KERNEL, _INITRD = "boot/lab/vmlinux", "boot/lab/initrd"
# $1 the root file system, $2 the folder to work in, $3 the disk's size in bytes. The tree's owners are those of the
# namespace, so unpacking, making the file system and removing the tree happen in one.
_MAKE = f"""
set -eu
mkdir "$2/tree"
tar --extract --numeric-owner --same-owner --same-permissions --file="$1" --directory="$2/tree"
cp "$2/tree/{_KERNEL}" "$2/kernel"
cp "$2/tree/{_INITRD}" "$2/initrd"
truncate -s "$3" "$2/disk.raw"
mke2fs -q -t ext4 -b 4096 -L root -m 0 -O ^resize_inode -J size=8 -E lazy_itable_init=0 -d "$2/tree" "$2/disk.raw"
rm -rf "$2/tree"
"""


@dataclass(frozen=True)
class Disk:
    """A qcow2 image of `virtual_size` bytes, and the kernel and initrd that boot it."""

    image: Path
    kernel: Path
    initrd: Path
    virtual_size: int


def make_disk(tar: Path, folder: Path, by: Deadline) -> Disk:
    """The disk of a root file system, in `folder`."""
    size = 2 * _GIB
    where = f"disk image from {tar}"
    run(
        namespace.in_namespace(["sh", "-c", _MAKE, "disk", str(tar), str(folder), str(size)]),
        by=by,
        env={"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"},
        where=where,
    )
    image = folder / "box.img"
    run(["qemu-img", "convert", "-O", "qcow2", str(folder / "disk.raw"), str(image)], by=by, where=where)
    (folder / "disk.raw").unlink()
    return Disk(image, folder / "kernel", folder / "initrd", size)
