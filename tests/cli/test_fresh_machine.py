"""Setup, doctor and undo as a normal user with sudo on a fresh Debian 12 and 13, with engines of its own."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.clone import REPO, clone

CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"
# The network, and what pip reads.
SETTINGS = {"LAB_NETNS": "labkit-fresh", "LAB_NETNS_NETWORK": "169.254.80", "PIP_CERT": CERTIFICATES}
# A root file system with devices of its own, and a network: only root makes these.
ROOT = () if os.geteuid() == 0 else ("sudo", "-n")
_ENTER = """
mount --rbind /dev "$1/dev"
mount --rbind /sys "$1/sys"
mount -t proc proc "$1/proc"
mount -t tmpfs -o mode=0755 none "$1/run"
exec chroot "$1" sh /tmp/fresh-machine.sh /home/ada/kit
"""


@pytest.fixture(params=["bookworm", "trixie"])
def debian(request: pytest.FixtureRequest) -> Iterator[Path]:
    """The root file system of a fresh Debian with Python, git and sudo, and the kit in a home."""
    root = Path(f"/var/tmp/labkit-fresh-{request.param}")
    include = "--include=python3,git,sudo,ca-certificates"
    subprocess.run([*ROOT, "mmdebstrap", "--variant=minbase", include, request.param, str(root)], check=True)
    try:
        clone(root / "home/ada/kit", prefix=ROOT)
        script, *lent = REPO / "tests/cli/fresh-machine.sh", Path("/etc/resolv.conf"), Path(CERTIFICATES)
        for file, place in [(script, root / "tmp"), *((file, root / str(file)[1:]) for file in lent)]:
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


@pytest.mark.long
@pytest.mark.only("docker")
def test_a_fresh_debian_is_set_up_found_fit_and_left_as_it_was(debian: Path, network: list[str]) -> None:
    unshare = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-ec", _ENTER, "sh", str(debian)]
    done = subprocess.run(
        [*network, *unshare],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=1800,
    )
    assert done.returncode == 0, done.stdout
    assert done.stdout.endswith("fresh machine: all done\n")
