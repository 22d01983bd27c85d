"""A bare process: a worker's own files and start script on this computer's kernel, against the store of a running lab.

A folder takes the place of an image, and a view of its own on the mounts that of a fence: nothing hides others from the
process, and nothing bounds it unless it is put under a `quota`. It answers on this computer's address in the lab's
network alone.
"""

import ipaddress
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from lab.comparison.columns import Place, Way
from lab.comparison.probes.base import Ground
from lab.flows import artefacts, readiness
from lab.flows.deployment import Deployment
from lab.host import children, computer, http, paths, processes
from lab.host.run import run, tail
from lab.host.wait import await_until
from lab.model.deadline import Deadline
from lab.model.errors import LabError
from lab.model.node import Role
from lab.model.plan import WORKER_PORT
from lab.provision import rootfs
from lab.substrates.base import LendsDrive, Reach

NEEDS_ROOT = "needs root"
_UID = "64000"
_UNPACK = ("tar", "--extract", "--numeric-owner", "--same-owner", "--same-permissions", "--exclude=./dev/*")
_PATH = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}
# $0 the tree, $1 the drive, $2 a folder of this computer's disk.
_FENCE = f"""
set -eu
root=$0 drive=$1 scratch=$2
shift 2
mount -t proc proc "$root/proc"
mount -t tmpfs -o uid={_UID},gid={_UID},mode=0755,size=64m tmpfs "$root/run"
mount -t tmpfs -o mode=1777,size=64m tmpfs "$root/tmp"
mount --rbind /dev "$root/dev"
mount --bind "$drive" "$root/srv/drive"
mount --bind "$scratch" "$root/mnt"
exec chroot --userspec={_UID}:{_UID} "$root" "$@"
"""
_START = "/usr/local/lib/lab/worker"
SCRATCH = "/mnt"
_END_S, _FREE_S, _LOOK_S, _OFTEN_S = 60.0, 10.0, 0.5, 0.01


def impossible(place: Place) -> str | None:
    """Why there can be no bare process in this column; None where there can, and in the columns of all others."""
    return NEEDS_ROOT if place.way is Way.BARE and os.geteuid() != 0 else None


def prepare(ground: Ground, by: Deadline) -> None:
    """In a bare process's column, unpacks the worker's root file system, once: what an image is for a container."""
    tree = _tree(ground)
    if ground.place.way is not Way.BARE or tree.exists():
        return
    lab = ground.deployment()
    made = rootfs.find(artefacts.layer(lab.substrate, Role.WORKER, lab.deployed.topology.versions))
    part = ground.scratch / "part"
    ground.report("unpacking the root file system of a worker")
    run(["rm", "-rf", "--one-file-system", "--", str(part)], by=by)
    part.mkdir(parents=True)
    run([*_UNPACK, f"--file={made.tar}", f"--directory={part}"], by=by, where=str(part))
    part.rename(tree)


def size(ground: Ground, by: Deadline) -> int:
    """What the tree takes on the disk, in bytes."""
    return computer.allocated([_tree(ground)], by)


def _tree(ground: Ground) -> Path:
    return ground.scratch / "tree"


@dataclass(frozen=True)
class Bare:
    """A bare process that was started at `asked_s`, in seconds since the boot: until then it waited for that word, and
    what follows, its fence too, it does itself. `url` is its own door. The load balancer of its lab looks at a worker
    every `looks_s` seconds."""

    process: "subprocess.Popen[bytes]"
    name: str
    url: str
    asked_s: float
    log: Path
    looks_s: float

    def await_ready(self, by: Deadline) -> None:
        """Returns once its own door says that it is ready. Raises LabError, with its last words, where it ended."""

        def probe() -> str | None:
            if self.process.poll() is not None:
                last = tail(self.log.read_text(errors="replace"), "")
                message = f"{self.name} ended with status {self.process.returncode}\n{last}"
                raise LabError(message, where="this computer", mend="read the output above")
            return readiness.refusal(self.url, http.get(f"{self.url}/readyz", by.at_most(_LOOK_S, "one look")))

        await_until(probe, by, what=f"{self.name} becoming ready", mend="measure it again", every_s=_OFTEN_S)

    @property
    def reach(self) -> Reach:
        """How to run a command where it runs, as its user."""
        return self._reach(["--setgid", _UID, "--setuid", _UID])

    @property
    def root(self) -> Reach:
        """The same as root."""
        return self._reach([])

    def _reach(self, user: Sequence[str]) -> Reach:
        prefix = ("nsenter", f"--target={self.process.pid}", "--mount", "--root", "--wd", *user, "--")
        return Reach(prefix, prefix, is_remote_shell=False, testinfra=f"local://{self.name}")

    def pids(self) -> frozenset[int]:
        """Its processes."""
        return frozenset(processes.family(self.process.pid))

    def stop(self, by: Deadline) -> None:
        """Asks it to end, and returns when it has. It drains first, until somebody has looked twice: so we do, as
        seldom as a load balancer, whose next look is half of the time between two away on average."""
        self.process.send_signal(signal.SIGTERM)
        due_s = time.monotonic() + self.looks_s / 2

        def probe() -> str | None:
            nonlocal due_s
            if self.process.poll() is not None:
                return None
            if time.monotonic() >= due_s:
                due_s += self.looks_s
                http.get(f"{self.url}/readyz", by.at_most(_LOOK_S, "one look"))
            return "it still runs"

        end = by.at_most(_END_S, f"{_END_S:g} s")
        await_until(probe, end, what=f"the end of {self.name}", mend="read its log", every_s=_OFTEN_S)


