"""The store's data in file systems of their own: what fills them fills nothing else of this computer.

A named volume has no bound. So a lab's volumes `store` and `drive` are mounts of loop devices, whose files lie in a
third volume, `disks`. Docker mounts by the names under /dev/labkit, which a reboot clears. They are drawn once for each
lab's disks: all engines of a computer share that folder, and a lab of the same name on another engine has others.
Whoever may use Docker may do this too: a small container attaches the devices, not this process.
"""

import secrets
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lab.host.run import run
from lab.model.deadline import Deadline
from lab.model.node import STORE, LabPlan, Role
from lab.substrates.docker.client import NotFound, api
from lab.substrates.docker.names import LABEL_DISKS, LABEL_LAB, REPOSITORY, Names, image

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


def device(drawn: str, kind: str) -> str:
    """What Docker mounts as the volume of this kind, where the lab's devices have this name."""
    return str(_DEVICES / f"{drawn}_{kind}")


def attach(plan: LabPlan, by: Deadline) -> str | None:
    """The name of the lab's devices, which are attached then, and made first for a new lab. None where its data has no
    file systems of its own, since the kernel that it was made on cannot bound them."""
    store = _volume(plan.lab, "store")
    if not (can_bound() if store is None else "device" in (store["Options"] or {})):
        return None
    drawn = _drawn(plan.lab)
    if not _is_attached(drawn):
        archive = _file_systems(plan.store_disk_mb, by) if store is None else b""
        script = [_ATTACH, drawn, "old" if store else "new"]
        _beside(plan.lab, image(Role.STORE, plan.node(STORE).key), script, archive, by)
    return drawn


def detach(lab: str, by: Deadline) -> None:
    """Detaches the lab's devices, whose volumes nothing mounts any more; the files stay.

    Without an image to look from they stay attached until the next start of this computer; their files can go.
    """
    images = api().images(filters={"label": f"{REPOSITORY}.role={Role.STORE}"})
    if images and _volume(lab, "disks") is not None:
        _beside(lab, images[0]["Id"], [_DETACH, _drawn(lab)], b"", by)


def _drawn(lab: str) -> str:
    """The name that was drawn for the lab's devices; kept with the volume of their files, which is made if need be."""
    found = _volume(lab, "disks")
    if found is None:
        labels = {LABEL_LAB: lab, LABEL_DISKS: f"{lab}-{secrets.token_hex(4)}"}
        found = api().create_volume(Names(lab).volume("disks"), labels=labels)
    return str(found["Labels"].get(LABEL_DISKS, lab))


def _volume(lab: str, kind: str) -> Mapping[str, Any] | None:
    try:
        found: Mapping[str, Any] = api().inspect_volume(Names(lab).volume(kind))
    except NotFound:
        return None
    return found


def _is_attached(drawn: str) -> bool:
    """Whether the devices are there, with their files behind them."""
    return all(_backing(Path(device(drawn, kind))) for kind in KINDS)


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
