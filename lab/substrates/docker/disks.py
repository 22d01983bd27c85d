"""The store's data in file systems of their own: what fills them fills nothing else of this computer.

A named volume has no bound. So a lab's volumes `store` and `drive` are mounts of loop devices, whose files lie in a
third volume, `disks`. Docker mounts by the names under /dev/labkit, which a reboot clears: a stale name can never lead
to another lab's data. Whoever may use Docker may do this too: a small container attaches the devices, not this process.
"""

import tempfile
from pathlib import Path

from lab.host.run import run
from lab.model.deadline import Deadline
from lab.substrates.docker.names import Names

KINDS = ("store", "drive")
_DEVICES = Path("/dev/labkit")
_CONTROL = Path("/dev/loop-control")
_ATTACH = f"""
cd /labkit
if [ "$1" = new ] && [ ! -e complete ]; then
    tar --extract --file=-
    sync --file-system .
    touch complete
fi
mkdir -p /dev/labkit
for kind in {" ".join(KINDS)}; do
    device=$(losetup --associated $kind.img | head -n 1 | cut -d: -f1)
    if [ -z "$device" ]; then device=$(losetup --find --show $kind.img); fi
    ln -sfn "$device" "/dev/labkit/$0_$kind"
done
"""
_DETACH = f"""
cd /labkit
for kind in {" ".join(KINDS)}; do
    rm -f "/dev/labkit/$0_$kind"
    for device in $(losetup --associated $kind.img | cut -d: -f1); do losetup --detach "$device"; done
done
"""
_PATH = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}


def can_bound() -> bool:
    """Whether this computer's kernel has loop devices."""
    return _CONTROL.exists()


def device(lab: str, kind: str) -> str:
    """What Docker mounts as the volume of this kind."""
    return str(_DEVICES / f"{lab}_{kind}")


def is_attached(lab: str) -> bool:
    """Whether the devices are there, with their files behind them."""
    return all(_backing(Path(device(lab, kind))) for kind in KINDS)


def attach(lab: str, image: str, size_mb: int, *, new: bool, by: Deadline) -> None:
    """Attaches the lab's devices; with `new` their file systems are made first, each of `size_mb`."""
    archive = _file_systems(size_mb, by) if new else b""
    _beside(lab, image, [_ATTACH, lab, "new" if new else "old"], archive, by)


def detach(lab: str, image: str, by: Deadline) -> None:
    """Detaches the lab's devices, whose volumes nothing mounts any more; the files stay."""
    _beside(lab, image, [_DETACH, lab], b"", by)


def _backing(path: Path) -> bool:
    return path.is_symlink() and Path(f"/sys/block/{path.readlink().name}/loop/backing_file").exists()


def _beside(lab: str, image: str, script: list[str], stdin: bytes, by: Deadline) -> None:
    loops = ("--device-cgroup-rule", "b 7:* rwm", "--device-cgroup-rule", "c 10:237 rwm", "--volume", "/dev:/dev")
    files = ("--volume", f"{Names(lab).volume('disks')}:/labkit")
    once = ("docker", "run", "--rm", "--interactive", "--network", "none", "--user", "0:0")
    run([*once, *loops, *files, image, "sh", "-euc", *script], by=by, stdin=stdin, where=f"disks of lab {lab}")


def _file_systems(size_mb: int, by: Deadline) -> bytes:
    """A sparse tar of one empty file system a kind."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for kind in KINDS:
            file = folder / f"{kind}.img"
            with file.open("wb") as empty:
                empty.truncate(size_mb * 1024 * 1024)
            run(["mke2fs", "-q", "-t", "ext4", "-m", "0", "-L", kind, str(file)], by=by, env=_PATH, where=str(file))
            # Docker gives an empty volume the owner and mode that the folder has in the image.
            run(["debugfs", "-w", "-R", "rmdir lost+found", str(file)], by=by, env=_PATH, where=str(file))
        run(["tar", "--sparse", "--create", "--file=all.tar", *(f"{kind}.img" for kind in KINDS)], by=by, cwd=folder)
        return (folder / "all.tar").read_bytes()