@contextmanager
def running(ground: Ground, by: Deadline, number: int = 1) -> Iterator[Bare]:
    """A bare worker that was just started; it is ended without warning after the block. `number` sets two apart."""
    lab, name = ground.deployment(), f"bare-{number}"
    url, told = door(lab, name, WORKER_PORT + number - 1)
    scratch = ground.scratch / f"own-{number}"
    scratch.mkdir(exist_ok=True)
    os.chown(scratch, int(_UID), int(_UID))
    fence = ["unshare", "--mount", "--", "sh", "-c", _FENCE]
    argv = [*fence, str(_tree(ground)), str(_drive(lab, by)), str(scratch), _START]
    environment = {**_PATH, **lab.plan.workers()[-1].env, **told}
    log = ground.scratch / f"{name}.log"
    looks_s = lab.deployed.topology.loadbalancer.check_interval_ms / 1000
    with _recorded(lab.lab, argv, environment, log) as (process, asked_s):
        yield Bare(process, name, url, asked_s, log, looks_s)


def door(lab: Deployment, name: str, port: int = WORKER_PORT) -> tuple[str, dict[str, str]]:
    """The address of a worker of this name on this computer's own network, and what tells it that by its environment.

    It answers at this computer's address in the lab's network alone. Raises LabError where somebody else does.
    """
    gateway = str(ipaddress.IPv4Network(lab.plan.subnet)[1])
    _check_free(gateway, port)
    told = {"LAB_NODE": name, "LAB_PORT": str(port), "GUNICORN_CMD_ARGS": f"--bind={gateway}:{port}"}
    return f"http://{gateway}:{port}", told


@contextmanager
def _recorded(
    lab: str, argv: Sequence[str], environment: dict[str, str], log: Path
) -> "Iterator[tuple[subprocess.Popen[bytes], float]]":
    """Runs it in a group of its own; killed, we leave a note of it, by which the lab's next verb ends it."""
    with children.kept_in(paths.lab(lab) / "children"), closing(children.Gate()) as gate, log.open("wb") as said:
        process = subprocess.Popen(
            [*gate.prefix, *argv],
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
            env=environment,
            start_new_session=True,
            pass_fds=gate.fds,
        )
        try:
            with children.recorded(process.pid, argv):
                asked_s = processes.now_s()
                gate.open()
                yield process, asked_s
        finally:
            # Not its leader alone: who is left for a moment has its port.
            children.end_tree(process.pid, Deadline.after(_END_S, f"{_END_S:g} s"))
            process.wait()


def _drive(lab: Deployment, by: Deadline) -> Path:
    if not isinstance(lab.substrate, LendsDrive):
        mend = "leave the bare process out"
        raise LabError("its drive is no folder of this computer", where=lab.plan.substrate, mend=mend)
    return lab.substrate.drive(lab.lab, by)


def _check_free(address: str, port: int) -> None:
    """Who was killed a moment ago may still have it."""

    def probe() -> str | None:
        with socket.socket() as door:
            door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                door.bind((address, port))
            except OSError as error:
                return str(error.strerror)
        return None

    by = Deadline.after(_FREE_S, f"{_FREE_S:g} s")
    await_until(probe, by, what=f"port {port} of {address} being free", mend="end the program that uses it")
