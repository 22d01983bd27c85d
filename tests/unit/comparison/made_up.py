"""A report for tests of what is shown, with every state that a cell can be in.

None of its values was measured: they are drawn by chance around made-up ones.
"""

import random
from collections.abc import Mapping, Sequence

from lab.comparison import sheet
from lab.comparison.catalogue import ROWS, RowSpec
from lab.comparison.report import Cell, Column, Prediction, Report, RowResult

MADE_UP = "None of these values was measured: they were made up to test this page."
BARE, BOX, COLD, WARM = "bare", "docker", "vagrant-cold", "vagrant-warm"

_FROM = {
    **{"worker build": "0123456789abcdef", "other builds": "01234567"},
    **{"topology": "89abcdef", "app": "fedcba98"},
}
_HOST = {
    **{"engine": "none, a folder in place of an image (chroot)", "kernel": "6.18.44", "storage": "ext4"},
    **{"network": "this computer's own", **_FROM},
}
_MADE = {"host kernel": "6.18.44", **_FROM}
_ENGINE = {"engine": "Docker 26.1.5+dfsg1", "storage": "overlay2", "network": "bridge", **_MADE}
_MACHINES = {
    **{"engine": "Vagrant 2.3.7, libvirt 11.3.0, QEMU 10.0.2", "accelerator": "TCG", "disk cache": "writeback"},
    **{"processors": "1", "network": "virtio, NAT", **_MADE},
}


def _column(key: str, title: str, settings: dict[str, str], otherwise: dict[str, str] | None = None) -> Column:
    return Column(key=key, title=title, substrate=key.partition("-")[0], settings={**settings, **(otherwise or {})})


COLUMNS = (
    Column(key=BARE, title="Bare process", settings=_HOST),
    _column(BOX, "Docker container", _ENGINE),
    _column(COLD, "Vagrant VM, cold", _MACHINES),
    _column(WARM, "Vagrant VM, warm", _MACHINES),
)
TUNED = (
    _column("docker-unfiltered", "Docker container, no seccomp filter", _ENGINE, {"seccomp": "unconfined"}),
    _column("vagrant-two-cpus", "Vagrant VM, two processors", _MACHINES, {"processors": "2"}),
    _column("vagrant-no-cache", "Vagrant VM, disks without this computer's cache", _MACHINES, {"disk cache": "none"}),
)
# Of a bare process, a container, a machine from nothing, a woken one; None: not measured.
_PHASES: Mapping[str, Sequence[float | None]] = {
    "start-tool": (0, 0.08, 6.1, 0.4),
    "start-create": (0, 0.35, 1.2, 0.5),
    "start-boot": (0.02, 0.02, 9.4, 1.1),
    "start-source": (0.21, 0.24, 1.6, 0.9),
    "start-ready": (0.45, 0.55, 2.9, 1.2),
    "start-service": (None, 0.21, 0.4, 0.4),
}
_FIGURES: Mapping[str, Sequence[float | None]] = {
    **_PHASES,
    "start": [sum(values[n] or 0 for values in _PHASES.values()) for n in range(4)],
    "stop": (0.05, 0.31, 2.4, 1.9),
    "restart": (None, 1.2, 19.3, None),
    "destroy": (None, 0.1, 1.1, 1.2),
    "replace": (None, 2.1, 23, 6.2),
    "replace-failed": (None, 2, 3, 0),
    "memory": (71e6, 74e6, 398e6, None),
    "memory-more": (52e6, 55e6, 391e6, None),
    "disk-image": (362e6, 362e6, 611e6, None),
    "disk-more": (0, 41e3, 8.2e6, None),
    "disk-shared": (362e6, 362e6, 611e6, None),
    "requests": (None, 574, 96, None),
    "p50": (None, 6.1e-3, 41e-3, None),
    "p99": (None, 14e-3, 0.19, None),
    "requests-direct": (611, 598, 101, None),
    "p50-direct": (5.1e-3, 5.8e-3, 39e-3, None),
    "p99-direct": (9e-3, 13e-3, 0.17, None),
    "hash": (1.41e9, 1.4e9, 88e6, None),
    "syscalls": (4.1e6, 3.9e6, 2.2e5, None),
    "round-trip": (41e-6, 52e-6, 1.9e-3, None),
    "fsync-scratch": (410, 395, 880, None),
    "fsync-drive": (None, 390, 71, None),
    "density": (None, 26, 5, None),
    "provision-first": (None, 21, 212, None),
    "provision-again": (None, 12, 96, None),
    "durability": (None, 0, 41, None),
}
_SAID = {
    "isolation-kernel": ("6.18.44", "6.18.44, this computer's own", "6.12.41+deb13-cloud-amd64"),
    "isolation-capabilities": (
        "all",
        "cap_chown, cap_dac_override, cap_fowner, cap_setgid, cap_setuid, cap_net_bind_service, cap_kill",
        "all",
    ),
    "isolation-devices": ("87, disks: vda, vdb, loop0 to loop7", "14, no disk", "61, disks: vda, vdb"),
}
_WOKEN = "once it is awake, it is the machine that was made from nothing: see there"


