"""On a fresh Debian, with engines of its own: setup, doctor and undo as a normal user with sudo; the demo; from a
clone to the first exercise passed, in time."""

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.cli.clone import REPO, clone

CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"
# The network, and what pip reads.
SETTINGS = {"LAB_NETNS": "labkit-fresh", "LAB_NETNS_NETWORK": "169.254.80", "PIP_CERT": CERTIFICATES}
# A root file system with devices of its own, and a network: only root makes these.
ROOT = () if os.geteuid() == 0 else ("sudo", "-n")
SCRIPTS = [REPO / "tests/cli" / name for name in ("fresh-machine.sh", "first-exercise.sh", "first-demo.sh")]
# Root is a mount of its own, as on a computer: what enters a mount namespace stands at that namespace's root, which no
# chroot changes.
_ENTER = """
mount --bind "$1" "$1"
mount --rbind /dev "$1/dev"
# Setup gives it to a group of that Debian, which has another number here.
if [ -e /dev/kvm ]; then
  cp --archive /dev/kvm "$1/root/kvm"
  mount --bind "$1/root/kvm" "$1/dev/kvm"
fi
mount --rbind /sys "$1/sys"
mount -t proc proc "$1/proc"
mount -t tmpfs -o mode=0755 none "$1/run"
cd "$1"
pivot_root . mnt
umount --lazy /mnt
exec sh -ec "$2"
"""


@pytest.fixture(params=["bookworm", "trixie"])
def debian(request: pytest.FixtureRequest) -> Iterator[Path]:
    """The root file system of a fresh Debian with Python, git, sudo and what exercises type, and the kit in a home."""
    root = Path(f"/var/tmp/labkit-fresh-{request.param}")
    include = "--include=python3,git,sudo,ca-certificates,curl,procps"
    subprocess.run([*ROOT, "mmdebstrap", "--variant=minbase", include, request.param, str(root)], check=True)
    try:
        clone(root / "home/ada/kit", prefix=ROOT)
        lent = [Path("/etc/resolv.conf"), Path(CERTIFICATES)]
        scripts = [(script, root / "tmp") for script in SCRIPTS]
        for file, place in [*scripts, *((file, root / str(file)[1:]) for file in lent)]:
            subprocess.run([*ROOT, "cp", "--dereference", str(file), str(place)], check=True)
        yield root
    finally:
        subprocess.run([*ROOT, "rm", "-rf", "--one-file-system", str(root)], check=True)


@pytest.fixture
def network() -> Iterator[list[str]]:
    """Words that run a command in a network of its own, with a way out."""
    script = [*ROOT, "env", *(f"{name}={value}" for name, value in SETTINGS.items()), str(REPO / ".ci/netns")]
    subprocess.run([*script, "up"], check=True)
    try:
        yield [*script, "enter"]
    finally:
        subprocess.run([*script, "down"], check=True)


def typed(debian: Path, network: list[str], line: str) -> "subprocess.CompletedProcess[str]":
    """What a line of a shell gave that root typed there, with both outputs in one."""
    unshare = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-ec", _ENTER, "sh", str(debian), line]
    env = {name: value for name, value in os.environ.items() if not name.startswith("XDG_")}
    return subprocess.run(
        [*network, *unshare],
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=1800,
    )


@pytest.mark.long
@pytest.mark.only("docker")
def test_a_fresh_debian_is_set_up_found_fit_and_left_as_it_was(debian: Path, network: list[str]) -> None:
    done = typed(debian, network, "exec sh /tmp/fresh-machine.sh /home/ada/kit")
    assert done.returncode == 0, done.stdout
    assert done.stdout.endswith("fresh machine: all done\n")


@pytest.mark.long
@pytest.mark.only("docker")
@pytest.mark.parametrize("debian", ["bookworm"], indirect=True)
def test_from_a_clone_to_the_first_exercise_passed_in_time(
    debian: Path, network: list[str], record_property: Callable[[str, object], None]
) -> None:
    path = "/usr/sbin:/usr/bin:/sbin:/bin"
    done = typed(debian, network, f"cd /home/ada/kit && HOME=/root PATH={path} exec sh /tmp/first-exercise.sh")
    assert done.returncode == 0, done.stdout
    told = [line for line in done.stdout.splitlines() if line.startswith(("== ", "first exercise: "))]
    record_property("told", "; ".join(told))


# Debian 12 has Compose 1.29, a program of its own; Debian 13 has version 2, a plugin of docker.
@pytest.mark.long
@pytest.mark.only("docker")
@pytest.mark.parametrize(
    ("debian", "compose"), [("bookworm", "docker-compose"), ("trixie", "docker compose")], indirect=["debian"]
)
def test_the_demo_on_containers_does_the_whole_thing_on_a_fresh_debian_and_its_lab_works_by_hand(
    debian: Path, compose: str, network: list[str]
) -> None:
    # On containers: in a root file system that is not this computer's own, machines were not tried.
    path = "/usr/sbin:/usr/bin:/sbin:/bin"
    done = typed(debian, network, f"cd /home/ada/kit && HOME=/root PATH={path} exec sh /tmp/first-demo.sh")
    assert done.returncode == 0, done.stdout
    assert "Every worker was destroyed without warning, and nothing that was acknowledged is gone:\n" in done.stdout
    assert done.stdout.endswith(f"first demo: done by hand with {compose}\n")
