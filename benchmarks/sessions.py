"""What is measured on each substrate: one lab, brought up and removed, with all that is asked of it in between."""

import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks import naive
from benchmarks.interleaved import Case, Report, Row, Samples, interleaved
from benchmarks.runs import LAB, clear_containers, commands, compose, deadline, lab, plain, worker_alone
from lab.comparison import belongings
from lab.flows import deployment
from lab.host import paths, processes
from lab.host.run import run


@dataclass(frozen=True)
class Repeats:
    """How often each kind of row is measured; `naive` is left out where it is 0."""

    commands: int
    worker: int
    up: int
    naive: int
    warm_up: int


STANDARD = {
    "docker": Repeats(commands=20, worker=20, up=10, naive=3, warm_up=1),
    "vagrant": Repeats(commands=10, worker=5, up=3, naive=1, warm_up=0),
}
QUICK = {
    "docker": Repeats(commands=3, worker=3, up=2, naive=0, warm_up=1),
    "vagrant": Repeats(commands=2, worker=1, up=1, naive=0, warm_up=0),
}


def measure(substrate: str, repeats: Repeats, report: Report) -> Iterator[Mapping[Row, Samples]]:
    """The samples of a substrate's rows so far, after each run. Artefacts are built before; the lab is removed."""
    lab("build", substrate)
    lab("up", substrate, "--name", LAB)
    try:
        with _kept(substrate) as kept:
            yield from interleaved(commands(substrate), repeats.commands, report, warm_up=1)
            yield from interleaved([worker_alone(substrate)], repeats.worker, report, warm_up=repeats.warm_up)
            yield from interleaved(_ups(substrate, kept, repeats), repeats.up, report, warm_up=repeats.warm_up)
    finally:
        lab("destroy", substrate, "--volumes", "--yes", "--name", LAB)


@contextmanager
def _kept(substrate: str) -> Iterator[Path]:
    """A copy of what the engine reads: `lab up` writes its own anew."""
    with tempfile.TemporaryDirectory() as folder:
        kept = Path(folder) / "kept"
        shutil.copytree(paths.lab(LAB) / substrate, kept, ignore=shutil.ignore_patterns(".vagrant"))
        yield kept


def _ups(substrate: str, kept: Path, repeats: Repeats) -> list[Case]:
    """The whole lab: as the kit does it, by hand from the same files, and the naive way."""
    cases = {"docker": _docker_ups, "vagrant": _vagrant_ups}[substrate](kept, repeats.naive)
    return cases if repeats.naive else cases[:2]


def _docker_ups(kept: Path, naive_at_most: int) -> list[Case]:
    def clear() -> None:
        clear_containers(deployment.load(LAB, "docker"))

    def ours() -> Mapping[Row, float]:
        clear()
        return _ours("docker")

    def by_hand() -> Mapping[Row, float]:
        clear()
        argv = [*compose(), "-f", str(kept / "compose.yaml"), "up", "-d"]
        return {Row("compose up of the rendered file"): plain(argv, kept, "docker")}

    return [Case("lab up", ours), Case("compose up", by_hand), naive.docker(kept, naive_at_most)]


def _vagrant_ups(_kept: Path, naive_at_most: int) -> list[Case]:
    folder = paths.lab(LAB) / "vagrant"

    def clear() -> None:
        # As Vagrant does it, which leaves its own notes in order; the network stays, since Vagrant does not make it.
        run(["vagrant", "destroy", "-f"], by=deadline(), cwd=folder)

    def ours() -> Mapping[Row, float]:
        clear()
        return _ours("vagrant")

    def by_hand() -> Mapping[Row, float]:
        clear()
        argv = ["vagrant", "up", "--no-tty"]
        return {Row("vagrant up of the rendered file"): plain(argv, folder, "vagrant")}

    # The naive worker stands in a running lab, so it comes after one that is up.
    return [Case("lab up", ours), Case("vagrant up", by_hand), naive.vagrant(naive_at_most)]


def _ours(substrate: str) -> Mapping[Row, float]:
    """`lab up` where only the store's data is left, and the memory that the lab takes right after."""
    took = lab("up", substrate, "--name", LAB)
    memory = processes.pss_mb(belongings.of_lab(deployment.load(LAB, substrate)))
    return {Row(f"lab up {substrate}"): took, Row(f"memory of the lab on {substrate}", "MB"): memory}
