"""bin/lab: computers that it refuses, before anything is made."""

import re
from pathlib import Path

import pytest

from tests.launcher.kit import Kit, write

# Two of them lie there, whether or not they are installed where this runs.
NO_ENGINES = "mount -t tmpfs none /usr/sbin"

UNFIT = {
    "another system": (
        ["mount --bind {there}/os-release /etc/os-release"],
        "lab: not supported: fedora 41 (Linux x86_64)\n"
        "  where: this computer\n"
        "  mend:  run the kit on Debian 12 or 13 on amd64, for example in a virtual machine\n",
    ),
    "an old Debian": (
        ["mount --bind {there}/old-release /etc/os-release"],
        "lab: not supported: debian 11 (Linux x86_64)\n"
        "  where: this computer\n"
        "  mend:  run the kit on Debian 12 or 13 on amd64, for example in a virtual machine\n",
    ),
    "a full disk": (
        ["mount -t tmpfs -o size=20m none {there}/small", "cp -r {kit} {there}/small/kit"],
        "lab: not enough disk: N MB are free, 2600 MB are needed\n"
        "  where: the file system of {there}/small/kit\n"
        "  mend:  free some space, or use a larger file system\n",
    ),
    "a full disk under the engines": (
        ["mount -t tmpfs -o size=20m none /var/lib", NO_ENGINES],
        "lab: not enough disk: N MB are free, 3000 MB are needed\n"
        "  where: the file system of /var/lib\n"
        "  mend:  free some space, or use a larger file system\n",
    ),
    "a full disk under the home": (
        ["mount -t tmpfs -o size=20m none {there}/small", "export HOME={there}/small/ada"],
        "lab: not enough disk: N MB are free, 3400 MB are needed\n"
        "  where: the file system of {there}/small/ada/.cache, {there}/small/ada/.local/state\n"
        "  mend:  free some space, or use a larger file system\n",
    ),
    "a folder that is not ours": (
        [
            "mount -t tmpfs -o size=4g none {there}/small",
            "cp -r {kit} {there}/small/kit",
            "mount -o remount,ro {there}/small",
        ],
        "lab: cannot make .venv: the folder is not yours to write in\n"
        "  where: {there}/small/kit\n"
        "  mend:  clone the kit into a folder of your own\n",
    ),
    "an old Python": (
        ["mount --bind {there}/old-python /usr/bin/python3"],
        "lab: not supported: no Python 3.11 or newer\n"
        "  where: /usr/bin/python3 and PATH\n"
        "  mend:  apt-get install python3\n",
    ),
    "little memory": (
        ["mount --bind {there}/meminfo /proc/meminfo"],
        "lab: not enough memory: 500 MB are available, 3000 MB are needed\n"
        "  where: this computer\n"
        "  mend:  end other programs, or give this computer more memory\n",
    ),
}


@pytest.mark.parametrize("case", UNFIT)
def test_an_unfit_computer_gets_one_message_before_anything_is_made(kit: Kit, tmp_path: Path, case: str) -> None:
    setting, message = UNFIT[case]
    (tmp_path / "os-release").write_text('ID=fedora\nVERSION_ID="41"\n')
    (tmp_path / "old-release").write_text('ID=debian\nVERSION_ID="11"\n')
    (tmp_path / "meminfo").write_text("MemTotal:  1024000 kB\nMemAvailable:     512000 kB\n")
    write(tmp_path / "old-python", "exit 1")
    (tmp_path / "small").mkdir()
    place = tmp_path / "small/kit" if any("small/kit" in line for line in setting) else kit.root
    setting = [line.format(there=tmp_path, kit=kit.root) for line in setting]
    done = kit.inside(setting, str(place / "bin/lab"), "demo", "--yes")
    assert done.code == 2
    assert re.sub(r"\d+ MB are free", "N MB are free", done.err) == message.format(there=tmp_path)
    assert not (kit.root / ".venv").exists()
    assert kit.installs() == 0


def have_all(kit: Kit) -> Path:
    """Gives the computer all that a verb installs or builds; the engines are in the folder that comes back."""
    folder = kit.root.parent / "engines"
    folder.mkdir()
    for name in ("dockerd", "libvirtd", "qemu-system-x86_64", "vagrant"):
        (folder / name).touch(0o755)
    (kit.root.parent / ".cache/vagrant-docker-lab/rootfs").mkdir(parents=True)
    return folder


@pytest.mark.parametrize("verb", ["setup", "demo", "test"])
def test_what_installs_asks_the_same_questions_until_all_is_there(kit: Kit, small: list[str], verb: str) -> None:
    kit.type("status", "--yes")
    lab = str(kit.root / "bin/lab")
    assert kit.inside(small, lab, verb, "--yes").code == 2
    for words in (["status"], ["setup", "--undo"], [verb, "--dry-run"]):
        assert kit.inside(small, lab, *words).code == 7
    engines = have_all(kit)
    assert kit.inside(small, lab, verb, "--yes", PATH=f"/usr/bin:/bin:{engines}").code == 7
    without = [NO_ENGINES, f"rm {engines}/libvirtd"]
    assert kit.inside([*small, *without], lab, verb, "--yes", PATH=f"/usr/bin:/bin:{engines}").code == 2


def test_what_is_made_or_installed_already_needs_no_room_any_more(kit: Kit) -> None:
    kit.type("status", "--yes")
    engines, lab = have_all(kit), str(kit.root / "bin/lab")
    (kit.root.parent / ".cache/vagrant-docker-lab/rootfs").rmdir()
    (kit.root / ".tox").mkdir()
    (kit.root / ".tox/libraries").write_bytes(b"x" * 5 * 2**20)
    full = "mount -t tmpfs -o size=20m none {}"
    with_engines = kit.inside([full.format("/var/lib")], lab, "demo", PATH=f"/usr/bin:/bin:{engines}")
    assert "20 MB are free, 2210 MB are needed\n  where: the file system of /var/lib\n" in with_engines.err
    elsewhere = [f"cp -r {kit.root} {kit.root}-moved", full.format(kit.root), f"cp -r {kit.root}-moved/. {kit.root}"]
    with_libraries = kit.inside(elsewhere, lab, "demo", PATH=f"/usr/bin:/bin:{engines}")
    assert f" MB are free, 2595 MB are needed\n  where: the file system of {kit.root}\n" in with_libraries.err


def test_a_command_that_begins_again_after_it_installed_the_engines_is_not_asked_for_room_again(
    kit: Kit, small: list[str]
) -> None:
    kit.type("status", "--yes")
    (kit.root / "lab/__main__.py").write_text("import os; print(os.environ.get('LAB_ROOM_CHECKED'))")
    gave = kit.inside(small, str(kit.root / "bin/lab"), "demo", "--yes", LAB_ROOM_CHECKED="1")
    assert (gave.code, gave.out) == (0, "None\n"), gave.err


@pytest.mark.parametrize(("words", "code"), [(["demo", "--dry-run"], 2), (["setup", "--undo"], 7)])
def test_the_environment_is_made_on_a_small_computer_only_to_take_things_back(
    kit: Kit, small: list[str], words: list[str], code: int
) -> None:
    assert kit.inside(small, str(kit.root / "bin/lab"), *words, "--yes").code == code
    assert kit.installs() == (code == 7)
