"""`lab build` and `lab clean`: what is made anew, what an interruption leaves, and what is taken for whole."""

import os
import secrets
import shutil
import signal
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from lab.host import paths
from lab.host.namespace import in_namespace
from lab.host.wait import await_until
from lab.model.deadline import Deadline
from lab.model.node import Role
from lab.substrates import registry
from lab.substrates.vagrant import box, virsh
from lab.substrates.vagrant.names import boot_volume
from lab.substrates.vagrant.names import box as box_name
from lab.substrates.vagrant.tool import box_folder
from tests.cli.clone import clone
from tests.cli.cutting import cut
from tests.conftest import Typed, type_lab, type_well


@dataclass(frozen=True)
class Kit:
    """A clone of the kit, one role of which was changed, with a cache and boxes of its own."""

    folder: Path
    cache: Path
    substrate: str

    @property
    def env(self) -> dict[str, str]:
        boxes = {"VAGRANT_HOME": str(self.cache / "vagrant.d")}
        return {"PYTHONPATH": str(self.folder), "XDG_CACHE_HOME": str(self.cache), **boxes}

    def builds(self) -> Typed:
        return type_well("build", self.substrate, env=self.env, cwd=self.folder)

    def is_cut(self, step: str, number: signal.Signals, begun: str = "") -> bool:
        """Types the build and ends it at this step, once there is what `begun` names in the cache; whether it came to
        that. Interrupted, it leaves nothing running."""

        def seen(_count: int, line: str) -> bool:
            if step in line and begun:
                by = Deadline.after(300, "a step's work")
                await_until(
                    lambda: None if any(self.cache.glob(begun)) else "no", by, what=begun, mend="", every_s=0.02
                )
            return step in line

        came = cut(["build", self.substrate], seen, number, env=self.env, cwd=self.folder)
        if number is signal.SIGINT:
            assert self.at_work() == [], step
        return came

    def made(self) -> set[str]:
        """The root file systems that are there, by name without their key, and whatever else lies there."""
        return {entry.name.rpartition("-")[0] or entry.name for entry in (self.cache / paths.KIT / "rootfs").iterdir()}

    def at_work(self) -> list[str]:
        """What still works for this build, by its environment, and what is mounted on its folders, anywhere."""
        mine = f"XDG_CACHE_HOME={self.cache}".encode()
        processes = [*Path("/proc").glob("[0-9]*")]
        found = [read(process / "cmdline").decode() for process in processes if mine in read(process / "environ")]
        tables = [read(process / "mountinfo").decode() for process in processes]
        return found + [line for table in tables for line in table.splitlines() if str(self.cache) in line]


def read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError:  # the process has ended, or is another user's
        return b""


@pytest.fixture
def room() -> Iterator[Path]:
    """A folder for one test, where there is room."""
    folder = Path(f"/var/tmp/labkit-build-{secrets.token_hex(4)}")
    yield folder
    # What a build leaves belongs, for a normal user, to a range of other users too.
    subprocess.run(in_namespace(["rm", "-rf", "--", str(folder)]), check=True)


def changed(room: Path, substrate: str, role: str) -> Kit:
    kit = Kit(room / "kit", room / "cache", substrate)
    clone(kit.folder)
    with (kit.folder / f"playbooks/roles/{role}/tasks/main.yml").open("a") as tasks:
        tasks.write(f"# changed: {room.name}\n")
    return kit


@pytest.fixture
def containers(room: Path) -> Iterator[Kit]:
    """A kit that has what is below the nodes' roles, and what was fetched: there may be no network."""
    kit = changed(room, "docker", "loadbalancer")
    there, mine = paths.cache() / "rootfs", kit.cache / paths.KIT / "rootfs"
    mine.mkdir(parents=True)
    for entry in [*there.glob("base-*"), *there.glob("common-*"), there / "apt"]:
        subprocess.run(in_namespace(["cp", "-a", str(entry), str(mine)]), check=True)
    before = images()
    yield kit
    for image in images() - before:
        subprocess.run(["docker", "image", "rm", image], check=True, capture_output=True)


def images() -> set[str]:
    asked = ["docker", "images", "--format", "{{.Repository}}:{{.Tag}}", "labkit/*"]
    return set(subprocess.run(asked, check=True, capture_output=True, text=True).stdout.split())


BOTH = (signal.SIGKILL, signal.SIGINT)
SOME_STEPS = (("Install HAProxy", signal.SIGKILL), ("packing", signal.SIGINT))
EACH_STEP = tuple(
    (step, number)
    for step in ("unpacking", "Install HAProxy", "Make the folder", "scripts in place", "packing", "listing", "image")
    for number in BOTH
)