def report(*, tuned: bool = False, fast_runs: int = 20) -> Report:
    """A whole comparison; the same one at each call."""
    columns = (*COLUMNS, *TUNED) if tuned else COLUMNS
    chance = random.Random(6)
    return Report(
        schema_version=1,
        made_at="2026-11-26T15:04:05Z",
        host={
            **{"system": "debian 13, Linux 6.18.44", "processor": "2 cores, AMD EPYC", "memory": "24 GiB"},
            **{"commit": "0123abc", "load": "0.4"},
        },
        notes=(
            MADE_UP,
            "The machines were emulated (TCG), without KVM: their figures of the processor show emulation.",
        ),
        columns=columns,
        rows=tuple(_row(chance, spec, columns, fast_runs) for spec in ROWS),
        predictions=(
            Prediction(row="start", column=BOX, guess=5),
            Prediction(row="start", column=COLD, guess=20),
            Prediction(row="memory", column=COLD, guess=4e9),
            Prediction(row="restart", column=WARM, guess=3),
            Prediction(row="requests-direct", column=BOX, guess=100),
        ),
        complete=False,
    )


def _row(chance: random.Random, spec: RowSpec, columns: Sequence[Column], fast_runs: int) -> RowResult:
    cells: dict[str, Cell] = {}
    for n, column in enumerate(columns):
        kind = n if n < 4 else 1 if column.substrate == "docker" else 2
        runs = fast_runs if kind < 2 else 5
        cells[column.key] = _cell(chance, spec, kind, runs) or _odd(chance, spec, column.key, kind)
    return sheet.row_of(spec, cells)


def _cell(chance: random.Random, spec: RowSpec, kind: int, runs: int) -> Cell | None:
    """An ordinary cell; None for those that are not."""
    if (spec.name, kind) in _ODD:
        return None
    if spec.kind == "words":
        return (
            Cell(state="measured", text=_SAID.get(spec.name, ("yes", "no", "yes"))[min(kind, 2)])
            if kind < 3
            else _none(_WOKEN)
        )
    value = _FIGURES[spec.name][kind]
    return _none(_WOKEN if kind else "it stands beside the lab") if value is None else _measured(chance, value, runs)


_ODD = {("memory", 0), ("start", 3), ("memory", 2), ("stop", 3), ("requests", 1), ("density", 1), ("isolation-root", 2)}


def _odd(chance: random.Random, spec: RowSpec, column: str, kind: int) -> Cell:
    value = _FIGURES.get(spec.name, (0, 0, 0, 0))[kind] or 0
    match spec.name:
        case "start" | "memory" if kind:
            return _measured(chance, value, 5).model_copy(update={"noisy": True})
        case "stop":
            reason = "worker-1 was still there 60 s after it was told to stop; it was seen last as stopping"
            return Cell(state="failed", reason=reason, samples=(1.7, 1.9), loads=(0.4, 0.5))
        case "isolation-root":
            return Cell(state="failed", reason="ssh: connect to host 192.168.122.14 port 22: Connection timed out")
        case "requests":
            return _measured(chance, value, 5).model_copy(update={"noisy": True})
        case "density":
            note = f"{column}: counted up to 16 workers, computed beyond, within 2 GB"
            return _measured(chance, value, 3).model_copy(update={"extrapolated": True, "note": note})
    return _none("needs root")


def _none(reason: str) -> Cell:
    return Cell(state="not measured", reason=reason)


def _measured(chance: random.Random, value: float, runs: int) -> Cell:
    drawn = tuple(value * chance.lognormvariate(0, 0.06) for _ in range(runs))
    return Cell(state="measured", samples=drawn, loads=tuple(0.4 for _ in drawn))