@pytest.mark.only("docker")
@pytest.mark.parametrize(
    "steps", [SOME_STEPS, pytest.param(EACH_STEP, marks=pytest.mark.long)], ids=["some steps", "each step"]
)
def test_a_changed_role_alone_is_built_anew_however_often_it_is_cut(
    containers: Kit, steps: list[tuple[str, signal.Signals]]
) -> None:
    for step, number in steps:
        assert containers.is_cut(step, number), step
    gave = containers.builds()
    assert "importing the image of loadbalancer" in gave.err
    assert not [line for line in gave.err.splitlines() if "store" in line or "worker" in line]
    assert containers.made() == {"apt", "base", "common", "loadbalancer", "lock"}
    assert containers.at_work() == []
    assert containers.builds().err == "", "there is nothing left to do"


@pytest.mark.only("docker")
def test_a_version_that_the_release_does_not_bring_ends_the_build(containers: Kit) -> None:
    file = containers.folder / "topology.toml"
    text = file.read_text()
    file.write_text(text.replace('haproxy = "3.0"', 'haproxy = "1.9"'))
    assert file.read_text() != text
    gave = type_lab("build", "docker", env=containers.env, cwd=containers.folder)
    assert gave.code == 4
    assert "haproxy" in gave.err.partition("error: ")[2]
    assert "loadbalancer" not in containers.made()


@pytest.fixture
def machines(room: Path) -> Iterator[Kit]:
    """A kit that has nothing yet, not even Debian's own packages."""
    before = virsh.volumes(Deadline.after(60, "test"))
    yield changed(room, "vagrant", "machine")
    for volume in virsh.volumes(Deadline.after(60, "test")) - before:
        virsh.delete(volume, Deadline.after(60, "test"))


# The steps whose work is another than in a container's role, and what tells that it has begun.
BOX_STEPS = {
    "base: fetching": f"{paths.KIT}/rootfs/making-*/mmdebstrap/*/etc/apt/sources.list",
    "common: unpacking": f"{paths.KIT}/rootfs/making-*/tree/usr/lib",
    "making the disk": f"{paths.KIT}/boxes/*/tree/usr/lib",
    "adding the box": "vagrant.d/tmp/*box*",
}


@pytest.mark.long
@pytest.mark.only("vagrant")
def test_boxes_from_nothing_are_made_however_often_that_is_cut(machines: Kit) -> None:
    for step, begun in BOX_STEPS.items():
        for number in BOTH:
            assert machines.is_cut(step, number, begun), step
    # Past all that was cut: the next role's turn.
    assert machines.is_cut("store: unpacking", signal.SIGINT)
    assert machines.made() == {"apt", "base", "common", "loadbalancer", "loadbalancer-machine", "lock", "making"}
    assert [entry.name for entry in (machines.cache / paths.KIT / "boxes").iterdir()] == []
    assert len([*(machines.cache / "vagrant.d/boxes").iterdir()]) == 1


ADD = """
import sys
from pathlib import Path
from lab.model.deadline import Deadline
from lab.model.node import Role
from lab.substrates.vagrant import box
box.add(Role.WORKER, sys.argv[1], Path(sys.argv[2]), print, Deadline.after(300, "test"))
"""


@pytest.fixture
def tiny(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """The content key of a root file system that is nearly empty, and its tar; what was made of it is removed."""
    key, tar = secrets.token_hex(8), tmp_path / "rootfs.tar"
    with tarfile.open(tar, "w") as made:
        for name in ("vmlinux", "initrd"):
            (tmp_path / name).write_bytes(name.encode() * 1_000_000)
            made.add(tmp_path / name, f"./boot/lab/{name}")
    yield key, tar
    shutil.rmtree(box_folder(box_name(Role.WORKER, key)), ignore_errors=True)
    by = Deadline.after(60, "test")
    for volume in {boot_volume(kind, key) for kind in box.KINDS} & virsh.volumes(by):
        virsh.delete(volume, by)


@pytest.mark.only("vagrant")
def test_a_box_whose_kernel_came_only_in_part_is_not_taken_for_whole(tiny: tuple[str, Path], tmp_path: Path) -> None:
    key, tar = tiny
    by, substrate = Deadline.after(300, "test"), registry.get("vagrant")
    substrate.pack(Role.WORKER, key, tar, print, by)
    assert substrate.is_packed(Role.WORKER, key)
    for kind in box.KINDS:
        virsh.delete(boot_volume(kind, key), by)
    # The box is there, its kernel is not: both are made again, and that is cut in the middle.
    adding = subprocess.Popen([sys.executable, "-c", ADD, key, str(tar)], start_new_session=True)
    last = boot_volume(box.KINDS[-1], key)
    try:
        await_until(lambda: None if last in virsh.volumes(by) else "none", by, what=last, mend="", every_s=0)
    finally:
        os.killpg(adding.pid, signal.SIGKILL)
        adding.wait()
    assert not substrate.is_packed(Role.WORKER, key)
    substrate.pack(Role.WORKER, key, tar, print, by)
    assert substrate.is_packed(Role.WORKER, key)
    for kind, name in zip(box.KINDS, ("vmlinux", "initrd"), strict=True):
        virsh.virsh("vol-download", boot_volume(kind, key), str(tmp_path / kind), "--pool", "default", by=by)
        assert (tmp_path / kind).read_bytes() == (tmp_path / name).read_bytes()
